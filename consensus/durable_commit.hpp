// What a peer may build upon forever.

#pragma once

#include <raft/consensus/core.hpp>

#include <algorithm>

namespace raft::consensus {

/// Last entry that is committed and on this peer's own disk. Never goes back,
/// unlike all that is durable: what is not committed may be replaced, and then
/// the disk takes a while to have what replaced it. So a state machine may only
/// checkpoint effects up to here.
inline log_index durable_commit(const core& x) noexcept {
  return std::min(x.log().durable(), x.commit());
}

/// Whether more of what was handed out is that than somebody knows, who may
/// need it to free memory, and apply nothing until then.
inline bool is_more_durable(const core& x, log_index told) noexcept {
  return durable_commit(x) > told && x.handed_out() > told;
}

} // namespace raft::consensus
