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
  for (std::uint64_t i = 1; i <= 3; ++i)
    if (i != id)
      result.remotes.push_back({{i}, {"127.0.0.1", 7000}});
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
  auto answer = make_welcome(card_of(2), "");
  BOOST_TEST(answer.shown.incarnation.value == 102u);
  BOOST_TEST(complaint_about(card_of(1), {2}, answer) == "");
  BOOST_TEST(complaint_about(card_of(1), {}, answer) == "");
}

BOOST_AUTO_TEST_CASE(clients_are_welcome) {
  card client{"blue", {}, {}, {}};
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
  auto ours = std::to_string(protocol_version);
  BOOST_TEST(says(refusal([](hello& x) { x.cluster = "red"; }),
                  "this peer belongs to cluster \"blue\", not \"red\""));
  BOOST_TEST(says(refusal([](hello& x) { x.version = 99; }),
                  "protocol version " + ours + ", not 99"));
  BOOST_TEST(
    says(refusal([](hello& x) { x.to = {3}; }), "this is peer 2, not peer 3"));
  BOOST_TEST(says(refusal([](hello& x) { x.from = {9}; }),
                  "peer 9 is not among the members"));
  BOOST_TEST(says(refusal([](hello& x) { x.from = {}; }),
                  "peer 0 is not among the members"));
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
    auto msg = make_welcome(card_of(2), "");
    change(msg);
    return complaint_about(card_of(1), {2}, msg);
  };
  BOOST_TEST(says(complaint([](welcome& x) { x.refusal = "go away"; }),
                  "it refused us: go away"));
  BOOST_TEST(says(complaint([](welcome& x) { x.cluster = "red"; }),
                  "it belongs to cluster \"red\", not \"blue\""));
  BOOST_TEST(
    says(complaint([](welcome& x) { x.version = 99; }),
         "protocol version 99, not " + std::to_string(protocol_version)));
  BOOST_TEST(says(complaint([](welcome& x) { x.from = {3}; }),
                  "it is peer 3, not peer 2"));
}

BOOST_AUTO_TEST_SUITE_END()
