// A peer whose state machine keeps nothing on its disk: when it is to take a
// snapshot, and what its log drops then.

#include "snapshots.hpp"

#include <utility>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// Nothing makes one due.
settings forgetful() {
  auto result = with_snapshots();
  result.machine_keeps_state = false;
  result.snapshot_interval = 0ms;
  return result;
}

/// Peer 2, a follower of peer 1 in term 2.
lone_peer make_follower(const settings& config) {
  lone_peer x{2, voters(3), {}, {term_number{2}, {}}, config};
  x.receive(make_append(1, 2, 2, at(0, 0), {}, 0));
  return x;
}

/// So many more entries come, are committed, written and applied.
void grow(lone_peer& x, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto last = x->log().last();
    x.receive(make_append(1, 2, 2, last, {2}, last.index.value + 1));
    x.persist_all();
    while (x.read_and_apply())
      ;
  }
  BOOST_REQUIRE(x->applied() == x->log().last().index);
}

/// Whether it was asked for one since the last call.
bool asked(lone_peer& x) {
  return std::exchange(x.take_snapshot, false);
}

void taken(lone_peer& x, const snapshot_head& head) {
  x.input([&](core& c) { c.snapshot_taken(head); });
}

/// Lets time pass while the leader is heard.
void pass(lone_peer& x, std::chrono::milliseconds length) {
  for (const auto end = x.now + length; x.now < end;) {
    x.advance(100ms);
    x.receive(
      make_append(1, 2, 2, x->log().last(), {}, x->log().last().index.value));
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(own_snapshots)

BOOST_AUTO_TEST_CASE(entries_make_one_due) {
  auto config = forgetful();
  config.snapshot_log_entries = 100;
  auto x = make_follower(config);
  grow(x, 49);
  BOOST_TEST(!asked(x));
  grow(x, 51); // somewhere between half of them and all
  BOOST_TEST(asked(x));
  // It may be a while until it is there.
  grow(x, 1);
  BOOST_TEST(!asked(x));
  pass(x, 200ms);
  BOOST_TEST(asked(x));
  taken(x, make_head(100, 2));
  pass(x, 200ms);
  BOOST_TEST(!asked(x));
  grow(x, 100);
  BOOST_TEST(asked(x));
}

BOOST_AUTO_TEST_CASE(bytes_make_one_due) {
  auto config = forgetful();
  config.snapshot_log_bytes = 100 * cost(make_entry(1, 2));
  auto x = make_follower(config);
  grow(x, 49);
  BOOST_TEST(!asked(x));
  grow(x, 51);
  BOOST_TEST(asked(x));
}

BOOST_AUTO_TEST_CASE(a_large_one_waits_for_as_many_bytes) {
  const auto one = cost(make_entry(1, 2));
  auto config = forgetful();
  config.snapshot_log_bytes = 10 * one;
  auto x = make_follower(config);
  grow(x, 10);
  BOOST_TEST(asked(x));
  taken(x, make_head(10, 2, 200 * one));
  pass(x, 200ms);
  grow(x, 199);
  BOOST_TEST(!asked(x));
  grow(x, 1);
  BOOST_TEST(asked(x));
}

BOOST_AUTO_TEST_CASE(time_makes_one_due_if_anything_was_applied) {
  auto config = forgetful();
  config.snapshot_interval = 10s;
  auto x = make_follower(config);
  pass(x, 30s);
  BOOST_TEST(!asked(x));
  grow(x, 1);
  BOOST_TEST(asked(x));
  taken(x, make_head(1, 2));
  grow(x, 1);
  pass(x, 4900ms);
  BOOST_TEST(!asked(x));
  pass(x, 5200ms);
  BOOST_TEST(asked(x));
}

BOOST_AUTO_TEST_CASE(not_all_peers_take_theirs_at_once) {
  auto config = forgetful();
  config.snapshot_log_entries = 100;
  std::set<std::uint64_t> when;
  auto x = make_follower(config);
  for (auto i = 0; i < 5; ++i) {
    std::uint64_t waited = 0;
    for (; !asked(x); ++waited)
      grow(x, 1);
    when.insert(waited);
    taken(x, make_head(x->applied().value, 2));
    pass(x, 200ms);
  }
  BOOST_TEST(when.size() > 1u);
}

BOOST_AUTO_TEST_CASE(a_machine_that_keeps_its_state_needs_none) {
  auto config = forgetful();
  config.machine_keeps_state = true;
  config.snapshot_log_entries = 1;
  config.snapshot_log_bytes = 1;
  config.snapshot_interval = 1ms;
  auto x = make_follower(config);
  grow(x, 10);
  pass(x, 1s);
  BOOST_TEST(!asked(x));
  // Nor does one that was taken for others count for its log.
  taken(x, make_head(10, 2));
  x.persist_all();
  BOOST_TEST((x->log().compacted() == at(0, 0)));
}

BOOST_AUTO_TEST_CASE(the_log_ends_where_the_last_one_does) {
  auto x = make_follower(forgetful());
  grow(x, 10);
  BOOST_TEST(!x.batch);
  taken(x, make_head(7, 2));
  BOOST_REQUIRE(x.batch);
  BOOST_TEST((x.batch->batch.compacted == at(7, 2)));
  x.persist_all();
  BOOST_TEST(x->needs_snapshot(make_head(7, 2)));
  // An older one that is finished late changes nothing.
  taken(x, make_head(5, 2));
  BOOST_TEST(!x.batch);
  BOOST_TEST(!x->needs_snapshot(make_head(5, 2)));
}

BOOST_AUTO_TEST_CASE(one_that_is_lost_is_taken_anew_at_once) {
  auto x = make_follower(forgetful());
  grow(x, 10);
  taken(x, make_head(10, 2));
  x.persist_all();
  BOOST_TEST(!asked(x));
  x.input([](core& c) { c.snapshot_lost(make_head(10, 2)); });
  BOOST_TEST(asked(x));
  taken(x, make_head(10, 2, 26));
  pass(x, 200ms);
  BOOST_TEST(!asked(x));
}

BOOST_AUTO_TEST_SUITE_END()
