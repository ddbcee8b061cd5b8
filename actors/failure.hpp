// What happens when an actor finds that it cannot continue.

#pragma once

#include <functional>
#include <string>

namespace raft::actors {

/// Told why a peer cannot continue: its store failed, or its state machine
/// threw. Called in the context of the actor that failed, so it must not wait
/// for any actor of the same system.
///
/// A store that failed must not be used any further: what is on the disk is not
/// known until it is opened again. Servers log the reason and end the process.
using failure_handler = std::function<void(const std::string&)>;

/// Writes the reason to stderr and aborts the process: the default.
void abort_on_failure(const std::string& reason);

} // namespace raft::actors
