// What must be true of all peers together, always.

#pragma once

#include <raft/simulation/virtual_peer.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace raft::simulation {

/// The safety properties of Raft (paper, figure 3), checked from outside with
/// knowledge that no peer has.
class safety_checker {
public:
  /// @param peers How many found the cluster; their ids come first.
  /// @param spares How many may join.
  safety_checker(std::size_t peers, std::size_t spares);

  /// The cluster begins with a log, all of which counts as committed.
  void inherit(const std::vector<peer_id>& founders,
               const std::vector<entry>& log);

  /// Forgets what belonged to the process of a peer that starts again.
  void process_started(const virtual_peer& peer);

  /// Checks the peer that just made a step against all that was seen before.
  /// @throws violation
  void after_step(const virtual_peer& peer,
                  const std::vector<virtual_peer>& all, consensus::instant now);

  /// Checks that what was committed is still on the disks of a majority. To be
  /// called when a disk has changed or a process has ended.
  /// @throws violation
  void check_disks(const std::vector<virtual_peer>& all) const;

  /// Checks that what a client was told to be committed is.
  /// @throws violation
  void acknowledged(const log_position& x) const;

  /// Somebody took all that the disk of a peer held. That peer may have been
  /// one of those that made up a majority.
  void disk_was_lost(peer_id who) {
    lost_.insert(who);
  }

  /// How many entries were committed so far.
  std::size_t committed() const noexcept {
    return committed_.size();
  }

  /// How many terms had a leader so far.
  std::size_t terms_led() const noexcept {
    return leaders_.size();
  }

private:
  struct of_peer {
    std::uint64_t process = 0;
    std::vector<term_number> terms; // of its log, as of its last step
    log_index commit;
    log_index compacted;
    std::size_t applied = 0;
    bool led = false;
    /// Up to where it was looked at who the members were.
    log_index members;
  };

  /// An entry, the term of the one before it, and when it was appended first.
  struct origin {
    entry what;
    term_number previous;
    consensus::instant when;
  };

  /// A committed entry's term, and the lowest one in which some peer knew it to
  /// be committed.
  struct commitment {
    term_number term;
    term_number known_in;
  };

  void check_election(const virtual_peer& peer, of_peer& known);
  void check_log(const virtual_peer& peer, of_peer& known,
                 consensus::instant now);
  void take_snapshot_for(const virtual_peer& peer, of_peer& known) const;
  void check_time(const origin& x) const;
  void check_commit(const virtual_peer& peer, of_peer& known,
                    const std::vector<virtual_peer>& all);
  void check_members(const virtual_peer& peer, of_peer& known);
  void check_applied(const virtual_peer& peer, of_peer& known);
  void check_lease(const consensus::core& x) const;
  bool has_all_committed(const consensus::core& x) const;

  std::set<peer_id> lost_; // whose disks were lost
  std::vector<of_peer> peers_; // peer 1 is at 0
  std::map<term_number, std::pair<peer_id, std::uint64_t>> leaders_;
  std::map<std::pair<log_index, term_number>, origin> entries_;
  std::vector<commitment> committed_; // of the entries 1, 2, ...
  /// Those that were committed, by the index of their entry.
  std::map<log_index, membership> members_;
  /// Those whose majority has committed the last of them, and those that were
  /// in force at the end of that step.
  membership deciding_;
  membership next_deciding_;
};

} // namespace raft::simulation
