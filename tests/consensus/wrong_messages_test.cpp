// Old, overtaken, malformed and impossible messages do no harm.

#include "support.hpp"
#include <raft/consensus/soundness.hpp>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(wrong_messages)

BOOST_AUTO_TEST_CASE(an_old_append_does_not_truncate_what_agrees) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1, 1, 1}));
  x.persist_all();
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1}));
  x.receive(make_append(2, 1, 1, at(1, 1)));
  BOOST_TEST(x->log().last() == at(4, 1));
  BOOST_TEST(!x.batch.has_value());
}

BOOST_AUTO_TEST_CASE(
  commit_does_not_reach_what_is_left_over_from_another_leader) {
  lone_peer x{1, voters(3), {1, 2, 2, 2}};
  x.receive(make_append(2, 1, 3, at(1, 1), {}, 4));
  BOOST_TEST(x->commit().value == 1u);
  x.receive(make_append(2, 1, 3, at(1, 1), {3}, 4));
  BOOST_TEST(x->commit().value == 2u);
  BOOST_TEST(x.committed.back().term.value == 3u);
}

BOOST_AUTO_TEST_CASE(an_old_acknowledgement_makes_no_quorum) {
  lone_peer x{1, voters(3), {1, 1, 1}};
  x.elect();
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 3)); // of the term before
  BOOST_TEST(known(x, 2).match.value == 0u);
  x.receive(make_accept(2, 1, 2, 4));
  x.receive(make_accept(2, 1, 2, 2)); // overtaken by the other
  BOOST_TEST(known(x, 2).match.value == 4u);
}

BOOST_AUTO_TEST_CASE(an_old_refusal_is_recognized) {
  auto x = make_leader();
  x.start();
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 2));
  x.take<append_request>();
  x.receive(make_refusal(2, 1, 1, 1, at(1, 0)));
  BOOST_TEST(x.take<append_request>(2).empty());
  BOOST_TEST(known(x, 2).next.value == 3u);
}

BOOST_AUTO_TEST_CASE(one_refusal_of_many_requests_is_enough) {
  settings config;
  config.batches_under_way_max = 10;
  auto x = make_leader(config);
  for (int i = 0; i < 4; ++i)
    x.start();
  x.take<append_request>();
  // The first request was lost; the other three are refused.
  for (const auto refused : {2, 3, 4})
    x.receive(
      make_refusal(2, 1, 1, static_cast<std::uint64_t>(refused), at(2, 0)));
  BOOST_TEST(x.take<append_request>(2).size() == 1u);
  BOOST_TEST(known(x, 2).next.value == 2u);
}

BOOST_AUTO_TEST_CASE(malformed_appends_are_ignored_without_harm) {
  const auto ignored = [](auto change) {
    lone_peer x{1, voters(3), {1, 1}};
    auto msg = make_append(2, 1, 2, at(2, 1), {2, 2, 2}, 9);
    change(msg);
    x.receive(msg);
    return x->log().last() == at(2, 1) && x->commit().value == 0
        && x->term().value == 1 && x.messages.empty();
  };
  BOOST_TEST(!ignored([](auto&) {}));
  BOOST_TEST(ignored([](auto& x) { x.entries[1].index = log_index{9}; }));
  BOOST_TEST(ignored([](auto& x) { x.entries[0].index = log_index{2}; }));
  BOOST_TEST(ignored([](auto& x) { x.entries[2].index = log_index{4}; }));
  BOOST_TEST(ignored([](auto& x) { x.entries[1].term = term_number{1}; }));
  BOOST_TEST(ignored([](auto& x) { x.entries[2].term = term_number{3}; }));
  BOOST_TEST(ignored([](auto& x) { x.entries[0].term = {}; }));
  BOOST_TEST(ignored([](auto& x) { x.previous.term = term_number{3}; }));
  BOOST_TEST(ignored([](auto& x) { x.previous.term = {}; }));
  BOOST_TEST(ignored([](auto& x) { x.previous.index = {}; }));
  BOOST_TEST(ignored([](auto& x) { x.term = {}; }));
}

BOOST_AUTO_TEST_CASE(impossible_answers_are_ignored_without_harm) {
  auto x = make_leader();
  const auto before = known(x, 2);
  x.receive(make_accept(2, 1, 1, 2)); // more than there is
  x.receive(make_accept(2, 1, 1, 0, 99)); // to a round never begun
  x.receive(make_refusal(2, 1, 1, 77, at(1, 1))); // of what was never asked
  x.receive(make_refusal(2, 1, 1, 0, at(0, 0)));
  BOOST_CHECK(known(x, 2) == before);
  BOOST_TEST(x->commit().value == 1u);
}

BOOST_AUTO_TEST_CASE(a_refusal_with_a_useless_hint_still_leads_on) {
  lone_peer x{1, voters(3), {1, 1, 1, 1}};
  x.elect();
  BOOST_TEST(x.take_one<append_request>(2).previous == at(4, 1));
  x.receive(make_refusal(2, 1, 2, 4, at(99, 0)));
  BOOST_TEST(x.take_one<append_request>(2).previous == at(3, 1));
  x.receive(make_refusal(2, 1, 2, 3, at(99, 1)));
  BOOST_TEST(x.take_one<append_request>(2).previous == at(2, 1));
  x.receive(make_refusal(2, 1, 2, 2, at(1, 0)));
  BOOST_TEST(x.take_one<append_request>(2).previous == at(0, 0));
}

BOOST_AUTO_TEST_CASE(a_refusal_for_an_older_term_leads_nowhere) {
  lone_peer x{1, voters(3), {1, 1, 1, 1}};
  x.elect();
  BOOST_TEST(x.take_one<append_request>(2).previous == at(4, 1));
  x.receive(make_refusal(2, 1, 2, 4, at(0, 0)));
  BOOST_TEST(x.take<append_request>(2).empty());
  BOOST_TEST(known(x, 2).next.value == 5u);
}

BOOST_AUTO_TEST_CASE(what_an_empty_entry_holds_is_judged_as_a_whole) {
  auto x = make_append(2, 1, 2, at(1, 1), {2});
  x.entries[0].kind = entry_kind::empty;
  x.entries[0].data = bytes{"8 bytes."};
  BOOST_TEST(is_sound(x));
  x.size = 16; // each piece of it would pass
  BOOST_TEST(!is_sound(x));
  x.size = 0;
  x.previous.term = {2}; // not the first of its term: a restart would miss it
  BOOST_TEST(!is_sound(x));
}

BOOST_AUTO_TEST_CASE(what_was_compacted_can_be_contradicted) {
  durable_state recovered;
  recovered.hard = {{5}, {}};
  recovered.members.founding.voters = {{1}, {2}, {3}};
  recovered.compacted = recovered.last = at(1000, 5);
  core x{{{1}, {1}, {11}, 1}, settings{}, recovered, {}, {1000}, instant{0}};
  x.advance(instant{1});
  auto msg = make_append(2, 1, 6, at(998, 1), {1, 1, 1});
  x.receive(msg);
  BOOST_TEST(x.log().last() == at(1000, 5));
  BOOST_TEST(x.take_output().distrusted.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
