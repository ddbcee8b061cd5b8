// What may be in a message that comes from outside, and what may not.

#include <raft/tests/transport/samples.hpp>

#include <boost/test/unit_test.hpp>

namespace raft::transport {

std::ostream& operator<<(std::ostream& out, judgment x) {
  return out << static_cast<int>(x);
}

BOOST_AUTO_TEST_SUITE(content_tests)

namespace {

judgment judge(const std::string& payload, bool is_response = false) {
  return judge_message(*small_vocabulary(), payload, them, is_response);
}

} // namespace

BOOST_AUTO_TEST_CASE(node_names) {
  BOOST_TEST(is_node_name(them));
  BOOST_TEST(!is_node_name(""));
  BOOST_TEST(!is_node_name(them + "x"));
  BOOST_TEST(!is_node_name(them.substr(1)));
  BOOST_TEST(!is_node_name(node_name(0)));
  BOOST_TEST(!is_node_name(them.substr(0, 12) + std::string(20, '\0')));
  BOOST_TEST(!is_node_name(std::string(32, 'x')));
}

BOOST_AUTO_TEST_CASE(known_types_pass) {
  BOOST_TEST(judge(content("@<>+word", "xyz")) == judgment::fine);
  BOOST_TEST(judge(content("@<>+word+@u64+@str", "")) == judgment::fine);
}

BOOST_AUTO_TEST_CASE(what_controls_actors_does_not) {
  for (auto types :
       {"@<>+@exit", "@<>+@down", "@<>+@error", "@<>+@message", "@<>+@timeout",
        "@<>+@atom+@strong_actor_ptr", "@<>+@actor", "@<>+@group", "@<>+@node",
        "@<>+@open_stream_msg", "@<>+@charbuf", "@<>+@strvec", "@<>+unheard of",
        "@<>+word+@message", "@<>"})
    BOOST_TEST((judge(content(types, "")) == judgment::forbidden), types);
}

BOOST_AUTO_TEST_CASE(lists_of_types_are_short_and_well_formed) {
  std::string many = "@<>";
  for (int i = 0; i < 16; ++i)
    many += "+@u8";
  BOOST_TEST(judge(content(many, "")) == judgment::fine);
  BOOST_TEST(judge(content(many + "+@u8", "")) == judgment::malformed);
  BOOST_TEST(judge(content("@<>word", "")) == judgment::malformed);
  BOOST_TEST(judge(content("word", "")) == judgment::malformed);
  BOOST_TEST(judge(content("@<>+", "")) == judgment::forbidden);
  BOOST_TEST(judge("") == judgment::malformed);
  BOOST_TEST(judge(std::string(1, '\0')) == judgment::malformed);
  BOOST_TEST(judge(std::string(3, '\0')) == judgment::malformed);
  // A type that is given by its number.
  BOOST_TEST(judge(number(0, 1) + number(5, 2)) == judgment::malformed);
  // Lengths that lie, and one that does not end.
  BOOST_TEST(judge(number(0, 3) + "\x7F@<>+word") == judgment::malformed);
  BOOST_TEST(judge(number(0, 3) + std::string(100, '\xFF'))
             == judgment::malformed);
}

BOOST_AUTO_TEST_CASE(every_beginning_of_a_message_is_judged) {
  auto whole = content("@<>+greet+acceptor", "x" + handle(7, them));
  BOOST_TEST(judge(whole) == judgment::fine);
  for (std::size_t i = 0; i < whole.size(); ++i)
    BOOST_TEST((judge(whole.substr(0, i)) != judgment::fine), i);
}

BOOST_AUTO_TEST_CASE(nobody_else_gets_the_answer) {
  BOOST_TEST(
    judge(number(1, 1) + handle(7, them) + content("@<>+word", "").substr(1))
    == judgment::forbidden);
}

BOOST_AUTO_TEST_CASE(handles_are_of_the_sender_and_end_the_message) {
  auto with = [](const std::string& x) {
    return judge(content("@<>+greet+acceptor", "x" + x));
  };
  BOOST_TEST(with(handle(7, them)) == judgment::fine);
  BOOST_TEST(with(handle(0, number(0xF, 8))) == judgment::fine);
  BOOST_TEST(with(handle(7, third)) == judgment::forbidden);
  BOOST_TEST(with(handle(7, us)) == judgment::forbidden);
  BOOST_TEST(with(handle(0, them)) == judgment::forbidden);
  BOOST_TEST(with(handle(7, number(0xF, 8))) == judgment::malformed);
  BOOST_TEST(with("") == judgment::malformed);
  BOOST_TEST(with(handle(7, third) + handle(7, them)) == judgment::malformed);
  BOOST_TEST(judge(content("@<>+acceptor+greet", "")) == judgment::forbidden);
  BOOST_TEST(judge(content("@<>+acceptor", "")) == judgment::forbidden);
  BOOST_TEST(judge(content("@<>+word+acceptor", "")) == judgment::forbidden);
  BOOST_TEST(judge(content("@<>+greet", "x")) == judgment::forbidden);
}

BOOST_AUTO_TEST_CASE(answers_may_be_errors_or_nothing) {
  auto error = [](const std::string& types, const std::string& rest) {
    return content("@<>+@error", number(4, 1) + number(9, 8) + number(0, 2)
                                   + text(types) + rest);
  };
  BOOST_TEST(judge(content("@<>", ""), true) == judgment::fine);
  BOOST_TEST(judge(error("@<>", ""), true) == judgment::fine);
  BOOST_TEST(judge(error("@<>+@str", text("why")), true) == judgment::fine);
  BOOST_TEST(judge(error("@<>", "")) == judgment::forbidden);
  // Errors in errors, which CAF would follow until its stack is full.
  BOOST_TEST(judge(error("@<>+@error", ""), true) == judgment::forbidden);
  BOOST_TEST(judge(error("@<>+@message", ""), true) == judgment::forbidden);
  BOOST_TEST(judge(error("@<>+@str", std::string(error_bytes_max, 'x')), true)
             == judgment::forbidden);
}

BOOST_AUTO_TEST_CASE(what_servers_say_of_themselves) {
  auto whole = introduction(them);
  BOOST_TEST(judge_introduction(whole) == judgment::fine);
  BOOST_TEST(judge_introduction(whole + "x") == judgment::malformed);
  for (std::size_t i = 0; i < whole.size(); ++i)
    BOOST_TEST((judge_introduction(whole.substr(0, i)) == judgment::malformed),
               i);
  BOOST_TEST(judge_introduction(them + std::string("\xFF\xFF\xFF\xFF\x0F"))
             == judgment::malformed);
  BOOST_TEST(judge_introduction(introduction(node_name(0)))
             == judgment::malformed);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace raft::transport
