// That messages are counted as long as CAF writes them.

#include <raft/actors/caf/system.hpp>
#include <raft/messages/caf/codec.hpp>
#include <raft/simulation/wire_size.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>

using namespace raft;
using raft::simulation::wire_size;

BOOST_AUTO_TEST_SUITE(wire_size_suite)

BOOST_AUTO_TEST_CASE(agrees_with_what_caf_writes) {
  actors::system_config config;
  caf::actor_system system{config};
  auto check = [&](const auto& x) {
    BOOST_TEST(wire_size(x) == to_wire(system, x).size());
  };
  check(vote_request{});
  check(vote_reply{});
  check(append_reply{});
  append_request request;
  check(request);
  request.entries.resize(3);
  request.entries[1].data = bytes{std::string(100, 'x')};
  request.entries[2].data = bytes{std::string(100000, 'x')};
  check(request);
  request.entries.resize(200);
  check(request);
  execute command;
  command.command = bytes{"put"};
  check(command);
  check(executed{});
  check(open_session{});
}

BOOST_AUTO_TEST_SUITE_END()
