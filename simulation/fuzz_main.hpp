// The fuzzer as a program of the user's own.

#pragma once

#include <raft/simulation/workload.hpp>

namespace raft::simulation {

/// The whole `main` of a program that puts a state machine under the fuzzer:
///
///     PROGRAM fuzz [--seeds A..B | --fresh N] [--jobs N] [--save FILE]
///                  [--lines N] [--timeline FILE.html]
///     PROGRAM replay FILE [--lines N] [--timeline FILE.html]
///     PROGRAM replay --seed N [--lines N] [--timeline FILE.html]
///
/// `fuzz` plays all seeds (default: 1..1000; with `--fresh` so many new ones,
/// which it prints) in N threads, up to the first violation. That is shown,
/// made smaller, and saved (default: violation.schedule). `--lines` says how
/// much of what led to it is shown (default: 40; of a replay, all),
/// `--timeline` writes a page of it.
///
/// @returns the exit code: 0; 1 for a violation; 2 for wrong arguments or an
///          unreadable file.
int fuzz_main(const workload& what, int argc, char** argv);

} // namespace raft::simulation
