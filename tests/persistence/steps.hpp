// A history of commits that follows from the state alone, so that a process and
// whoever checks what it left behind agree on it.

#pragma once

#include <raft/tests/persistence/store_fixture.hpp>
#include <raft/tests/support/child_process.hpp>

#include <boost/test/unit_test.hpp>

#include <random>

namespace raft::test {

inline constexpr std::uint64_t groups = 2;

/// The commit after which both groups are in term `step`. The same state gives
/// the same commit, so that a child and its parent agree on all of them.
/// @param little Whether it is a few hundred bytes, not up to a megabyte.
inline std::vector<persist> make_step(const persistence::store& from,
                                      std::uint64_t step, bool little = false) {
  std::vector<persist> result;
  for (std::uint64_t group = 1; group <= groups; ++group) {
    std::mt19937_64 random{step * groups + group};
    auto state = from.load({group});
    auto next = state.last.index.value + 1;
    auto size = state.last.index - state.compacted.index;
    batch x{group};
    x.term(step, 1 + random() % 3);
    if (step > 1 && random() % 5 == 0) {
      // Beyond the end, or another entry than the one that is there.
      auto index = state.compacted.index + (1 + random() % (size + 3));
      result.push_back(x.install(make_head(index.value, step)));
      continue;
    }
    if (random() % 2 == 0)
      x.installed();
    switch (random() % 6) {
      case 0:
        next -= random() % (1 + size);
        x.truncate(next);
        break;
      case 1:
        if (size > 0) {
          auto index = state.compacted.index + (1 + random() % size);
          auto kept = from.read({group}, index, index, 0);
          x.compact(index.value, kept.at(0).term.value);
        }
        break;
      default:
        break;
    }
    // Some values are longer than a page.
    auto size_max = random() % 8 == 0 ? 20'000 : 3000;
    auto count_max = 20;
    if (little) {
      size_max = 150;
      count_max = 4;
    }
    if (random() % 8 != 0)
      x.fill(next, next + random() % count_max, step, random() % size_max);
    x.members({{step}, {{1}, {2}}, {}});
    result.push_back(x);
  }
  return result;
}

/// The step that a store is at.
inline std::uint64_t step_of(const persistence::store& x) {
  return x.load({1}).hard.term.value;
}

/// Commits and reports step after step, forever.
inline void run_steps(persistence::store& x, int out) {
  for (auto step = step_of(x) + 1;; ++step) {
    x.commit(make_step(x, step));
    send_number(out, step);
  }
}

/// Brings `model` to the step that `recovered` is at, and compares.
inline void check_same(persistence::store& model, const any_store& recovered) {
  for (auto step = step_of(model) + 1; step <= step_of(*recovered); ++step)
    model.commit(make_step(model, step));
  for (std::uint64_t group = 1; group <= groups; ++group) {
    auto expected = model.load({group});
    BOOST_REQUIRE((recovered->load({group}) == expected));
    auto first = expected.compacted.index.next();
    auto all = ~std::uint64_t{0};
    BOOST_REQUIRE((recovered->read({group}, first, expected.last.index, all)
                   == model.read({group}, first, expected.last.index, all)));
  }
}

} // namespace raft::test
