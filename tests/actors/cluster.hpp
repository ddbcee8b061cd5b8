// Three peers in one process, on real actors.

#pragma once

#include "support.hpp"
#include <raft/actors/spawn.hpp>
#include <raft/consensus/note.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

namespace raft::test {

/// Where a cluster stands.
struct environment {
  const char* name;
  /// Stores in LMDB, in a directory that is removed at the end, or in memory.
  bool on_disk = false;
  /// Peers in the middleman's thread, or on the scheduler.
  bool in_middleman = false;
};

inline std::ostream& operator<<(std::ostream& out, const environment& x) {
  return out << x.name;
}

/// What peers decided, and a way to wait for more of it.
class note_board {
public:
  /// Takes a peer's notes; whatever else it tells goes to `rest`.
  events::sink of(peer_id id, event_log& rest);

  /// How often a peer told this.
  std::size_t count(peer_id id, consensus::note_kind kind) const;

  /// Waits a moment, less if there is news.
  void pause();

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<peer_id, consensus::note_kind>, std::size_t> counts_;
  std::size_t news_ = 0;
};

/// Collects what one subscription delivers, and gives credit for it.
class collector {
public:
  collector(caf::actor_system& system, const actors::peer_actor& peer,
            bool gives_credit = true);

  const actors::subscriber_actor& handle() const {
    return handle_;
  }

  /// Everything delivered so far.
  std::vector<entry> entries() const;

  /// The commands among them, in a row.
  std::string commands() const;

  /// How many bytes of entries the largest delivery had.
  std::size_t largest() const;

private:
  struct basket;

  std::shared_ptr<basket> basket_;
  actors::subscriber_actor handle_;
};

/// Three peers that can be stopped, started again and cut off.
class cluster {
public:
  explicit cluster(const environment& where);
  ~cluster();

  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  /// For all peers spawned from now on.
  consensus::settings settings;
  actors::peer_bounds bounds;
  bool bootstrap = true;
  machine::state_machine_factory machine;
  /// If given, in place of a class.
  actors::machine_actor_factory machine_actor;
  std::chrono::milliseconds checkpoint_after = actors::checkpoint_after_default;
  base::clocks time;
  /// Whether peers keep snapshots.
  bool snapshots = false;
  /// At what rate.
  std::uint64_t snapshot_rate = actors::snapshot_bytes_per_second_default;

  // -- peers ------------------------------------------------------------------

  void spawn(std::uint64_t id);
  void spawn_all();

  /// Sees to it that of all peers spawned from now on none campaigns before the
  /// test is over, however busy the machine is, unless it is told to.
  void keep_calm();

  /// Has a calm peer campaign until it leads, which needs the others to be
  /// without a leader.
  /// @param alarms How many alarms it can have set until now: a few, unless it
  ///        has led, which sets one for each heartbeat. If they are more, it
  ///        takes longer.
  /// @returns the leader.
  std::uint64_t elect(std::uint64_t id, std::uint64_t alarms = 20);

  /// Sets the clock of a calm peer ahead, by more than its election timeout.
  void set_ahead(std::uint64_t id);

  /// Spawns all, calm ones, and has one elected.
  /// @returns the leader.
  std::uint64_t spawn_calm(std::uint64_t leader = 1);

  void stop(std::uint64_t id);
  void stop_all();

  /// Links all peers that run; whoever was linked is linked anew.
  void connect();

  /// Cuts the connections of a peer.
  void isolate(std::uint64_t id);

  const actors::peer_actor& peer(std::uint64_t id) const {
    return peers_.at({id});
  }

  bool runs(std::uint64_t id) const {
    return peers_.count({id}) > 0;
  }

  std::vector<peer_id> running() const;

  // -- questions --------------------------------------------------------------

  /// Asks a peer and waits for the answer, which is no error.
  template <class Answer, class... Ts>
  Answer ask(std::uint64_t id, Ts&&... xs) {
    return ask_handle<Answer>(peer(id), std::forward<Ts>(xs)...);
  }

  template <class Answer, class Handle, class... Ts>
  Answer ask_handle(const Handle& to, Ts&&... xs) {
    Answer result;
    actors::ask(self, to, deadline, std::forward<Ts>(xs)...)
      .receive([&](Answer& x) { result = std::move(x); },
               [&](const caf::error& why) {
                 BOOST_FAIL(std::string{"answered by an error: "}
                            + caf::to_string(why));
               });
    return result;
  }

  peer_state state(std::uint64_t id) {
    return ask<peer_state>(id, get_state{{1}});
  }

  executed execute(std::uint64_t id, const std::string& command) {
    return ask<executed>(id, raft::execute{{1}, {}, bytes{command}});
  }

  /// What a peer's state machine holds.
  std::string journal_of(std::uint64_t id);

  /// Waits until one of the peers leads and all others that run follow it.
  std::uint64_t await_leader();

  /// Executes a command at the leader, whoever that is, until it is committed.
  /// May take effect twice if the leader changes meanwhile.
  executed commit(const std::string& command);

  /// Waits until all peers that run hold this journal.
  bool all_hold(const std::string& journal);

  template <class Condition>
  bool eventually(Condition&& condition,
                  std::chrono::seconds within = deadline) {
    auto end = std::chrono::steady_clock::now() + within;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end)
        return false;
      notes.pause();
    }
    return true;
  }

  note_board notes;
  event_log told;
  environment where;
  std::vector<peer_id> members{{1}, {2}, {3}};
  actors::system_config config;
  caf::actor_system system;
  caf::scoped_actor self;
  /// Stores in memory; made when missing.
  std::map<peer_id, std::shared_ptr<persistence::store>> stores;

  /// Where a peer keeps its snapshots.
  std::string snapshots_of(std::uint64_t id) const {
    return directory_.path("snapshots" + std::to_string(id));
  }

private:
  std::shared_ptr<persistence::store> open(peer_id id);
  void let_campaign(std::uint64_t id, std::uint64_t alarms);

  /// By how much the clocks of calm peers are ahead.
  std::map<peer_id, std::shared_ptr<std::atomic<base::instant>>> ahead_;

  temporary_directory directory_;
  std::map<peer_id, actors::peer_actor> peers_;
};

} // namespace raft::test
