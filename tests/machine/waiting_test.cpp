// Who waits for an entry to be applied.

#include <raft/machine/waiting.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace raft;

namespace {

log_position at(std::uint64_t index, std::uint64_t term) {
  return {{index}, {term}};
}

using list = machine::waiting_list<std::string>;

std::string names(const std::vector<list::item>& items) {
  std::string result;
  for (const auto& x : items)
    result += x.ticket + " ";
  return result;
}

/// a, b and c wait at 5@2, 6@2 and 8@2.
list three() {
  list result;
  result.add(at(5, 2), "a");
  result.add(at(6, 2), "b");
  result.add(at(8, 2), "c");
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(waiting)

BOOST_AUTO_TEST_CASE(an_applied_entry_answers_who_waits_for_it_once) {
  auto waiting = three();
  BOOST_TEST(!waiting.take(at(7, 2)));
  auto b = waiting.take(at(6, 2));
  BOOST_REQUIRE(b.has_value());
  BOOST_TEST(b->ticket == "b");
  BOOST_TEST((b->where == at(6, 2)));
  BOOST_TEST(!waiting.take(at(6, 2)));
  BOOST_TEST(names(waiting.take_all()) == "a c ");
  BOOST_TEST(waiting.empty());
}

BOOST_AUTO_TEST_CASE(an_entry_of_another_term_answers_nobody) {
  auto waiting = three();
  BOOST_TEST(!waiting.take(at(5, 3)));
  BOOST_TEST(waiting.take(at(5, 2)).has_value());
}

BOOST_AUTO_TEST_CASE(who_waits_below_what_was_applied_waits_in_vain) {
  auto waiting = three();
  BOOST_TEST(waiting.take(at(5, 2)).has_value());
  BOOST_TEST(names(waiting.take_replaced({6})) == "b ");
  BOOST_TEST(waiting.take_replaced({7}).empty());
  BOOST_TEST(names(waiting.take_all()) == "c ");
}

BOOST_AUTO_TEST_CASE(results_are_wanted_only_where_somebody_waits) {
  auto waiting = three();
  BOOST_TEST(!waiting.any_between({1}, {4}));
  BOOST_TEST(waiting.any_between({1}, {5}));
  BOOST_TEST(!waiting.any_between({7}, {7}));
  BOOST_TEST(waiting.any_between({7}, {8}));
  BOOST_TEST(!waiting.any_between({9}, {90}));
}

BOOST_AUTO_TEST_CASE(who_leads_on_keeps_all) {
  auto waiting = three();
  BOOST_TEST(waiting.take_lost({2}, {0}).empty());
}

BOOST_AUTO_TEST_CASE(losing_leadership_gives_up_what_is_not_committed) {
  auto waiting = three();
  BOOST_TEST(names(waiting.take_lost({0}, {5})) == "b c ");
  BOOST_TEST(waiting.take(at(5, 2)).has_value());
}

BOOST_AUTO_TEST_CASE(a_later_term_keeps_only_its_own) {
  auto waiting = three();
  waiting.add(at(9, 4), "d");
  BOOST_TEST(names(waiting.take_lost({4}, {5})) == "b c ");
  BOOST_TEST(names(waiting.take_all()) == "a d ");
}

BOOST_AUTO_TEST_CASE(answers_say_what_became_of_the_command) {
  apply_result done{{5}, apply_status::done, bytes{"hello"}};
  auto answer = machine::answer_applied(done, at(5, 2), {3});
  BOOST_TEST((
    answer
    == executed{
      outcome::committed, reject_reason::none, bytes{"hello"}, {5}, {2}, {3}}));

  apply_result expired{{5}, apply_status::session_expired, {}};
  answer = machine::answer_applied(expired, at(5, 2), {3});
  BOOST_TEST((answer.result == outcome::rejected));
  BOOST_TEST((answer.reason == reject_reason::session_expired));

  // It may have taken effect earlier.
  apply_result stale{{5}, apply_status::stale, {}};
  answer = machine::answer_applied(stale, at(5, 2), {3});
  BOOST_TEST((answer.result == outcome::unknown));

  // A read that was not answered, and can be asked for again.
  apply_result no_space{{5}, apply_status::no_space, {}};
  answer = machine::answer_applied(no_space, at(5, 2), {3});
  BOOST_TEST((answer.result == outcome::rejected));
  BOOST_TEST((answer.reason == reject_reason::busy));

  answer = machine::answer_unknown(at(5, 2), {1});
  BOOST_TEST((answer.result == outcome::unknown));
  BOOST_TEST(answer.index.value == 5u);
  BOOST_TEST(answer.leader.value == 1u);

  answer = machine::answer_rejected(reject_reason::busy, {2}, {1});
  BOOST_TEST((answer.result == outcome::rejected));
  BOOST_TEST((answer.reason == reject_reason::busy));
  BOOST_TEST(answer.index.value == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
