// How long tests wait for what must come.

#pragma once

#include <chrono>
#include <poll.h>

namespace raft::test {

/// Whatever a test waits for is there by then, on the busiest machine, unless
/// something is broken. Only a failure takes so long: where a test is about
/// promptness, the defect must take much longer than this.
inline constexpr std::chrono::seconds patience{60};

/// Waits until a condition holds.
/// @returns whether it did in time.
template <class Condition>
bool eventually(Condition holds,
                std::chrono::milliseconds deadline = patience) {
  auto until = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

/// Thrown where an attempt cannot go on, perhaps because the machine stood
/// still for seconds, which ends connections.
struct disturbed {};

inline void need(bool x) {
  if (!x)
    throw disturbed{};
}

/// For what must not cost a leader its office, or a connection its life. On a
/// busy machine an election may come by itself, so that one attempt shows
/// nothing; what the test is about would bring one in each attempt.
/// @param attempt Looks first who leads, and returns whether nothing came in
///        between.
/// @returns whether one attempt of some was not disturbed.
template <class Attempt>
bool undisturbed(Attempt attempt) {
  constexpr auto attempts_max = 5;
  for (auto i = 0; i < attempts_max; ++i)
    try {
      if (attempt())
        return true;
    } catch (const disturbed&) {
      // The next one, then.
    }
  return false;
}

} // namespace raft::test
