// Somebody sends forged messages to the port of a real raftd process: it goes
// on, leads on in its term, and says that it dropped them.

#include <raft/kv/command.hpp>
#include <raft/tests/cluster/connect_patiently.hpp>
#include <raft/tests/cluster/forger.hpp>
#include <raft/tests/cluster/process_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace raft;
using namespace raft::cluster;

BOOST_AUTO_TEST_SUITE(forged_processes)

BOOST_FIXTURE_TEST_CASE(a_process_goes_on_whatever_is_forged, process_fixture) {
  for (std::size_t i = 0; i < 3; ++i)
    // Patient, so that no election comes of the machine's load alone.
    start(i, members(),
          {"--bootstrap", "--election-timeout-min", "1000",
           "--election-timeout-max", "2000"});
  user = std::make_unique<client::blocking_client>(where);
  auto write = [&] {
    auto put = kv::encode(kv::put{"k", "v"});
    BOOST_REQUIRE((user->execute(put, patience).result == outcome::committed));
  };
  write();
  BOOST_TEST(test::undisturbed([&] {
    auto leader = wait_for_leader();
    auto led = state_of(leader);
    auto connect = [&](caf::scoped_actor& self, auto&) {
      return connect_patiently(self, where[leader]);
    };
    {
      forger x{connect};
      x.send_as_peer(led.id, led.term.next());
      x.send_as_peer(led.id, {~std::uint64_t{0}});
      test::need(x.is_answered());
    }
    // Whoever sends these may lose his connection, but no more.
    forger{connect}.send_lies();
    forger{connect}.send_ends();
    {
      forger x{connect};
      test::need(x.is_answered());
    }
    write();
    BOOST_TEST(says(leader, "dropped a message"));
    for (auto& [i, x] : processes) {
      BOOST_TEST(::kill(x->pid(), 0) == 0);
      auto now = state_of(i);
      if (now.term != led.term || now.leader != led.id)
        return false;
    }
    return true;
  }));
}

BOOST_AUTO_TEST_SUITE_END()
