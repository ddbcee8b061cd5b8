// What must be true of a core after every input, as code.

#pragma once

#include <raft/consensus/core.hpp>

#include <map>
#include <optional>
#include <string>

namespace raft::consensus {

/// Watches one core. Compares it with itself (commit within the log, match
/// below next, ...) and with how it was at the last check (term, commit and
/// applied never go back; a vote does not change within a term; a leader never
/// rewrites its log, paper section 5.3, ...).
///
/// A check costs as much as the entries that are new since the last one. Use a
/// fresh checker for the core that follows a restart.
class invariant_checker {
public:
  /// @returns the first violation as a plain sentence, or nothing.
  std::optional<std::string> check(const core& x);

private:
  struct snapshot {
    hard_state hard;
    hard_state durable_hard;
    peer_role role = peer_role::follower;
    peer_id leader;
    log_index handed_out;
    log_index applied;
    log_index applied_durable;
    log_index lowest_match;
    log_index compacted;
    log_position last;
    log_position committed;
    log_position durable;
    log_index durable_run; // where the entries of that term begin
    std::map<peer_id, log_index> matches; // of a leader
    std::map<peer_id, incarnation_id> stores; // that the others are known by
  };

  void expect(bool truth, const char* sentence);

  // How it is.
  void check_indexes(const core& x);
  void check_log(const core& x);
  void check_hard_state(const core& x);
  void check_role(const core& x);
  void check_leader(const core& x, const leader& state);
  void check_progress(const core& x, const leader& state, const progress& y);
  void check_disk(const core& x);
  void check_applying(const core& x);

  // How it changed.
  void check_change(const core& x, const snapshot& old);
  void check_leader_change(const core& x, const snapshot& old);

  static snapshot take(const core& x);

  std::optional<snapshot> before_;
  std::optional<std::string> violation_;
};

} // namespace raft::consensus
