// Visiting the fields of a message forgets none of them.

#include <raft/messages/all.hpp>
#include <raft/messages/fields.hpp>
#include <raft/messages/text.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace raft;

BOOST_AUTO_TEST_SUITE(fields)

static_assert(field_count<term_number> == 1);
static_assert(field_count<hard_state> == 2);
static_assert(field_count<entry> == 6);
static_assert(field_count<append_request> == 11);
static_assert(field_count<peer_state> == 18);

BOOST_AUTO_TEST_CASE(ties_are_references_in_order_of_declaration) {
  hard_state x{{3}, {4}};
  auto [term, vote] = tie_fields(x);
  BOOST_TEST(term.value == 3u);
  BOOST_TEST(vote.value == 4u);
  std::get<0>(tie_fields(x)) = term_number{5};
  BOOST_TEST(x.term.value == 5u);
}

BOOST_AUTO_TEST_CASE(outcomes_and_reasons_have_words_of_their_own) {
  std::set<std::string> words;
  for (std::uint8_t i = 0; i <= 6; ++i)
    words.insert(to_text(static_cast<reject_reason>(i)));
  BOOST_TEST(words.size() == 7u);
  auto other = std::string{to_text(static_cast<reject_reason>(200))};
  BOOST_TEST(!words.contains(other));
  BOOST_TEST(to_text(outcome::committed) == std::string{"committed"});
  BOOST_TEST(to_text(outcome::rejected) == std::string{"rejected"});
  BOOST_TEST(to_text(static_cast<outcome>(200)) == std::string{"unknown"});
}

BOOST_AUTO_TEST_SUITE_END()
