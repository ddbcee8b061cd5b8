// A leader sends a snapshot to a follower that lacks what was dropped.

#include "snapshots.hpp"

#include <algorithm>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// Peer 1 leads term 1, has dropped the first `n` entries, and 3 is away.
lone_peer make_leader_without(std::uint64_t n, settings config) {
  auto x = make_leader(config);
  disconnect(x, 3);
  for (std::uint64_t i = 2; i <= n; ++i) {
    x.start();
    x.persist_all();
    auto accept = make_accept(2, 1, 1, i);
    accept.frame = x.take<append_request>(2).back().frame;
    x.receive(accept);
  }
  x.read_and_apply();
  x.input([n](core& c) { c.applied(log_index{n}, log_index{n}); });
  x.persist_all();
  BOOST_REQUIRE(x->log().compacted() == at(n, 1));
  x.take<append_request>();
  return x;
}

/// What peer 3 answers to the last chunk that it got.
install_reply make_reply(lone_peer& x, std::uint64_t received,
                         std::uint64_t stored) {
  install_reply result;
  result.header = header(3, 1);
  result.term = term_number{1};
  BOOST_REQUIRE(!x.chunks_to_send.empty());
  const auto& last = x.chunks_to_send.back().request;
  result.snapshot = last.snapshot.last;
  result.checksum = last.snapshot.checksum;
  result.number = last.number;
  result.received = received;
  result.stored = stored;
  return result;
}

void give(lone_peer& x, const install_reply& msg) {
  x.input([&](core& c) { c.receive(msg); });
}

/// The leader finds out that peer 3 lacks what it has dropped.
void come_back(lone_peer& x, std::uint64_t has = 1) {
  connect(x, 3);
  const auto probe = x.take_one<append_request>(3);
  x.receive(make_refusal(3, 1, 1, probe.previous.index.value, at(has + 1, 0)));
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> sent(lone_peer& x) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> result;
  for (const auto& y : x.chunks_to_send)
    result.emplace_back(y.request.offset, y.size);
  return result;
}

using sizes = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

} // namespace

BOOST_AUTO_TEST_SUITE(snapshots_sent)

BOOST_AUTO_TEST_CASE(who_lacks_what_was_dropped_gets_a_snapshot) {
  auto x = make_leader_without(4, with_snapshots());
  come_back(x);
  BOOST_TEST(x.noted(note_kind::needs_snapshot));
  BOOST_TEST(x.take_snapshot); // there is none yet
  BOOST_TEST(x.chunks_to_send.empty());
  const auto head = make_head(4, 1);
  x.input([&](core& c) { c.snapshot_taken(head); });
  // First it asks how much is there.
  BOOST_REQUIRE(sent(x) == (sizes{{0, 0}}));
  BOOST_TEST((x.chunks_to_send.front().request.snapshot == head));
  give(x, make_reply(x, 0, 0));
  // As much as may be on the wire.
  BOOST_TEST((sent(x) == sizes{{0, 0}, {0, 10}, {10, 10}}));
  give(x, make_reply(x, 20, 10));
  BOOST_TEST((sent(x) == sizes{{0, 0}, {0, 10}, {10, 10}, {20, 5}}));
  auto done = make_reply(x, 0, 0);
  done.match = log_index{4};
  give(x, done);
  BOOST_TEST(x.noted(note_kind::sent_snapshot));
  // It goes on behind it.
  x.start();
  const auto next = x.take<append_request>(3);
  BOOST_REQUIRE(!next.empty());
  BOOST_TEST(next.front().previous == at(4, 1));
}

BOOST_AUTO_TEST_CASE(a_transfer_goes_on_where_it_was_left) {
  auto x = make_leader_without(4, with_snapshots());
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1)); });
  come_back(x);
  give(x, make_reply(x, 20, 20));
  BOOST_TEST((sent(x) == sizes{{0, 0}, {20, 5}}));
  // The connection is lost, and with it what was on it.
  disconnect(x, 3);
  x.chunks_to_send.clear();
  x.take<append_request>();
  come_back(x);
  BOOST_TEST((sent(x) == sizes{{0, 0}}));
  give(x, make_reply(x, 20, 20));
  BOOST_TEST((sent(x) == sizes{{0, 0}, {20, 5}}));
}

BOOST_AUTO_TEST_CASE(lost_chunks_are_sent_again) {
  auto x = make_leader_without(4, with_snapshots());
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1)); });
  come_back(x);
  give(x, make_reply(x, 0, 0));
  x.chunks_to_send.clear();
  x.wake(); // a heartbeat asks
  BOOST_REQUIRE((sent(x) == sizes{{20, 0}}));
  const auto answer = make_reply(x, 10, 10);
  give(x, answer);
  BOOST_TEST((sent(x) == sizes{{20, 0}, {10, 10}, {20, 5}}));
  // An old answer says nothing of what was sent since.
  give(x, answer);
  BOOST_TEST(sent(x).size() == 3u);
}

BOOST_AUTO_TEST_CASE(only_so_many_get_one_at_once) {
  auto config = with_snapshots();
  config.snapshots_sent_max = 1;
  auto x = make_leader(config, 5);
  for (auto id : {4, 5})
    disconnect(x, static_cast<std::uint64_t>(id));
  x.start();
  x.persist_all();
  for (auto id : {2, 3})
    x.receive(make_accept(static_cast<std::uint64_t>(id), 1, 1, 2));
  x.read_and_apply();
  x.input([](core& c) { c.applied(log_index{2}, log_index{2}); });
  x.persist_all();
  x.input([](core& c) { c.snapshot_taken(make_head(2, 1)); });
  for (std::uint64_t id : {4, 5}) {
    connect(x, id);
    x.receive(make_refusal(id, 1, 1, 2, at(1, 0)));
  }
  auto whom = [&x](std::uint64_t id) {
    return std::ranges::count_if(x.chunks_to_send, [id](const auto& y) {
      return y.request.header.to.value == id;
    });
  };
  BOOST_TEST(whom(4) == 1);
  BOOST_TEST(whom(5) == 0);
  disconnect(x, 4);
  BOOST_TEST(whom(5) == 1);
}

BOOST_AUTO_TEST_CASE(the_log_is_kept_behind_the_snapshot_that_is_sent) {
  auto x = make_leader_without(4, with_snapshots());
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1)); });
  come_back(x);
  x.start();
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 5));
  x.read_and_apply();
  x.input([](core& c) { c.applied(log_index{5}, log_index{5}); });
  BOOST_TEST(!x.batch);
  disconnect(x, 3);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(5, 1));
}

BOOST_AUTO_TEST_CASE(a_snapshot_from_which_the_log_does_not_go_on_is_no_use) {
  auto x = make_leader_without(4, with_snapshots());
  x.input([](core& c) { c.snapshot_taken(make_head(3, 1)); });
  BOOST_TEST(!x->needs_snapshot(make_head(3, 1)));
  come_back(x);
  BOOST_TEST(x.chunks_to_send.empty());
  BOOST_TEST(x.take_snapshot);
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1)); });
  BOOST_TEST(x.chunks_to_send.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_older_snapshot_of_our_own_changes_nothing) {
  auto x = make_leader_without(4, with_snapshots());
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1)); });
  x.input([](core& c) { c.snapshot_taken(make_head(2, 1)); });
  BOOST_TEST(x->needs_snapshot(make_head(4, 1)));
  BOOST_TEST(!x->needs_snapshot(make_head(2, 1)));
}

BOOST_AUTO_TEST_CASE(a_lost_snapshot_is_replaced) {
  auto x = make_leader_without(4, with_snapshots());
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1)); });
  come_back(x);
  BOOST_TEST(x.chunks_to_send.size() == 1u);
  x.input([](core& c) { c.snapshot_lost(make_head(4, 1)); });
  BOOST_TEST(x.take_snapshot);
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1, 40)); });
  BOOST_TEST(x.chunks_to_send.size() == 2u);
}

// Its entry at the end of what was dropped is another one: no smaller index is
// left to try.
BOOST_AUTO_TEST_CASE(a_conflict_where_the_log_begins_needs_one_too) {
  auto x = make_leader_without(4, with_snapshots());
  x.input([](core& c) { c.snapshot_taken(make_head(4, 1)); });
  connect(x, 3);
  x.take<append_request>();
  x.input([](core& c) {
    auto msg = make_refusal(3, 1, 1, 4, at(3, 1));
    c.receive(msg);
  });
  BOOST_TEST(x.chunks_to_send.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_leader_whose_log_is_empty_finds_out_who_lacks_what) {
  lone_peer x{1, voters(3), {}, {}, with_snapshots()};
  x.receive(make_append(3, 1, 1, at(0, 0), {1, 1}, 2));
  x.persist_all();
  x.read_and_apply();
  x.input([](core& c) { c.applied(log_index{2}, log_index{2}); });
  x.persist_all();
  BOOST_REQUIRE(x->log().compacted() == x->log().last());
  x.advance(settings{}.election_timeout_max);
  x.elect();
  const auto probe = x.take<append_request>(2).back();
  BOOST_TEST(probe.previous == at(2, 1));
  x.receive(make_refusal(2, 1, 2, 2, at(1, 0)));
  BOOST_TEST(x.take_snapshot);
}

BOOST_AUTO_TEST_CASE(by_default_nobody_gets_one) {
  settings config;
  config.compaction_bytes_min = 1;
  config.log_bytes_kept = 0;
  auto x = make_leader(config);
  x.start();
  x.persist();
  x.receive(make_accept(2, 1, 1, 2));
  x.receive(make_accept(3, 1, 1, 2));
  x.read_and_apply();
  x.input([](core& c) { c.applied(log_index{2}, log_index{2}); });
  x.persist();
  x.receive(make_refusal(3, 1, 1, 2, at(1, 0)));
  BOOST_TEST(x.noted(note_kind::lacks_dropped_entries));
  BOOST_TEST(!x.take_snapshot);
}

BOOST_AUTO_TEST_SUITE_END()
