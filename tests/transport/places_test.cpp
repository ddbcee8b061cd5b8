// Who gets a place at a port, who keeps it, and who must go.

#include <raft/transport/places.hpp>

#include <boost/test/unit_test.hpp>

namespace raft::transport {

BOOST_AUTO_TEST_SUITE(places_tests)

namespace {

using namespace std::chrono_literals;

constexpr place_bounds small{2, 2, 3000ms};

/// All but the first `open` enter and introduce themselves at once.
places full_of_clients() {
  places result{small};
  for (place_id x = 1; x <= 4; ++x) {
    result.enter(x, 0s);
    result.introduced(x);
  }
  return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_oldest_in_its_handshake_goes) {
  places x{small};
  for (place_id i = 1; i <= 4; ++i)
    BOOST_TEST((x.enter(i, 0s) == std::nullopt));
  x.introduced(1);
  BOOST_TEST((x.enter(5, 0s) == place_id{2}));
  BOOST_TEST((x.enter(6, 0s) == place_id{3}));
  BOOST_TEST(x.strangers() == 4);
}

BOOST_AUTO_TEST_CASE(clients_stay_and_newcomers_pass) {
  auto x = full_of_clients();
  // The first two keep their places, the others only stand at the acceptor.
  BOOST_TEST((x.enter(5, 1s) == place_id{3}));
  x.introduced(5);
  BOOST_TEST((x.enter(6, 1s) == place_id{4}));
  x.introduced(6);
  BOOST_TEST((x.enter(7, 1s) == place_id{5}));
}

BOOST_AUTO_TEST_CASE(members_take_nobodys_place) {
  auto x = full_of_clients();
  for (place_id i = 5; i < 100; ++i) {
    x.enter(i, 1s);
    x.introduced(i);
    x.keep(i);
    BOOST_TEST(x.is_member(i));
    BOOST_TEST(x.strangers() <= 4);
  }
  for (place_id i = 100; i < 200; ++i) {
    auto gone = x.enter(i, 2s);
    BOOST_TEST((!gone || !x.is_member(*gone)));
  }
  for (place_id i = 5; i < 100; ++i)
    BOOST_TEST(x.is_member(i));
}

BOOST_AUTO_TEST_CASE(handshakes_have_a_deadline) {
  places x{small};
  x.enter(1, 1s);
  x.enter(2, 2s);
  BOOST_TEST((x.next() == moment{4s}));
  BOOST_TEST((x.overdue(3999ms) == std::vector<place_id>{}));
  BOOST_TEST((x.overdue(4s) == std::vector<place_id>{1}));
  x.introduced(1);
  BOOST_TEST((x.overdue(4s) == std::vector<place_id>{}));
  x.leave(2);
  BOOST_TEST((x.next() == std::nullopt));
}

BOOST_AUTO_TEST_CASE(who_is_no_member_does_not_stay_at_a_kept_place) {
  auto x = full_of_clients();
  x.keep(3);
  BOOST_TEST((x.overdue(3s) == std::vector<place_id>{4}));
  // But where there is room, it may stay.
  x.leave(1);
  BOOST_TEST((x.overdue(3s) == std::vector<place_id>{}));
  BOOST_TEST((x.next() == std::nullopt));
}

BOOST_AUTO_TEST_CASE(what_is_gone_is_gone) {
  places x{small};
  x.enter(1, 0s);
  x.leave(1);
  x.leave(1);
  x.introduced(1);
  x.keep(1);
  BOOST_TEST(x.strangers() == 0);
  BOOST_TEST(!x.is_member(1));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace raft::transport
