// Who is welcome at the acceptor, and who is not, with the reasons given.

#include <raft/links/handshake.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::links;

namespace {

card card_of(std::uint64_t id) {
  card result;
  result.cluster = "blue";
  result.self = {id};
  result.shown.incarnation = {100 + id};
  return result;
}

bool says(const std::string& text, const std::string& what) {
  BOOST_TEST_MESSAGE(text);
  return text.find(what) != std::string::npos;
}

/// What peer 2 has against a hello that peer 1 sends to it, changed.
template <class Change>
std::string refusal(Change change) {
  auto msg = make_hello(card_of(1), {2});
  change(msg);
  return refusal_of(card_of(2), msg, true);
}

} // namespace

BOOST_AUTO_TEST_SUITE(handshake_suite)

BOOST_AUTO_TEST_CASE(members_are_welcome) {
  BOOST_TEST(refusal([](hello&) {}) == "");
  BOOST_TEST(refusal([](hello& x) { x.to = {}; }) == "");
  for (auto to : {peer_id{2}, peer_id{}}) {
    auto said = make_hello(card_of(1), to);
    auto answer = make_welcome(card_of(2), said, "");
    BOOST_TEST(answer.shown.incarnation.value == 102u);
    BOOST_TEST(complaint_about(card_of(1), said, answer) == "");
  }
}

BOOST_AUTO_TEST_CASE(clients_are_welcome) {
  card client{"blue", {}, {}};
  BOOST_TEST(refusal_of(card_of(2), make_hello(client, {}), false) == "");
  BOOST_TEST(refusal_of(card_of(2), make_hello(client, {2}), false) == "");
  client.cluster = "red";
  BOOST_TEST(says(refusal_of(card_of(2), make_hello(client, {}), false),
                  "this peer belongs to cluster \"blue\", not \"red\""));
  client.cluster = "blue";
  BOOST_TEST(says(refusal_of(card_of(2), make_hello(client, {3}), false),
                  "this is peer 2, not peer 3"));
}

BOOST_AUTO_TEST_CASE(strangers_are_refused) {
  BOOST_TEST(says(refusal([](hello& x) { x.cluster = "red"; }),
                  "this peer belongs to cluster \"blue\", not \"red\""));
  BOOST_TEST(says(refusal([](hello& x) { x.version = 99; }),
                  "of the protocol, not version 99: update the older side"));
  BOOST_TEST(
    says(refusal([](hello& x) { x.to = {3}; }), "this is peer 2, not peer 3"));
  BOOST_TEST(
    says(refusal([](hello& x) { x.from = {}; }), "a peer without an id"));
}

// Clients may be older: they have no part in the log.
BOOST_AUTO_TEST_CASE(peers_do_not_go_back_behind_the_level) {
  auto us = card_of(2);
  us.level = protocol_version;
  auto old = make_hello(card_of(1), {2});
  old.version = protocol_version - 1;
  BOOST_TEST(
    says(refusal_of(us, old, true), "the cluster has gone on to version "));
  BOOST_TEST(refusal_of(us, old, false) == "");
  // Nor do we say it again in the older version.
  auto them = card_of(1);
  them.speaks.highest = old.version;
  const auto said = make_hello(us, {1});
  const auto answer = make_welcome(them, said, "too new");
  BOOST_TEST(!say_again(us, said, answer));
  us.level = old.version;
  BOOST_TEST(refusal_of(us, old, true) == "");
  BOOST_TEST(say_again(us, said, answer).has_value());
}

BOOST_AUTO_TEST_CASE(a_mirror_is_named_with_the_cure) {
  auto text = refusal([](hello& x) { x.from = {2}; });
  BOOST_TEST(says(text, "this peer itself"));
  BOOST_TEST(says(text, "hardware address"));
  text = complaint_about_self({"10.0.0.2", 7000});
  BOOST_TEST(says(text, "10.0.0.2:7000 leads back to this very process"));
  BOOST_TEST(says(text, "hardware address"));
}

BOOST_AUTO_TEST_CASE(answers_are_checked_too) {
  auto complaint = [](auto change) {
    auto said = make_hello(card_of(1), {2});
    auto msg = make_welcome(card_of(2), said, "");
    change(msg);
    return complaint_about(card_of(1), said, msg);
  };
  BOOST_TEST(says(complaint([](welcome& x) { x.refusal = "go away"; }),
                  "it refused us: go away"));
  BOOST_TEST(says(complaint([](welcome& x) { x.cluster = "red"; }),
                  "it belongs to cluster \"red\", not \"blue\""));
  BOOST_TEST(says(complaint([](welcome& x) { x.version = 99; }),
                  "it speaks version 99 of the protocol, not version "
                    + std::to_string(protocol_version)
                    + ": update the older side"));
  BOOST_TEST(says(complaint([](welcome& x) { x.from = {3}; }),
                  "it is peer 3, not peer 2"));
}

// Rolling upgrades and rollbacks: whoever connects, both find the newest
// version that they have in common.
BOOST_AUTO_TEST_CASE(two_releases_find_what_they_have_in_common) {
  struct pair {
    version_range dials;
    version_range answers;
    std::uint32_t common; // 0: none
  };
  for (auto x : {pair{{3, 4}, {3, 4}, 4}, pair{{3, 4}, {3, 3}, 3},
                 pair{{3, 3}, {3, 4}, 3}, pair{{2, 5}, {3, 4}, 4},
                 pair{{3, 4}, {1, 9}, 4}, pair{{4, 5}, {3, 3}, 0},
                 pair{{3, 3}, {4, 5}, 0}}) {
    auto us = card_of(1);
    auto them = card_of(2);
    us.speaks = x.dials;
    them.speaks = x.answers;
    auto said = make_hello(us, {2});
    auto answer_to
      = [&] { return make_welcome(them, said, refusal_of(them, said, true)); };
    auto answer = answer_to();
    auto hellos = 1;
    for (; auto again = say_again(us, said, answer); ++hellos) {
      said = *again;
      answer = answer_to();
    }
    BOOST_TEST_CONTEXT(x.dials.highest << " meets " << x.answers.highest) {
      BOOST_TEST(hellos <= 2);
      BOOST_TEST(complaint_about(us, said, answer).empty() == (x.common != 0));
      if (x.common)
        BOOST_TEST(said.version == x.common);
    }
  }
}

// As 3 did it: anything but its own version is refused, and the answer says
// which one that is.
BOOST_AUTO_TEST_CASE(who_knows_one_version_only_is_spoken_to_in_it) {
  auto us = card_of(1);
  us.speaks = {3, 4};
  auto said = make_hello(us, {2});
  welcome answer;
  answer.cluster = "blue";
  answer.version = 3;
  answer.from = {2};
  answer.refusal = "this peer speaks protocol version 3, not 4: run the same "
                   "release on both sides";
  auto again = say_again(us, said, answer);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(again->version == 3u);
  answer.refusal.clear();
  BOOST_TEST(!say_again(us, *again, answer));
  BOOST_TEST(complaint_about(us, *again, answer) == "");
}

// Saying it again does not help against other reasons.
BOOST_AUTO_TEST_CASE(a_refusal_for_another_reason_is_final) {
  auto said = make_hello(card_of(1), {3});
  auto answer = make_welcome(card_of(2), said, "this is peer 2, not peer 3");
  BOOST_TEST(!say_again(card_of(1), said, answer));
  answer.version = 0;
  BOOST_TEST(!say_again(card_of(1), said, answer));
}

BOOST_AUTO_TEST_SUITE_END()
