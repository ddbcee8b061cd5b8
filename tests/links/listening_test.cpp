// Where a server can listen, and what is said where it cannot.

#include <raft/links/listening.hpp>
#include <raft/tests/cluster/sockets.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft::links;
using raft::cluster::test_socket;

BOOST_AUTO_TEST_SUITE(listening)

BOOST_AUTO_TEST_CASE(a_name_stands_for_both_families) {
  auto found = listen_hosts("localhost");
  BOOST_TEST(found.front() == "127.0.0.1");
  auto has_6 = why_not_listen({"::1", 0}).empty();
  BOOST_TEST(found.size() == (has_6 ? 2u : 1u));
  BOOST_TEST((listen_hosts("::1") == std::vector<std::string>{"::1"}));
  BOOST_TEST(
    (listen_hosts("10.0.0.1") == std::vector<std::string>{"10.0.0.1"}));
}

BOOST_AUTO_TEST_CASE(reasons_are_told_apart) {
  BOOST_TEST(why_not_listen({"127.0.0.1", 0}).empty());
  // Nobody has an address of the block for documentation.
  auto foreign = why_not_listen({"192.0.2.1", 7400});
  BOOST_TEST(foreign.find("this machine does not have that address")
               != std::string::npos,
             foreign);
  test_socket held;
  auto port = held.bind();
  held.listen(1);
  auto taken = why_not_listen({"127.0.0.1", port});
  BOOST_TEST(taken.find("another process listens there already")
               != std::string::npos,
             taken);
  auto unknown = why_not_listen({"no-such-host.invalid", 7400});
  BOOST_TEST(unknown.find("cannot resolve \"no-such-host.invalid\"")
               != std::string::npos,
             unknown);
}

BOOST_AUTO_TEST_SUITE_END()
