// Who is told what a peer decides.

#pragma once

#include <raft/consensus/note.hpp>

#include <functional>

namespace raft::actors {

/// Told what the core has to say to people, in the peer's context.
using note_handler = std::function<void(const consensus::note&)>;

} // namespace raft::actors
