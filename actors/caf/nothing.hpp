// What an actor's function takes that needs no argument.

#pragma once

namespace raft::actors {

/// The argument of an actor's function that has no other. Where a function is
/// spawned without any, CAF 0.17 makes a reference of a null pointer, which is
/// undefined behavior.
struct nothing {};

} // namespace raft::actors
