// Long replies on their way from peers, piece by piece.

#include <raft/client/state/fetches.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>

using namespace raft;
using namespace raft::client;

namespace {

constexpr auto piece = reply_piece_bytes;

/// Replies that a peer holds, by their numbers.
struct fetches_fixture {
  fetches uut;
  std::map<std::uint64_t, std::string> held;

  void begin(fetches::key which, std::size_t size) {
    auto number = 100 + which;
    held[number] = std::string(size, static_cast<char>('a' + which));
    executed x;
    x.result = outcome::committed;
    x.index = {which};
    x.held = number;
    x.held_bytes = size;
    uut.begin(which, {1}, x);
  }

  std::optional<executed> give(const fetches::request& x) {
    return uut.take(x, bytes{held.at(x.held).substr(x.offset, piece)});
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(fetching, fetches_fixture)

BOOST_AUTO_TEST_CASE(pieces_make_a_reply) {
  begin(1, 6 * piece + 5);
  std::optional<executed> found;
  while (!found) {
    auto wanted = uut.next();
    BOOST_REQUIRE(!wanted.empty());
    BOOST_TEST(wanted.size() <= fetches::under_way_max);
    for (auto& x : wanted) {
      BOOST_TEST(!found.has_value());
      BOOST_TEST(x.from.value == 1u);
      found = give(x);
    }
  }
  BOOST_TEST((found->result == outcome::committed));
  BOOST_TEST(found->index.value == 1u);
  BOOST_TEST(found->held == 0u);
  BOOST_TEST((found->reply.view() == held[101]));
  BOOST_TEST(!uut.knows(1));
  BOOST_TEST(uut.next().empty());
}

BOOST_AUTO_TEST_CASE(few_pieces_are_under_way_and_all_replies_go_on) {
  begin(1, 100 * piece);
  begin(2, 100 * piece);
  begin(3, 1 * piece);
  auto wanted = uut.next();
  BOOST_REQUIRE(wanted.size() == fetches::under_way_max);
  std::map<fetches::key, int> pieces;
  for (auto& x : wanted)
    ++pieces[x.which];
  BOOST_TEST(pieces[1] + pieces[2] == 3);
  BOOST_TEST(pieces[3] == 1);
  BOOST_TEST(uut.next().empty());
  for (auto& x : wanted)
    if (x.which == 3)
      BOOST_TEST(give(x).has_value());
  BOOST_TEST(uut.next().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_gone_ends_it) {
  begin(1, 10 * piece);
  auto wanted = uut.next();
  BOOST_TEST(!give(wanted[0]));
  BOOST_TEST(!uut.take(wanted[1], {}));
  BOOST_TEST(!uut.knows(1));
  // What is still under way changes nothing.
  BOOST_TEST(!give(wanted[2]));
  BOOST_TEST(!give(wanted[3]));
  BOOST_TEST(uut.next().empty());
  begin(2, 10 * piece);
  BOOST_TEST(uut.next().size() == fetches::under_way_max);
}

BOOST_AUTO_TEST_CASE(pieces_that_make_no_sense_end_it) {
  for (auto size : {std::size_t{1}, piece - 1, piece + 1, 100 * piece}) {
    begin(size, 10 * piece);
    auto wanted = uut.next();
    BOOST_TEST(!uut.take(wanted[0], bytes{std::string(size, 'x')}));
    // A longer piece is as good, if the reply has so much.
    auto as_good = size == piece + 1;
    BOOST_TEST(uut.knows(size) == as_good);
    for (std::size_t i = 1; i < wanted.size(); ++i)
      BOOST_TEST(!uut.take(wanted[i], bytes{std::string(piece, 'x')}));
    BOOST_TEST(!uut.knows(size));
  }
}

BOOST_AUTO_TEST_CASE(the_peer_is_told_when_nobody_waits_any_more) {
  begin(1, 10 * piece);
  auto wanted = uut.next();
  auto last = uut.drop(1);
  BOOST_REQUIRE(last.has_value());
  BOOST_TEST(last->held == 101u);
  BOOST_TEST(last->offset == 10 * piece);
  BOOST_TEST(!uut.drop(1));
  for (auto& x : wanted)
    BOOST_TEST(!give(x));
  BOOST_TEST(uut.next().empty());
}

BOOST_AUTO_TEST_CASE(what_a_peer_says_of_a_length_takes_no_memory) {
  executed x;
  x.held = 1;
  x.held_bytes = ~0ull;
  uut.begin(1, {1}, x);
  auto wanted = uut.next();
  BOOST_TEST(wanted.size() == fetches::under_way_max);
  BOOST_TEST(!uut.take(wanted[0], bytes{std::string(piece, 'x')}));
  BOOST_TEST(uut.knows(1));
}

BOOST_AUTO_TEST_SUITE_END()
