// The version of the messages that all members speak, for good.

#include "changes.hpp"
#include <raft/consensus/soundness.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(level)

BOOST_AUTO_TEST_CASE(the_level_rises_when_all_have_spoken_it_for_a_while) {
  auto config = with_snapshots();
  config.level_after = 10s;
  auto x = make_leader(config, 3);
  const auto speaks = [&x](std::uint64_t id, std::uint32_t version) {
    x.input([&](core& c) { c.link_up({id}, {}, version); });
  };
  const auto pass = [&x](instant time) {
    for (const auto end = x.now + time; x.now < end; x.wake()) {
      x.persist_all();
      accept_all(x, 2);
      accept_all(x, 3);
    }
  };
  speaks(2, protocol_version);
  speaks(3, protocol_version - 1);
  pass(20s);
  BOOST_TEST(x->members().level == 0u);
  speaks(3, protocol_version);
  pass(9s);
  // One was gone meanwhile, and may be another release by now.
  disconnect(x, 3);
  speaks(3, protocol_version);
  pass(9s);
  BOOST_TEST(x->members().level == 0u);
  pass(2s);
  BOOST_TEST(x->members().level == protocol_version);
  BOOST_TEST(x->members().index == x->log().last().index);
  BOOST_TEST(!is_joint(x->members()));
  // Changes of members keep it.
  pass(1s);
  catch_up(x, 4);
  BOOST_CHECK(change(x, those({{1}, {2}, {3}}, {{4}})) == change_result::begun);
  BOOST_TEST(x->members().level == protocol_version);
  BOOST_TEST(x->state().level == protocol_version);
}

BOOST_AUTO_TEST_CASE(the_level_is_no_higher_than_what_we_may_speak) {
  auto config = with_snapshots();
  config.level_after = 1s;
  config.level_max = levels_since_version - 1;
  auto x = make_leader(config, 1);
  for (auto i = 0; i < 100; ++i)
    x.wake();
  BOOST_TEST(x->members().level == 0u);
  // Who has a log of a higher one does not start.
  durable_state recovered;
  recovered.members.founding = voters(3);
  recovered.members.founding.level = protocol_version;
  BOOST_TEST(complaint_about(recovered, {}, protocol_version) == "");
  BOOST_TEST(complaint_about(recovered, {}, protocol_version - 1)
               .starts_with("all members have gone on to version"));
}

BOOST_AUTO_TEST_CASE(a_level_that_nobody_knows_is_malformed) {
  auto unknown = those({{1}, {2}, {3}});
  unknown.level = protocol_version + 1;
  lone_peer x{1};
  x.receive(append_members(1, 1, unknown));
  BOOST_TEST(!x->log().last().index);
}

// As an older release does, which knows no such bytes. Its links to others end,
// and handshakes say why.
BOOST_AUTO_TEST_CASE(what_a_newer_release_brought_is_refused) {
  auto newer = those({{1}, {2}, {3}});
  newer.level = protocol_version;
  auto config = with_snapshots();
  for (const auto speaks : {protocol_version, protocol_version - 1}) {
    config.level_max = speaks;
    lone_peer x{1, voters(3), {}, {}, config};
    x.receive(append_members(1, 1, newer));
    const auto knows = speaks == protocol_version;
    BOOST_TEST(x->members().level == (knows ? newer.level : 0));
    BOOST_TEST(!x->log().last().index != knows);
  }
}

BOOST_AUTO_TEST_SUITE_END()
