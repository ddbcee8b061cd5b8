// A cluster in virtual time with everything around it that can go wrong.

#pragma once

#include <raft/simulation/judge.hpp>
#include <raft/simulation/random.hpp>
#include <raft/simulation/virtual_peer.hpp>
#include <raft/tests/simulation/plan.hpp>
#include <raft/tests/support/narration.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace raft::test {

using namespace simulation;

/// How often something happened, so that a test can tell that it happens.
struct tally {
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t writes_kept = 0;
  std::uint64_t terms_led = 0;
  std::uint64_t committed = 0;
  std::uint64_t busy = 0;
  std::uint64_t truncations = 0;
  std::uint64_t reads_for_followers = 0;
  std::uint64_t reads_to_apply = 0;
  std::uint64_t late_wakes = 0;
  std::uint64_t dropped_answers = 0;
  std::uint64_t lost_quorums = 0;
  std::uint64_t refused_writes = 0;
  std::uint64_t refused_reserves = 0;
  std::uint64_t disk_full_answers = 0;
  std::uint64_t room_found = 0;
  std::uint64_t compactions = 0;
  std::uint64_t boots_on_state = 0;
  std::uint64_t boots_on_compacted = 0;

  tally& operator+=(const tally& x);
};

/// One run of the simulation. All of it follows from the seed.
class world {
public:
  /// @param tracing Whether to keep a text of what happens (slow).
  explicit world(std::uint64_t seed, bool tracing = false);

  /// Lets faults rage, then takes them away and waits for the cluster to heal.
  /// @throws violation if something happened that must not.
  void run();

  /// Tells runs apart: equal if and (but for collisions) only if all steps
  /// were.
  std::uint64_t hash() const noexcept {
    return hash_;
  }

  const tally& counts() const noexcept {
    return counts_;
  }

  /// What happened, if tracing; the last lines at the end.
  const std::vector<std::string>& trace() const noexcept {
    return trace_;
  }

private:
  using pair = std::pair<peer_id, peer_id>;
  using instant = consensus::instant;

  /// What the world knows of a peer beside the peer itself.
  struct surroundings {
    /// What this peer's clock shows at the beginning of the world.
    instant clock_offset{0};
    /// Counts its processes; what was scheduled for an earlier one is void.
    std::uint64_t process = 0;
    /// Its process stands still until then.
    instant paused_until{0};
    /// Counts its alarms; only the last one rings.
    std::uint64_t alarm = 0;
    bool disk_is_slow = false;
    bool disk_is_full = false;
    bool applying = false;
    /// To whom its process believes to have a connection.
    std::set<peer_id> links;
  };

  // -- time -------------------------------------------------------------------

  void at(instant when, std::function<void()> what);

  /// As `at`, but void if the process of the peer has ended by then, and late
  /// if it stands still.
  void at(instant when, peer_id whom, std::function<void()> what);

  void run_until(instant end);

  // -- steps of peers ---------------------------------------------------------

  /// Gives a peer an input and sees to what comes out.
  consensus::output step(peer_id whom, const char* what,
                         std::function<consensus::output(virtual_peer&)> input);
  void narrate(const virtual_peer& x, portrait& before,
               const consensus::output& out);
  void note_step(const virtual_peer& peer, const char* what,
                 const consensus::output& out);
  void schedule_alarm(peer_id whom);
  void schedule_write(peer_id whom);
  void write(peer_id whom);
  bool finds_room(peer_id whom);
  void schedule_reads(peer_id whom, std::size_t count);
  void schedule_apply(peer_id whom);
  void boot(peer_id whom);
  void crash(peer_id whom);

  // -- network ----------------------------------------------------------------

  void send(const consensus::message& msg);
  bool connected(const pair& way) const;
  void connections_changed(peer_id whom);

  // -- clients and faults (nemesis.cpp) ---------------------------------------

  void client();
  void nemesis();
  void fault_process();
  void fault_network();
  void pause(peer_id whom);
  void cut_in_two();
  void renew_link(const pair& way);
  void take_faults_away();

  // -- the end ----------------------------------------------------------------

  void check_healed();
  void try_last_command(started& answer);
  std::vector<peer_id> leaders() const;

  // -- help -------------------------------------------------------------------

  virtual_peer& peer(peer_id x) {
    return peers_[x.value - 1];
  }

  surroundings& around(peer_id x) {
    return around_[x.value - 1];
  }

  peer_id any_peer();
  void say(const std::string& line);
  void mix(std::uint64_t x) noexcept;

  random random_;
  plan plan_;
  bool tracing_;
  bool faults_ = true;
  instant now_{0};
  std::map<std::pair<instant, std::uint64_t>, std::function<void()>> agenda_;
  std::uint64_t appointments_ = 0;

  std::vector<virtual_peer> peers_; // peer 1 is at 0
  std::vector<surroundings> around_;
  std::map<pair, instant> last_arrival_;
  std::set<pair> cut_; // one way, silently
  std::set<pair> no_link_; // both ways, and both are told
  judge judge_;
  std::uint64_t commands_ = 0;

  std::uint64_t hash_ = 14695981039346656037U;
  tally counts_;
  std::vector<std::string> trace_;
};

} // namespace raft::test
