// Reads by lease (thesis, section 6.4.1): what voters promise, and how long
// their leader relies on it.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// Leases of 245,452 us for promises of 300 ms.
settings with_leases() {
  settings result;
  result.lease_drift_ppm = 100'000;
  return result;
}

constexpr instant lease = 245'452us;

/// A leader in term 1 that has applied all it committed, and that nobody has
/// promised anything.
lone_peer make_idle_leader(std::size_t members = 3,
                           const settings& config = with_leases()) {
  auto x = make_leader(config, members);
  x.read_and_apply();
  return x;
}

/// A peer answers the leader's last round.
void promise(lone_peer& x, std::uint64_t who, std::uint64_t round,
             std::uint64_t promised_ms = 300, std::uint64_t term = 1) {
  auto answer = make_accept(who, 1, term, x->commit().value, round);
  answer.promised_ms = promised_ms;
  x.receive(answer);
}

/// The leader begins a round; the number of it.
std::uint64_t begin_round(lone_peer& x) {
  x.messages.clear();
  x.wake();
  return x.take<append_request>(2).back().round.value;
}

/// Whether a read by lease is answered without asking anybody.
bool reads_by_lease(lone_peer& x) {
  x.messages.clear();
  const auto number = x.read(consistency::lease);
  const auto result = x.granted(number) && x.messages.empty();
  BOOST_TEST(x->has_lease() == result);
  return result;
}

/// What the monotonic clock shows, while the time told is held back.
void show(lone_peer& x, instant clock) {
  x.input([&](core& c) { c.tell_clock(clock); });
}

/// A voter that has just heard peer 2 lead in term 1.
lone_peer make_voter(const settings& config = with_leases()) {
  lone_peer x{1, voters(3), {}, {}, config};
  x.receive(make_append(2, 1, 1, {}, {1}, 1));
  x.persist_all();
  x.read_and_apply();
  return x;
}

/// How it answers a vote request of peer 3.
vote_reply ask_for_vote(lone_peer& x, bool pre_vote = false) {
  x.messages.clear();
  x.receive(make_vote_request(3, 1, 2, at(1, 1), pre_vote));
  x.persist_all();
  return x.take_one<vote_reply>(3);
}

} // namespace

BOOST_AUTO_TEST_SUITE(leases)

// -- how long -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_lease_is_shorter_than_the_promise_by_both_drifts) {
  BOOST_TEST((lease_for(300ms, 1) == 299'997us));
  BOOST_TEST((lease_for(300ms, 100'000) == lease));
  BOOST_TEST((lease_for(300ms, lease_drift_ppm_max) == 99'998us));
  BOOST_TEST((lease_for(0ms, 100) == 0us));
  BOOST_TEST((lease_for(24h, 200'000) == 16h - 2us));
}

/// The slowest clock that is allowed at the leader, the fastest one at the
/// voter, and a message that took no time: the leader's lease ends first.
BOOST_AUTO_TEST_CASE(a_lease_ends_before_the_promise_by_any_clocks_allowed) {
  for (const std::int64_t drift : {1, 50, 500, 100'000, 499'999, 500'000})
    for (const auto promised : {1ms, 2ms, 7ms, 300ms, 3'600'000ms}) {
      const auto length
        = lease_for(promised, static_cast<std::uint64_t>(drift));
      // In millionths of a microsecond of true time.
      const auto leader
        = (length.count() + 1) * 1'000'000 / (1'000'000 - drift);
      const auto voter
        = (instant{promised}.count() - 1) * 1'000'000 / (1'000'000 + drift);
      BOOST_TEST((length == 0us || leader <= voter + 1));
    }
}

BOOST_AUTO_TEST_CASE(rounds_are_remembered_for_a_while) {
  round_times uut;
  BOOST_TEST(!uut.began_at({1}));
  for (std::uint64_t i = 1; i <= 10; ++i)
    uut.begin({i}, i * 1ms, 3ms);
  BOOST_TEST(!uut.began_at({0}));
  BOOST_TEST(!uut.began_at({6}));
  BOOST_TEST((uut.began_at({7}) == 7ms));
  BOOST_TEST((uut.began_at({10}) == 10ms));
  BOOST_TEST(!uut.began_at({11}));
}

// -- a leader -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(promises_of_a_majority_are_a_lease) {
  auto x = make_idle_leader(5);
  auto round = begin_round(x);
  BOOST_TEST(!reads_by_lease(x));
  promise(x, 2, round);
  BOOST_TEST(!reads_by_lease(x));
  promise(x, 2, round); // the same peer again
  BOOST_TEST(!reads_by_lease(x));
  promise(x, 3, round);
  BOOST_TEST(reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(it_counts_from_when_the_round_was_begun) {
  auto x = make_idle_leader();
  auto round = begin_round(x);
  auto began = x.now;
  // The answer comes late. Rounds after it are not answered.
  x.advance(200ms);
  promise(x, 2, round);
  BOOST_TEST(reads_by_lease(x));
  show(x, began + lease - 1us);
  BOOST_TEST(reads_by_lease(x));
  show(x, began + lease);
  BOOST_TEST(!reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_too_late_is_no_lease) {
  auto x = make_idle_leader();
  auto round = begin_round(x);
  x.advance(300ms);
  promise(x, 2, round);
  promise(x, 3, round);
  BOOST_TEST(x->leads());
  BOOST_TEST(!reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(an_old_answer_shortens_nothing) {
  auto x = make_idle_leader();
  auto first = begin_round(x);
  auto second = begin_round(x);
  auto began = x.now;
  promise(x, 2, second);
  promise(x, 2, first);
  show(x, began + lease - 1us);
  BOOST_TEST(reads_by_lease(x));
}

/// A process that stood still sees messages first, by the time before.
BOOST_AUTO_TEST_CASE(it_ends_by_what_the_clock_shows) {
  auto x = make_idle_leader();
  promise(x, 2, begin_round(x));
  auto told = x.now;
  show(x, told + 10s);
  BOOST_TEST((x.now == told));
  BOOST_TEST(x->leads());
  BOOST_TEST(!reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(who_promises_less_is_relied_on_for_less) {
  auto x = make_idle_leader();
  auto round = begin_round(x);
  promise(x, 2, round, 0);
  BOOST_TEST(!reads_by_lease(x));
  promise(x, 2, round, 110);
  show(x, x.now + 90ms - 3us);
  BOOST_TEST(reads_by_lease(x));
  show(x, x.now + 90ms - 2us);
  BOOST_TEST(!reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(nobody_is_relied_on_for_more_than_one_would_promise) {
  auto x = make_idle_leader();
  promise(x, 2, begin_round(x), ~std::uint64_t{0});
  show(x, x.now + lease - 1us);
  BOOST_TEST(reads_by_lease(x));
  show(x, x.now + lease);
  BOOST_TEST(!reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(without_a_lease_a_round_answers) {
  for (const auto& config : {with_leases(), settings{}}) {
    auto x = make_idle_leader(3, config);
    x.messages.clear();
    auto read = x.read(consistency::lease);
    BOOST_TEST(!x.granted(read));
    auto asked = x.take<append_request>();
    BOOST_REQUIRE(asked.size() == 1u);
    promise(x, 2, asked[0].round.value);
    BOOST_TEST(x.granted(read));
    BOOST_TEST(reads_by_lease(x) == (config.lease_drift_ppm != 0));
  }
}

BOOST_AUTO_TEST_CASE(who_wants_no_lease_gets_a_round) {
  auto x = make_idle_leader();
  promise(x, 2, begin_round(x));
  x.messages.clear();
  auto strict = x.read();
  BOOST_TEST(!x.granted(strict));
  auto round = x.take<append_request>(2).back().round.value;
  // It is overtaken by those that need none.
  BOOST_TEST(reads_by_lease(x));
  promise(x, 2, round);
  BOOST_TEST(x.granted(strict));
}

BOOST_AUTO_TEST_CASE(a_new_leader_commits_an_entry_of_its_own_first) {
  lone_peer x{1, voters(3), {1}, {}, with_leases()};
  x.elect();
  x.persist_all();
  auto asked = x.take<append_request>(2).back();
  auto answer = make_accept(2, 1, asked.term.value, 1, asked.round.value);
  answer.promised_ms = 300;
  x.receive(answer);
  BOOST_TEST(!reads_by_lease(x));
  answer.match = {2};
  x.receive(answer);
  x.read_and_apply();
  BOOST_TEST(reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(what_was_committed_is_applied_first) {
  auto x = make_idle_leader();
  promise(x, 2, begin_round(x));
  x.start();
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 2, 2));
  BOOST_REQUIRE(x->commit() == log_index{2});
  auto read = x.read(consistency::lease);
  BOOST_TEST(!x.granted(read));
  // Also if it is somebody else's turn by then.
  x.receive(make_vote(3, 1, 5, 5, false));
  BOOST_TEST(!x->leads());
  BOOST_TEST(!x.verdict_on(read));
  x.read_and_apply();
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(who_leads_no_more_has_no_lease) {
  auto x = make_idle_leader();
  promise(x, 2, begin_round(x));
  promise(x, 3, 2);
  BOOST_TEST(x->has_lease());
  x.receive(make_vote(3, 1, 5, 5, false));
  BOOST_TEST(!x->has_lease());
  x.persist_all();
  // Nor when it leads again at once.
  x.elect();
  BOOST_TEST(x->term() == term_number{6});
  BOOST_TEST(!x->has_lease());
}

BOOST_AUTO_TEST_CASE(who_hands_over_has_no_lease) {
  auto config = with_leases();
  config.compaction_bytes_min = 1;
  auto x = make_idle_leader(3, config);
  promise(x, 2, begin_round(x));
  BOOST_TEST(x->has_lease());
  // There is no room on its disk, but on that of another.
  x.start();
  x.receive(make_accept(2, 1, 1, 2, 2));
  x.input([&](core& c) { c.refused(x.batch->number); });
  BOOST_TEST(!x->leads());
  BOOST_TEST(!x->has_lease());
}

BOOST_AUTO_TEST_CASE(another_store_has_promised_nothing) {
  auto x = make_idle_leader();
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{7}); });
  auto round = begin_round(x);
  auto answer = make_accept(2, 1, 1, 1, round);
  answer.header.incarnation = {7};
  answer.promised_ms = 300;
  x.receive(answer);
  BOOST_TEST(x->has_lease());
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{8}); });
  BOOST_TEST(!x->has_lease());
}

BOOST_AUTO_TEST_CASE(whoever_is_alone_has_a_lease) {
  auto x = make_idle_leader(1);
  BOOST_TEST(reads_by_lease(x));
}

BOOST_AUTO_TEST_CASE(reads_by_lease_have_the_same_bound) {
  auto config = with_leases();
  config.reads_waiting_max = 2;
  auto x = make_leader(config); // whose state machine applies nothing
  promise(x, 2, begin_round(x));
  x.read(consistency::lease);
  x.read();
  for (auto how : {consistency::lease, consistency::linearizable})
    x.input([how](core& c) {
      BOOST_TEST((c.begin_read(how).reason == reject_reason::busy));
    });
}

// -- reads of followers -------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_leader_gives_read_indexes_by_lease) {
  auto x = make_idle_leader();
  promise(x, 2, begin_round(x));
  x.messages.clear();
  x.receive(read_index_request{header(3, 1), {1}, {7}, true});
  auto answer = x.take_one<read_index_reply>(3);
  BOOST_TEST(answer.number == read_number{7});
  BOOST_TEST(answer.index == log_index{1});
  BOOST_TEST(x.messages.empty());
  // Others ask for more.
  x.receive(read_index_request{header(3, 1), {1}, {8}, false});
  BOOST_TEST(x.take<read_index_reply>().empty());
  BOOST_TEST(!x.take<append_request>().empty());
}

BOOST_AUTO_TEST_CASE(without_a_lease_others_wait_for_a_round) {
  auto x = make_idle_leader();
  x.receive(read_index_request{header(3, 1), {1}, {7}, true});
  BOOST_TEST(x.take<read_index_reply>().empty());
  promise(x, 2, x.take<append_request>(2).back().round.value);
  BOOST_TEST(x.take_one<read_index_reply>(3).number == read_number{7});
}

BOOST_AUTO_TEST_CASE(a_follower_says_whether_a_lease_is_enough) {
  auto x = make_voter(settings{}); // whatever its own settings are
  auto asked = [&x] { return x.take_one<read_index_request>(2); };
  auto answer = [&x](const read_index_request& to) {
    x.receive(read_index_reply{header(2, 1), to.term, to.number, {1}});
  };
  x.messages.clear();
  auto first = x.read(consistency::lease);
  auto question = asked();
  BOOST_TEST(question.by_lease);
  // What comes meanwhile goes together, and is answered as the strictest wants.
  x.read(consistency::lease);
  x.read();
  auto last = x.read(consistency::lease);
  answer(question);
  BOOST_TEST(x.granted(first));
  question = asked();
  BOOST_TEST(!question.by_lease);
  answer(question);
  BOOST_TEST(x.granted(last));
  x.read(consistency::lease);
  BOOST_TEST(asked().by_lease);
}

// -- a voter ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_voter_says_what_it_promises) {
  auto x = make_voter();
  BOOST_TEST(x.take<append_reply>(2).back().promised_ms == 300u);
  // Also with what it refuses.
  x.receive(make_append(2, 1, 1, at(5, 1)));
  auto refusal = x.take<append_reply>(2).back();
  BOOST_TEST(!refusal.accepted);
  BOOST_TEST(refusal.promised_ms == 300u);
  // But not to who leads no more.
  x.receive(make_append(2, 1, 0, {}));
  x.receive(make_vote(3, 1, 3, 3, false));
  x.persist_all();
  x.messages.clear();
  x.receive(make_append(2, 1, 1, at(1, 1)));
  BOOST_TEST(x.take_one<append_reply>(2).promised_ms == 0u);
}

BOOST_AUTO_TEST_CASE(without_leases_nothing_is_promised) {
  auto x = make_voter(settings{});
  BOOST_TEST(x.take<append_reply>(2).back().promised_ms == 0u);
  lone_peer again{1, voters(3), {1}};
  BOOST_TEST(ask_for_vote(again).granted);
}

BOOST_AUTO_TEST_CASE(a_voter_keeps_its_promise) {
  for (auto pre_vote : {true, false}) {
    auto x = make_voter();
    x.advance(300ms - 1us);
    BOOST_TEST(!ask_for_vote(x, pre_vote).granted);
    BOOST_TEST(x->term() == term_number{1});
    x.advance(1us);
    BOOST_TEST(ask_for_vote(x, pre_vote).granted);
  }
}

/// Time is held back for messages that wait, here for 10 s.
BOOST_AUTO_TEST_CASE(a_promise_begins_and_ends_by_what_the_clock_shows) {
  auto x = make_voter();
  show(x, 10s);
  x.receive(make_append(2, 1, 1, at(1, 1)));
  x.now = 10s + 300ms - 1us;
  show(x, x.now);
  x->advance(300ms); // by that, the leader is gone
  BOOST_TEST(!ask_for_vote(x).granted);
  show(x, x.now + 1us);
  BOOST_TEST(ask_for_vote(x).granted);
}

BOOST_AUTO_TEST_CASE(a_promise_outlives_the_term) {
  auto x = make_voter();
  // It hears of a later term otherwise than by a vote request.
  x.receive(make_vote(3, 1, 2, 2, false));
  x.persist_all();
  BOOST_REQUIRE(x->term() == term_number{2});
  BOOST_TEST(!x->leader());
  BOOST_TEST(!ask_for_vote(x).granted);
  BOOST_TEST(x.noted(note_kind::refused_vote_promised));
  x.advance(300ms);
  BOOST_TEST(ask_for_vote(x).granted);
}

BOOST_AUTO_TEST_CASE(a_voter_does_not_campaign_against_its_promise) {
  auto x = make_voter();
  // By the time that is held back, it has heard nobody for long.
  show(x, 590ms);
  x.receive(make_append(2, 1, 1, at(1, 1)));
  x.messages.clear();
  x.now = 590ms;
  while (x->wake_at() < 890ms) {
    x.wake();
    BOOST_REQUIRE(x.now < 890ms);
    BOOST_TEST((x->role() == peer_role::follower));
  }
  BOOST_TEST(x.take<vote_request>().empty());
  x.wake();
  BOOST_TEST((x->role() == peer_role::pre_candidate));
}

BOOST_AUTO_TEST_CASE(a_process_that_starts_keeps_what_the_one_before_promised) {
  lone_peer x{1, voters(3), {1}, {}, with_leases()};
  x.advance(300ms - 1us);
  BOOST_TEST(!ask_for_vote(x).granted);
  BOOST_TEST(x.noted(note_kind::refused_vote_promised));
  x.advance(1us);
  BOOST_TEST(ask_for_vote(x).granted);
  // In term 0, there was nobody to promise anything.
  lone_peer fresh{1, voters(3), {}, {}, with_leases()};
  fresh.receive(make_vote_request(3, 1, 1, {}));
  fresh.persist_all();
  BOOST_TEST(fresh.take_one<vote_reply>(3).granted);
}

BOOST_AUTO_TEST_CASE(settings_for_leases_are_checked) {
  settings x;
  x.commands_read_by_lease = true;
  BOOST_TEST(complaint_about(x) != nullptr);
  x.lease_drift_ppm = lease_drift_ppm_max;
  BOOST_TEST(complaint_about(x) == nullptr);
  ++x.lease_drift_ppm;
  BOOST_TEST(complaint_about(x) != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
