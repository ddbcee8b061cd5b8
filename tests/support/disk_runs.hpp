// Runs the same program on a faulty disk again and again, for each call that
// can fail.

#pragma once

#include <raft/tests/support/child_process.hpp>
#include <raft/tests/support/faulty_disk.hpp>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

namespace raft::test {

inline std::string describe(const disk_plan& x) {
  return "fault " + std::to_string(static_cast<int>(x.fault)) + " at call "
       + std::to_string(x.at) + " of kind "
       + std::to_string(static_cast<int>(x.calls)) + ", seed "
       + std::to_string(x.seed);
}

/// How many seeds to try for each call: RAFT_DISK_SEEDS, or one.
inline std::uint64_t disk_seeds() {
  const auto* text = std::getenv("RAFT_DISK_SEEDS");
  return text != nullptr ? std::stoull(text) : 1;
}

struct disk_run {
  /// The last number that was sent, or 0.
  std::uint64_t acknowledged = 0;
  /// Whether the plan's call was made at all.
  bool happened = false;
};

/// Runs `f`, which may send numbers, in a child process on a faulty disk.
/// @throws std::runtime_error if it ended in another way than planned.
inline disk_run run_on_disk(const disk_plan& plan,
                            const std::function<void(int)>& f) {
  // What `f` sends are small numbers.
  constexpr auto end_mark = std::uint64_t{1} << 63;
  disk_run result;
  child_process child{[&](int out) {
    use_faulty_disk(plan);
    f(out);
    end_faulty_disk();
    send_number(out, end_mark | faulty_disk_calls());
  }};
  auto ended = false;
  while (auto x = child.receive_number()) {
    ended = (*x & end_mark) != 0;
    if (ended)
      result.happened = (*x ^ end_mark) >= plan.at;
    else
      result.acknowledged = *x;
  }
  auto status = child.wait();
  auto deadly
    = plan.fault == disk_fault::kill || plan.fault == disk_fault::power;
  if (!ended) {
    if (!deadly || status != -1)
      throw std::runtime_error{"the child ended early: " + describe(plan)};
    result.happened = true;
  } else if (deadly && result.happened) {
    throw std::runtime_error{"the child lives on: " + describe(plan)};
  }
  return result;
}

/// Runs a program with each of its calls failing in turn.
/// @param stride How many calls to go on by, unless there is time for all.
/// @param run Returns whether the call was made at all.
/// @returns how many calls there were, about.
inline std::uint64_t
for_each_call(disk_fault fault, disk_calls calls, std::uint64_t stride,
              const std::function<bool(const disk_plan&)>& run) {
  disk_plan plan;
  plan.fault = fault;
  plan.calls = calls;
  auto seeds = disk_seeds();
  if (seeds > 1)
    stride = 1;
  for (;; plan.at += stride)
    for (std::uint64_t i = 0; i < seeds; ++i) {
      // The seed also chooses how much is lost: not the same at each call.
      plan.seed = plan.at + i;
      if (!run(plan))
        return plan.at - 1;
    }
}

} // namespace raft::test
