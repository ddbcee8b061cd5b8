// What must be true of a core after every input, as code.

#pragma once

#include <raft/consensus/core.hpp>

#include <optional>
#include <string>

namespace raft::consensus {

/// Watches one core. Compares it with itself (commit within the log, match
/// below next, ...) and with how it was at the last check (term, commit and
/// applied never go back; a vote does not change within a term; a leader never
/// rewrites its log, paper section 5.3, ...).
class invariant_checker {
public:
  /// @returns the first violation as a plain sentence, or nothing.
  std::optional<std::string> check(const core& x);

private:
  struct snapshot {
    term_number term;
    peer_id vote;
    peer_role role = peer_role::follower;
    log_index commit;
    log_index handed_out;
    log_index applied;
    log_position last;
    log_position committed;
  };

  std::optional<snapshot> before_;
};

} // namespace raft::consensus
