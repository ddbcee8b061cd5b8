// raftd processes that are updated one by one to a newer version of the
// protocol: as `--protocol-version-max` has it, one release stands for two.

#include <raft/messages/versions.hpp>
#include <raft/tests/cluster/members_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace raft;
using namespace raft::cluster;

namespace {

struct level_fixture : members_fixture {
  /// Founds or goes on.
  void start_old(std::size_t i) {
    start(i, members(),
          {"--bootstrap", "--level-after", "100", "--protocol-version-max",
           std::to_string(levels_since_version - 1)});
  }

  void start_new(std::size_t i, const std::string& level_after = "100") {
    start(i, members(), {"--bootstrap", "--level-after", level_after});
  }

  /// Each member is stopped and comes back, while commands go on.
  template <class Start>
  void roll(letter_load& load, Start start) {
    for (std::size_t i = 0; i < 3; ++i) {
      end(i);
      start(i);
      BOOST_TEST(load.goes_on());
    }
  }

  bool all_have_level(std::uint32_t level) {
    return eventually([&] {
      for (std::size_t i = 0; i < 3; ++i) {
        const auto x = look_at(i);
        if (!x || x->level != level)
          return false;
      }
      return true;
    });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(level, level_fixture)

BOOST_AUTO_TEST_CASE(the_last_one_that_is_updated_takes_all_to_the_next_level) {
  for (std::size_t i = 0; i < 3; ++i)
    start_old(i);
  letter_load load{*user};
  BOOST_REQUIRE(load.goes_on());
  // There and back, before they have gone on for good.
  const std::string day = "86400000";
  roll(load, [&](std::size_t i) { start_new(i, day); });
  BOOST_TEST(all_have_level(0));
  roll(load, [&](std::size_t i) { start_old(i); });
  roll(load, [&](std::size_t i) { start_new(i); });
  BOOST_TEST(all_have_level(protocol_version));
  BOOST_REQUIRE(ctl("member list") == 0);
  has_said("all speak version " + std::to_string(protocol_version));
  const auto letters = load.end();
  BOOST_TEST(load.failed() == 0u);
  BOOST_TEST(agree({0, 1, 2}, letters));
}

BOOST_AUTO_TEST_CASE(members_stay_as_long_as_one_knows_of_no_changes) {
  const auto start_with = [&](std::size_t i, std::uint32_t version) {
    start(i, members(),
          {"--bootstrap", "--protocol-version-max", std::to_string(version)});
  };
  const auto leads_while_a_peer_is_old = [&](std::size_t old) {
    const auto leader = wait_for_leader();
    return leader != old && eventually([&] {
             const auto x = look_at(leader);
             return x
                 && std::ranges::all_of(x->others, &peer_progress::connected);
           });
  };
  start_with(0, protocol_version);
  start_with(1, protocol_version);
  start_with(2, changes_since_version - 1);
  if (!leads_while_a_peer_is_old(2)) {
    BOOST_REQUIRE(ctl("transfer 1") == 0);
    BOOST_REQUIRE(leads_while_a_peer_is_old(2));
  }
  BOOST_TEST(ctl("member demote 2") == 1);
  has_said("peer 3 runs a release that knows of no changes of members");
  end(2);
  start_with(2, protocol_version);
  BOOST_REQUIRE(leads_while_a_peer_is_old(3));
  BOOST_TEST(ctl("member demote 2 --wait") == 0);
}

BOOST_AUTO_TEST_CASE(nobody_goes_back_then) {
  for (std::size_t i = 0; i < 3; ++i)
    start_new(i);
  BOOST_REQUIRE(all_have_level(protocol_version));
  // Not with the log of a member,
  end(2);
  raftd_process old{{"--id", "3", "--members", members(), "--data", data(2),
                     "--protocol-version-max",
                     std::to_string(levels_since_version - 1)},
                    log_file(2),
                    {}};
  BOOST_TEST(old.wait(patience) == 1);
  BOOST_TEST(says(2, "all members have gone on to version"));
  BOOST_TEST(says(2, "Start a release that speaks it"));
  // and not with none.
  start(3, alone(3),
        {"--join", "--protocol-version-max",
         std::to_string(levels_since_version - 1)});
  BOOST_REQUIRE(ctl("member add 4 " + to_text(where[3]) + " --learner") == 0);
  BOOST_TEST(
    says(wait_for_leader(), "cannot connect to peer 4 at " + to_text(where[3])
                              + ": it refused us: this peer speaks versions"));
  BOOST_TEST(says(3, "this peer speaks versions"));
  BOOST_TEST(!state_of(3).configuration.index);
  // The others serve all the same.
  BOOST_TEST(
    (user->execute(kv::encode(kv::append{"letters", "x"}), patience).result
     == outcome::committed));
}

BOOST_AUTO_TEST_SUITE_END()
