// Loads many pairs with many commands outstanding at once.

#pragma once

#include <raft/messages/client.hpp>
#include <raft/tools/lib/tsv.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace raft::tools {

/// Hands a command over for execution. The callback is called exactly once, by
/// any thread, within a bounded time.
using submit_function
  = std::function<void(bytes, std::function<void(executed)>)>;

/// A pair that was not acknowledged.
struct load_failure {
  /// In the file, from 1.
  std::size_t line = 0;
  std::string key;
  verdict why;
};

struct load_result {
  std::size_t acknowledged = 0;
  /// Pairs that were never submitted, because loading ends at the first
  /// failure.
  std::size_t skipped = 0;
  /// By line.
  std::vector<load_failure> failures;
  std::chrono::duration<double> elapsed{0};
  /// The longest time in which pairs were outstanding and none was
  /// acknowledged. When a leader is lost, this is what a client sees of it.
  std::chrono::duration<double> longest_gap{0};
};

struct load_options {
  /// How many pairs may be without an answer at once, at least 1.
  std::size_t outstanding_max = 256;
  /// How many pairs a second to submit at most; 0 for no limit.
  double per_second_max = 0;
  /// Called now and then, by the thread that called `load`.
  std::function<void(std::size_t acknowledged,
                     std::chrono::duration<double> elapsed)>
    on_progress = [](auto&&...) {};
};

/// Puts all pairs. Pairs with the same key take effect in their order. Ends
/// when all that was submitted is answered.
load_result load(const std::vector<key_value>& pairs,
                 const submit_function& submit, const load_options& options);

/// How it ended, worst first: unknown, then unreachable, then usage.
exit_code judge(const load_result& x);

/// What was not loaded, and what to do; for people.
/// @pre There are failures.
std::string advice(const load_result& x);

} // namespace raft::tools
