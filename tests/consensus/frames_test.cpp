// Entries travel in frames: large ones in pieces, small ones together.

#include "small_cluster.hpp"
#include <raft/consensus/assembly.hpp>

#include <cstdint>
#include <string>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// So that "abcdefghij" goes in pieces of four bytes.
settings small_frames() {
  settings config;
  config.frame_bytes_max = 4;
  config.wire_bytes_max = 1;
  return config;
}

std::optional<entry> take(assembly& x, std::uint64_t index, std::uint64_t term,
                          const char* part, std::uint64_t offset,
                          std::uint64_t size = 6) {
  return x.take(make_entry(index, term, part), offset, size);
}

/// A piece of entry 2@1, "abcdef", from peer 1 to peer 2.
append_request make_piece(const char* part, std::uint64_t offset,
                          std::uint64_t frame = 1) {
  auto result = make_append(1, 2, 1, at(1, 1), {1});
  result.entries.front().data = bytes{part};
  result.offset = offset;
  result.size = 6;
  result.frame = frame_number{frame};
  return result;
}

/// A leader with ten bytes to send to peer 2, of which the first piece is out.
lone_peer make_sender(settings config = small_frames()) {
  auto x = make_leader(config);
  x.start("abcdefghij");
  return x;
}

/// The requests with entries to peer 2 that came out.
std::vector<append_request> take_pieces(lone_peer& x) {
  auto result = x.take<append_request>(2);
  std::erase_if(result, [](const auto& y) { return y.entries.empty(); });
  return result;
}

append_reply holds(const append_request& of, std::uint64_t received,
                   std::uint64_t match = 1) {
  auto result = make_accept(2, 1, 1, match, of.round.value);
  result.frame = of.frame;
  result.unfinished = at(2, 1);
  result.received = received;
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(frames)

// -- putting together ---------------------------------------------------------

BOOST_AUTO_TEST_CASE(pieces_make_an_entry) {
  assembly x;
  BOOST_TEST(x.where() == at(0, 0));
  BOOST_TEST(!take(x, 7, 3, "ab", 0));
  BOOST_TEST(x.where() == at(7, 3));
  BOOST_TEST(x.received() == 2u);
  BOOST_TEST(!take(x, 7, 3, "cde", 2));
  const auto whole = take(x, 7, 3, "f", 5);
  BOOST_REQUIRE(whole);
  BOOST_CHECK(*whole == make_entry(7, 3, "abcdef"));
  BOOST_TEST(x.where() == at(0, 0));
  BOOST_TEST(x.received() == 0u);
}

BOOST_AUTO_TEST_CASE(doubled_and_early_pieces_change_nothing) {
  assembly x;
  BOOST_TEST(!take(x, 7, 3, "cd", 2)); // there is no beginning
  BOOST_TEST(x.where() == at(0, 0));
  take(x, 7, 3, "ab", 0);
  BOOST_TEST(!take(x, 7, 3, "ab", 0));
  BOOST_TEST(!take(x, 7, 3, "ef", 4));
  BOOST_TEST(x.received() == 2u);
  take(x, 7, 3, "cd", 2);
  BOOST_TEST(!take(x, 7, 3, "cd", 2));
  const auto whole = take(x, 7, 3, "ef", 4);
  BOOST_REQUIRE(whole);
  BOOST_TEST(whole->data.view() == "abcdef");
}

BOOST_AUTO_TEST_CASE(entries_of_other_terms_do_not_mix) {
  assembly x;
  take(x, 7, 3, "ab", 0);
  BOOST_TEST(
    !take(x, 7, 4, "CD", 2)); // of another entry, without its beginning
  BOOST_TEST(x.where() == at(7, 3));
  take(x, 7, 4, "AB", 0);
  BOOST_TEST(x.where() == at(7, 4));
  BOOST_TEST(!take(x, 7, 3, "cd", 2));
  take(x, 7, 4, "CD", 2);
  const auto whole = take(x, 7, 4, "EF", 4);
  BOOST_REQUIRE(whole);
  BOOST_CHECK(*whole == make_entry(7, 4, "ABCDEF"));
}

// -- a follower ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_piece_is_answered_at_once_and_claims_nothing) {
  lone_peer x{2, voters(3), {1}};
  x.receive(make_piece("abc", 0, 8));
  x.persist_all(); // the vote
  const auto first = x.take_one<append_reply>();
  BOOST_TEST(first.accepted);
  BOOST_TEST(first.match.value == 1u);
  BOOST_TEST(first.frame.value == 8u);
  BOOST_TEST(first.unfinished == at(2, 1));
  BOOST_TEST(first.received == 3u);
  BOOST_TEST(x->log().last() == at(1, 1));
  x.receive(make_piece("def", 3, 9));
  BOOST_TEST(x.take<append_reply>().empty()); // not on the disk yet
  BOOST_TEST(x->log().last() == at(2, 1));
  x.persist();
  const auto last = x.take_one<append_reply>();
  BOOST_TEST(last.match.value == 2u);
  BOOST_TEST(last.frame.value == 9u);
  BOOST_TEST(last.received == 6u);
  BOOST_TEST(x->log().find(log_index{2})->data.view() == "abcdef");
}

BOOST_AUTO_TEST_CASE(each_piece_shows_that_the_leader_lives) {
  lone_peer x{2, voters(3), {1}};
  x.receive(make_piece("a", 0));
  x.persist_all();
  for (int i = 0; i < 10; ++i) {
    x.advance(x->config().election_timeout_min - 1ms);
    x.receive(make_piece("a", 0));
    BOOST_TEST(x->leader().value == 1u);
  }
  BOOST_TEST(x.take<vote_request>().empty());
}

BOOST_AUTO_TEST_CASE(a_piece_of_an_entry_that_is_here_says_so) {
  lone_peer x{2, voters(3), {1, 1}};
  x.receive(make_piece("abc", 0));
  x.persist_all();
  const auto reply = x.take_one<append_reply>();
  BOOST_TEST(reply.unfinished == at(2, 1));
  BOOST_TEST(reply.received == 6u);
}

BOOST_AUTO_TEST_CASE(a_piece_behind_a_gap_in_the_log_is_refused) {
  lone_peer x{2, voters(3)};
  x.receive(make_piece("abc", 0));
  x.persist_all();
  const auto reply = x.take_one<append_reply>();
  BOOST_TEST(!reply.accepted);
  BOOST_TEST(reply.received == 0u);
}

BOOST_AUTO_TEST_CASE(pieces_that_can_not_be_are_ignored) {
  lone_peer x{2, voters(3), {1}};
  const auto ignored = [&](auto change) {
    auto msg = make_piece("abc", 3);
    change(msg);
    x.receive(msg);
    return x.messages.empty() && !x.batch;
  };
  BOOST_TEST(ignored([](auto& y) { y.offset = 4; }));
  BOOST_TEST(ignored([](auto& y) { y.offset = ~std::uint64_t{0}; }));
  BOOST_TEST(ignored([](auto& y) { y.size = 2; }));
  BOOST_TEST(ignored([](auto& y) { y.size = 0; }));
  BOOST_TEST(ignored([](auto& y) { y.size = std::uint64_t{1} << 40; }));
  BOOST_TEST(ignored([](auto& y) { y.entries.front().data = {}; }));
  BOOST_TEST(ignored([](auto& y) { y.entries.clear(); }));
  BOOST_TEST(
    ignored([](auto& y) { y.entries.push_back(make_entry(3, 1, "x")); }));
  BOOST_TEST(!ignored([](auto&) {}));
}

// -- a leader -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_large_entry_goes_in_pieces_as_they_arrive) {
  auto x = make_sender();
  const auto first = x.take_one<append_request>(2);
  BOOST_TEST(first.previous == at(1, 1));
  BOOST_TEST(first.entries.front().data.view() == "abcd");
  BOOST_TEST(first.offset == 0u);
  BOOST_TEST(first.size == 10u);
  x.receive(holds(first, 4));
  const auto second = x.take_one<append_request>(2);
  BOOST_TEST(second.previous == at(1, 1));
  BOOST_TEST(second.entries.front().data.view() == "efgh");
  BOOST_TEST(second.offset == 4u);
  x.receive(holds(second, 8));
  // The last piece is answered when all is durable; so a question follows.
  const auto last = x.take<append_request>(2);
  BOOST_REQUIRE_EQUAL(last.size(), 2u);
  const auto& third = last[0];
  BOOST_TEST(last[1].entries.empty());
  BOOST_TEST(last[1].frame == third.frame);
  BOOST_TEST(third.entries.front().data.view() == "ij");
  BOOST_TEST(known(x, 2).next.value == 3u);
  BOOST_TEST(x->commit().value == 1u);
  x.receive(holds(third, 10, 2));
  x.persist_all();
  BOOST_TEST(x->commit().value == 2u);
}

BOOST_AUTO_TEST_CASE(what_got_lost_is_sent_again) {
  auto config = small_frames();
  config.wire_bytes_max = 1000;
  auto x = make_sender(config);
  const auto all = take_pieces(x);
  BOOST_REQUIRE_EQUAL(all.size(), 3u);
  // The second is lost. What the first says is old by now.
  x.receive(holds(all[0], 4));
  BOOST_TEST(x.take<append_request>(2).empty());
  auto gap = make_refusal(2, 1, 1, 2, at(2, 0));
  gap.frame = all[2].frame;
  x.receive(gap); // a heartbeat found that the entry is not there
  const auto probe = x.take_one<append_request>(2);
  BOOST_TEST(probe.entries.empty());
  BOOST_TEST(probe.previous == at(1, 1));
  x.receive(holds(probe, 4));
  const auto again = take_pieces(x);
  BOOST_REQUIRE_EQUAL(again.size(), 2u);
  BOOST_TEST(again[0].offset == 4u);
  BOOST_TEST(again[1].offset == 8u);
}

BOOST_AUTO_TEST_CASE(a_lost_piece_is_noticed_by_the_next_heartbeat) {
  auto x = make_sender();
  x.take<append_request>(); // lost
  x.wake();
  const auto beat = x.take_one<append_request>(2);
  BOOST_TEST(beat.entries.empty());
  auto reply = make_accept(2, 1, 1, 1, beat.round.value);
  reply.frame = beat.frame;
  x.receive(reply);
  const auto again = x.take_one<append_request>(2);
  BOOST_TEST(again.offset == 0u);
  BOOST_TEST(again.frame > beat.frame);
}

BOOST_AUTO_TEST_CASE(a_new_connection_goes_on_where_the_old_one_broke) {
  auto x = make_sender();
  const auto first = x.take_one<append_request>(2);
  x.receive(holds(first, 4));
  x.take<append_request>(); // lost with the connection
  disconnect(x, 2);
  connect(x, 2);
  const auto probe = x.take_one<append_request>(2);
  BOOST_TEST(probe.entries.empty());
  x.receive(holds(probe, 4));
  BOOST_TEST(x.take_one<append_request>(2).offset == 4u);
}

BOOST_AUTO_TEST_CASE(answers_to_frames_that_were_never_sent_are_ignored) {
  auto x = make_sender();
  auto first = x.take_one<append_request>(2);
  first.frame = first.frame.next();
  x.receive(holds(first, 4));
  BOOST_TEST(x.take<append_request>(2).empty());
}

// Requests that were on their way to the store before are answered by this one.
BOOST_AUTO_TEST_CASE(frames_are_counted_on_when_a_peer_has_another_store) {
  auto x = make_sender();
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{5}); });
  auto late = holds(x.take<append_request>(2).front(), 0, 0);
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{6}); });
  late.header.incarnation = incarnation_id{6};
  late.unfinished = {};
  x.receive(late);
  BOOST_TEST(x.distrusted.empty());
}

BOOST_AUTO_TEST_CASE(a_large_entry_from_the_disk_is_read_once) {
  auto config = small_frames();
  config.log_bytes_in_memory = 0;
  config.compaction_bytes_min = 16;
  auto x = make_leader(config);
  disconnect(x, 2);
  x.start("abcdefghij");
  x.persist_all();
  x.receive(make_accept(3, 1, 1, 2));
  x.read_and_apply();
  BOOST_REQUIRE(!x->log().find(log_index{2}));
  x.take<append_request>();
  connect(x, 2);
  x.receive(holds(x.take_one<append_request>(2), 0));
  BOOST_TEST(x.reads.size() == 1u);
  x.read_and_apply();
  for (const auto received : {4, 8}) {
    const auto piece = x.take_one<append_request>(2);
    x.receive(holds(piece, static_cast<std::uint64_t>(received)));
    BOOST_TEST(x.reads.empty());
  }
  BOOST_TEST(take_pieces(x).front().entries.front().data.view() == "ij");
}

BOOST_AUTO_TEST_CASE(small_entries_share_a_frame_up_to_its_size) {
  settings config;
  config.frame_bytes_max = 2 * cost_of_one;
  config.wire_bytes_max = 4 * cost_of_one;
  auto x = make_leader(config);
  x.input([](core& c) {
    for (int i = 0; i < 7; ++i)
      c.start(entry_kind::command, {}, bytes{"x"}, 0);
  });
  // Each is followed by a question whose answer does not wait for the disk.
  const auto sent = x.take<append_request>(2);
  BOOST_REQUIRE_EQUAL(sent.size(), 4u);
  BOOST_TEST(sent[0].entries.size() == 2u);
  BOOST_TEST(sent[1].entries.empty());
  BOOST_TEST(sent[1].previous == at(3, 1));
  BOOST_TEST(sent[2].entries.size() == 2u);
  BOOST_TEST(sent[3].entries.empty());
  BOOST_TEST(sent[3].frame == sent[2].frame);
  // It arrived, and is not durable: more may follow.
  auto arrived = make_accept(2, 1, 1, 1);
  arrived.frame = sent[1].frame;
  x.receive(arrived);
  BOOST_TEST(x.take<append_request>(2).front().previous == at(5, 1));
}

BOOST_AUTO_TEST_CASE(peers_agree_on_entries_in_pieces) {
  small_cluster peers{3, small_frames()};
  peers.elect(1);
  for (const auto* data : {"a", "abcd", "abcde", "abcdefghijklmnopqrstuvwxyz"})
    peers[1].start(data);
  peers.settle();
  peers.run(1s);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    BOOST_TEST(peers[id]->commit().value == 5u);
    BOOST_CHECK(peers[id].disk == peers[1].disk);
  }
  BOOST_TEST(peers[2].disk.back().data.view() == "abcdefghijklmnopqrstuvwxyz");
}

BOOST_AUTO_TEST_SUITE_END()
