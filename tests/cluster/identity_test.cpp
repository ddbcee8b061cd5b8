// raftd processes that do not belong together, and what they say about it.

#include <raft/client/blocking_client.hpp>
#include <raft/tests/cluster/process_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace raft;
using namespace raft::cluster;

BOOST_FIXTURE_TEST_SUITE(identity_suite, process_fixture)

BOOST_AUTO_TEST_CASE(both_sides_say_that_their_clusters_differ) {
  start(0, members(), {"--bootstrap", "--cluster", "red"});
  start(1, members(), {"--bootstrap", "--cluster", "blue"});
  BOOST_TEST(
    says(0, "cannot connect to peer 2 at " + to_text(where[1])
              + ": it refused us: this peer belongs to cluster \"blue\", "
                "not \"red\": check --cluster"));
  BOOST_TEST(says(1, "refused peer 1: this peer belongs to cluster \"blue\""));
  BOOST_TEST(count(0, "is connected") == 0u);
  BOOST_TEST(count(1, "is connected") == 0u);
}

BOOST_AUTO_TEST_CASE(both_sides_say_that_an_address_leads_to_another_peer) {
  start(2, members(), {"--bootstrap"});
  auto swapped = "1=" + to_text(where[0]) + ",2=" + to_text(where[2])
               + ",3=" + to_text(where[1]);
  start(0, swapped, {"--bootstrap"});
  BOOST_TEST(says(0, "this is peer 3, not peer 2: check the addresses in "
                     "--members"));
  BOOST_TEST(says(2, "refused peer 1: this is peer 3, not peer 2"));
}

BOOST_AUTO_TEST_CASE(an_address_that_leads_back_is_named_with_the_cure) {
  start(0, members(1, "localhost:" + std::to_string(where[0].port)),
        {"--bootstrap"});
  BOOST_TEST(says(0, "leads back to this very process. Either an address in "
                     "--members leads to the wrong process, or two hosts look "
                     "the same"));
}

// Peer 2 forgets its vote and its log. With it, peer 1 would have a majority;
// but peer 2 must not vote again.
BOOST_AUTO_TEST_CASE(a_wiped_peer_is_told_apart_and_does_not_vote) {
  for (std::size_t i = 0; i < 3; ++i)
    start(i, members(), {"--bootstrap"});
  client::client_options options;
  options.server_deadline = std::chrono::seconds{1};
  client::blocking_client user{where, options};
  auto leads = [&](std::size_t i) {
    for (auto& x : user.states())
      if (x.error.empty() && x.state.id.value == i + 1)
        return x.state.role == peer_role::leader;
    return false;
  };
  BOOST_REQUIRE(eventually([&] { return leads(0) || leads(1) || leads(2); }));
  processes[1]->kill();
  processes[2]->kill();
  std::filesystem::remove_all(data(1));
  start(1, members());
  BOOST_TEST(says(1, "does not take part: its store is empty"));
  BOOST_TEST(says(0, "the store of peer 2 is empty"));
  // Long after both have met, nobody leads; with peer 3, peer 1 does.
  BOOST_TEST(eventually([&] { return !leads(0); }));
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{3};
  while (std::chrono::steady_clock::now() < until)
    BOOST_REQUIRE((!leads(0) && !leads(1)));
  start(2, members());
  BOOST_TEST(eventually([&] { return leads(0) || leads(2); }));
  BOOST_TEST(!leads(1));
}

BOOST_AUTO_TEST_SUITE_END()
