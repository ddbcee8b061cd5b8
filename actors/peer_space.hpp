// What commands take of the disk of a peer's state machine.

#pragma once

#include <raft/consensus/core.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/entry.hpp>

namespace raft::actors {

/// Tells the core what an entry needs, if that matters now.
inline space_needed space_for(const consensus::core& core,
                              machine::space_estimate estimate, entry_kind kind,
                              const bytes& data) {
  // The record of a session.
  constexpr space_needed little{2 << 10, true};
  if (!core.is_alone())
    return {};
  if (kind == entry_kind::open_session)
    return little;
  return estimate != nullptr ? estimate(data) : space_needed{};
}

} // namespace raft::actors
