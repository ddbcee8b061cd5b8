// Snapshots of the key-value machines as values.

#pragma once

#include "told_log.hpp"
#include <raft/kv/kv_machine.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/tests/support/states.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>

namespace raft::test {

inline void apply_next(machine::executor& uut) {
  uut.apply(entry_at(uut.applied().value + 1));
}

/// What a machine in memory knows after an entry.
inline std::unique_ptr<machine::executor> told_up_to(log_index last) {
  auto result
    = std::make_unique<machine::executor>(std::make_unique<kv::kv_machine>());
  while (result->applied() < last)
    apply_next(*result);
  return result;
}

/// Compares two that are at the same entry, and how both go on.
inline void compare(machine::executor& found, machine::executor& wanted,
                    int entries = 200) {
  BOOST_REQUIRE(found.applied().value == wanted.applied().value);
  BOOST_TEST(
    (found.query(kv::digest_request()) == wanted.query(kv::digest_request())));
  for (auto i = 0; i < entries; ++i) {
    auto next = entry_at(found.applied().value + 1);
    BOOST_REQUIRE((found.apply(next) == wanted.apply(next)));
  }
}

/// Compares with the state that the log leads to, and how a machine goes on
/// that was given it.
inline void check(const copied_state& x) {
  auto expected = told_up_to(x.what.applied);
  auto wanted = written(*expected->begin_snapshot());
  BOOST_TEST((x.what.sessions == wanted.what.sessions));
  BOOST_TEST((x.state == wanted.state));
  machine::executor found{std::make_unique<kv::kv_machine>()};
  text_source in{x.state, 1000};
  found.restore(x.what, x.format, in);
  compare(found, *expected);
}

} // namespace raft::test
