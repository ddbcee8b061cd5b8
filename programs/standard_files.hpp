// Standard input, output and error that are closed when a program starts.

#pragma once

namespace raft::programs {

/// Takes the places of those of the descriptors 0, 1 and 2 that are closed,
/// with /dev/null. Otherwise the next file that the program opens, a database
/// perhaps, would be one of them, and what is printed would be written into it.
/// They are opened the wrong way round: who uses one gets an error, as if it
/// were closed.
///
/// Call this first of all. Ends the process with exit code 1 if there is
/// neither /dev/null nor anything else to open.
void fill_standard_files() noexcept;

} // namespace raft::programs
