// Who should rather lead than others.

#include "small_cluster.hpp"
#include "transfers.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(priorities)

// -- priorities ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(priorities_are_checked) {
  BOOST_TEST(complaint_about(with_priority(0)) == nullptr);
  BOOST_TEST(complaint_about(with_priority(priority_max)) == nullptr);
  BOOST_TEST(complaint_about(with_priority(priority_max + 1)) != nullptr);
}

BOOST_AUTO_TEST_CASE(who_has_none_votes_but_never_campaigns) {
  lone_peer x{1, voters(3), {1}, {}, with_priority(0)};
  BOOST_TEST((x->wake_at() == instant::max()));
  x.advance(1h);
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(grants(x, make_vote_request(3, 1, 2, at(1, 1))));
  BOOST_TEST((x->wake_at() == instant::max()));
  x.receive(make_append(3, 1, 2, at(1, 1)));
  BOOST_TEST(x.take<append_reply>().back().priority == 0u);
  x.advance(1h);
  BOOST_TEST(x->role() == peer_role::follower);
}

BOOST_AUTO_TEST_CASE(who_has_a_lower_one_campaigns_later) {
  const settings config;
  for (std::uint8_t i = 1; i <= priority_max; ++i) {
    lone_peer x{1, voters(3), {1}, {}, with_priority(i)};
    const auto later = x->wake_at() > config.election_timeout_max;
    BOOST_TEST(later == (i < priority_usual));
    BOOST_TEST((x->wake_at() <= 2 * config.election_timeout_max));
  }
}

BOOST_AUTO_TEST_CASE(a_leader_gives_way_to_who_is_preferred_for_long) {
  const answers better{1, 0, {{3, 6}}};
  auto x = make_leader();
  stay_in_office(x, 5900ms, better);
  BOOST_TEST(!x->handing_over_to());
  stay_in_office(x, 300ms, better);
  BOOST_TEST(x->handing_over_to() == peer_id{3});
  BOOST_TEST(x.take<timeout_now>().size() >= 1u);
  // It does not take over; then it is not asked again at once.
  stay_in_office(x, 700ms, better);
  BOOST_TEST(!x->handing_over_to());
  BOOST_TEST(x->leads());
  stay_in_office(x, 11s, better);
  BOOST_TEST(!x->handing_over_to());
  stay_in_office(x, 700ms, better);
  BOOST_TEST(x->handing_over_to() == peer_id{3});
}

BOOST_AUTO_TEST_CASE(a_leader_gives_way_to_nobody_else) {
  // The same, a lower one, a higher one that is far behind or comes and goes.
  auto x = make_leader();
  stay_in_office(x, 1min, {1, 0, {{2, 5}, {3, 1}}});
  BOOST_TEST(x->leads());
  BOOST_TEST(!x.noted(note_kind::hands_over));
  settings config;
  config.bytes_in_flight_max = cost_of_one;
  auto y = make_leader(config);
  for (auto i = 0; i < 3; ++i)
    y.start();
  y.persist_all();
  stay_in_office(y, 1min, {1, 0, {{3, 9}}});
  BOOST_TEST(!y.noted(note_kind::hands_over));
  auto z = make_leader();
  for (auto i = 0; i < 20; ++i) {
    stay_in_office(z, 3s, {1, 0, {{3, 9}}});
    disconnect(z, 3);
    connect(z, 3);
    stay_in_office(z, 200ms, {1, 0, {{3, 0}}}); // its disk is slow now and then
  }
  BOOST_TEST(z->leads());
  BOOST_TEST(!z.noted(note_kind::hands_over));
}

/// Whoever is preferred hands it back each time; that gets rare.
BOOST_AUTO_TEST_CASE(an_office_that_comes_back_is_kept_for_longer) {
  const answers better{1, 0, {{3, 6}}};
  std::vector<instant> kept;
  auto x = make_leader();
  for (auto i = 0; i < 4; ++i) {
    const auto began = x.now;
    while (!x->handing_over_to()) {
      x.wake();
      answer_appends(x, {x->log().last().index.value, 0, {{3, 6}}});
    }
    kept.push_back(x.now - began);
    x.receive(make_append(3, 1, x->term().value + 1, x->log().last()));
    x.persist_all();
    x.messages.clear();
    x.elect();
    x.persist_all();
  }
  for (std::size_t i = 1; i < kept.size(); ++i)
    BOOST_TEST((kept[i] > kept[i - 1] * 3 / 2));
}

BOOST_AUTO_TEST_CASE(in_the_end_the_preferred_one_leads) {
  small_cluster all{3};
  all.peers[2] = std::make_unique<lone_peer>(
    2, voters(3), std::vector<std::uint64_t>{}, hard_state{}, with_priority(7));
  all.elect(1);
  all.run(5s);
  BOOST_TEST(all.leader() == 1u);
  all.run(2s);
  BOOST_TEST(all.leader() == 2u);
  const auto term = all[2]->term();
  all.run(60s);
  BOOST_TEST(all[2]->term() == term);
}

BOOST_AUTO_TEST_SUITE_END()
