// Addresses as people write them.

#include <raft/links/address.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft::links;

BOOST_AUTO_TEST_SUITE(address_suite)

BOOST_AUTO_TEST_CASE(addresses_are_read_and_written) {
  for (auto text : {"127.0.0.1:7001", "[::1]:7001", "host.example:0"})
    BOOST_TEST(to_text(parse_address(text)) == text);
  for (auto text : {"", ":", "host", "host:", ":70", "::1:70", "h:70000",
                    "h:-1", "h:1x", "[]:1"})
    BOOST_CHECK_THROW(parse_address(text), configuration_error);
  for (auto text : {"", "1", "=h:1", "0=h:1", "x=h:1", "1=h", "-1=h:1"})
    BOOST_CHECK_THROW(parse_member(text), configuration_error);
}

BOOST_AUTO_TEST_CASE(loopback_is_recognized) {
  for (auto host : {"127.0.0.1", "127.8.8.8", "::1", "localhost"})
    BOOST_TEST(is_loopback({host, 1}));
  for (auto host : {"0.0.0.0", "::", "10.0.0.1", "example.org", "128.0.0.1"})
    BOOST_TEST(!is_loopback({host, 1}));
}

BOOST_AUTO_TEST_SUITE_END()
