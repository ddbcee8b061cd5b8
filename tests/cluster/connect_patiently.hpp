// Programs that connect to a process, for tests.

#pragma once

#include <raft/client/connect.hpp>
#include <raft/tests/support/patience.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace raft::cluster {

/// Connects as often as needed: a busy machine has no time for a handshake now
/// and then. Fails the test if nobody answers.
inline actors::peer_actor connect_patiently(caf::scoped_actor& self,
                                            const links::address& where) {
  actors::peer_actor result;
  std::string why;
  auto connected = test::eventually([&] {
    try {
      result = client::connect_to_peer(self, where, "raft", test::patience);
    } catch (const client::client_error& e) {
      why = e.what();
    }
    return bool{result};
  });
  BOOST_REQUIRE_MESSAGE(connected, why);
  return result;
}

} // namespace raft::cluster
