// What a scenario stands on: a cluster that it can watch, ask and hurt, in
// virtual or in real time.
//
//   simulated   all in virtual time, in one thread, from one seed
//   actors      CAF actors in this process, LMDB, a faulty network of actors
//   processes   raftd processes that get killed, TCP that gets cut
//
// A scenario is a function on top of this class (through `test_context`, which
// has the words that scenarios share), so it is written once.

#pragma once

#include <raft/messages/client.hpp>
#include <raft/scenarios/commit_record.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace raft::scenarios {

/// Time since the environment was made. Virtual on some environments.
using instant = std::chrono::microseconds;
using duration = std::chrono::microseconds;

/// What not every environment can do.
enum class ability {
  /// Lose and delay single messages: an unreliable network.
  losing_messages,
  /// Let answers overtake each other by seconds.
  long_delays,
  /// Count exchanges.
  counting_exchanges,
  /// Let a peer stand still and go on.
  pausing_peers,
};

/// How the network between connected peers behaves.
struct network_profile {
  /// A request is delayed by up to 26 ms; one of ten is lost, and so is one of
  /// ten answers. Whoever sent it is not told.
  bool unreliable = false;
  /// Two of three answers come 200 to 2199 ms late.
  bool long_delays = false;
};

/// What went over the network. A request is one exchange, whether or not it is
/// answered; also if it is lost, or sent to a peer that is cut off.
struct traffic {
  std::uint64_t exchanges = 0;
  std::uint64_t bytes = 0;
};

/// How to make an environment.
struct environment_options {
  std::size_t peers = 3;
  /// Of all that the environment draws at random. A simulated environment does
  /// the same again with the same seed.
  std::uint64_t seed = 1;
  network_profile network = {};
  /// How many times as long everything takes in real time, heartbeats and
  /// election timeouts included: what a scenario allows for is so much longer,
  /// too. For busy machines. A simulated environment needs none of it.
  unsigned slow_motion = 1;
  /// Whether peers take a snapshot every ten entries or so and drop these, so
  /// that whoever was away gets one. Otherwise they keep all entries.
  bool snapshots = false;
};

/// What the state machine of a peer says.
struct told {
  /// It reflects the entries up to here, and no other.
  log_index applied;
  bytes reply;
};

/// A cluster of peers, numbered from 0, whose state machine is the key-value
/// store. At first all run and are connected.
///
/// Everything happens in the one thread of the scenario: functions given to
/// `after` and `execute` are called, and the commit record grows, only within
/// `run_for` and `wait_until`.
class environment {
public:
  using client_number = std::size_t;

  virtual ~environment();
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

  std::size_t size() const noexcept {
    return peers_;
  }

  /// Says why this kind of environment cannot do something; empty if it can.
  virtual std::string objection_to(ability what) const = 0;

  // -- time -------------------------------------------------------------------

  virtual instant now() const = 0;

  /// Lets time pass. Not to be called by the functions called meanwhile.
  void run_for(duration length);

  /// Lets time pass until a condition holds, asking every `step`.
  /// @returns whether it did, within the limit.
  bool wait_until(duration limit, const std::function<bool()>& condition,
                  duration step = std::chrono::milliseconds{10});

  /// Calls a function in some time from now.
  void after(duration delay, std::function<void()> f);

  // -- peers ------------------------------------------------------------------

  /// Offers commands to a peer that runs, all at once, in this order.
  virtual std::vector<started> start(peer_number who,
                                     const std::vector<bytes>& commands)
    = 0;

  started start(peer_number who, const bytes& command) {
    return start(who, std::vector<bytes>{command}).front();
  }

  /// What a peer that runs says of itself: term, role, log.
  virtual peer_state state(peer_number who) = 0;

  /// Asks the state machine of a peer that runs, as it is.
  virtual told query(peer_number who, const bytes& request) = 0;

  /// All that was committed so far.
  const commit_record& record() const noexcept {
    return record_;
  }

  // -- faults -----------------------------------------------------------------

  /// Cuts the way from one peer to another, in this direction alone, or opens
  /// it again. What is sent meanwhile does not arrive; nobody is told.
  virtual void cut(peer_number from, peer_number to, bool closed) = 0;

  /// Ends a peer in the middle of what it does. What is not on its disk is
  /// lost.
  /// @pre It runs.
  virtual void crash(peer_number who) = 0;

  /// Starts a crashed peer from its disk.
  /// @pre It does not run.
  virtual void restart(peer_number who) = 0;

  virtual bool runs(peer_number who) const = 0;

  /// Lets a peer stand still, or go on.
  /// @pre `objection_to(ability::pausing_peers)` is empty; it runs.
  virtual void pause(peer_number who, bool still) = 0;

  /// For messages that are sent from now on.
  virtual void set_network_profile(const network_profile& x) = 0;

  // -- counters ---------------------------------------------------------------

  /// Everything sent so far, by peers and clients.
  virtual traffic sent() const = 0;

  /// Exchanges whose request reached this peer since it was started last.
  /// @pre `objection_to(ability::counting_exchanges)` is empty.
  virtual std::uint64_t received(peer_number who) const = 0;

  // -- clients ----------------------------------------------------------------

  /// Makes a client with a session of its own, which can reach all peers.
  virtual client_number open_client() = 0;

  /// Says which peers a client can reach.
  virtual void set_reach(client_number who,
                         const std::vector<peer_number>& peers)
    = 0;

  /// Has a command of the state machine executed; the client retries until it
  /// is, or until this environment ends. `done` is called with the result, at
  /// most once.
  virtual void execute(client_number who, bytes command,
                       std::function<void(const executed&)> done)
    = 0;

protected:
  explicit environment(std::size_t peers);

  /// Lets time pass until then, or less if there is something to `collect`.
  virtual void pass(instant until) = 0;

  /// Calls what became due meanwhile: answers and deliveries.
  virtual void collect() = 0;

  commit_record& own_record() noexcept {
    return record_;
  }

private:
  void call_due();

  std::size_t peers_;
  commit_record record_;
  /// Ordered by time; those of the same time in the order given.
  std::multimap<instant, std::function<void()>> timers_;
};

/// The kinds of environment.
enum class environment_kind { simulated, actors, processes };

const char* to_text(environment_kind x);

/// @returns nothing if there is no such environment.
std::optional<environment_kind> environment_of(const std::string& name);

} // namespace raft::scenarios
