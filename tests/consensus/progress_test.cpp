// What a leader knows of one follower, by itself.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

consensus::progress streaming(std::uint64_t next) {
  consensus::progress x;
  x.connected = true;
  x.sending = consensus::progress::mode::stream;
  x.next = log_index{next};
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(follower_progress)

BOOST_AUTO_TEST_CASE(a_probe_is_out_alone) {
  consensus::progress x;
  x.connected = true;
  BOOST_TEST(x.may_send({}));
  x.probe_out = true;
  BOOST_TEST(!x.may_send({}));
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_without_a_connection) {
  auto x = streaming(1);
  x.connected = false;
  BOOST_TEST(!x.may_send({}));
  x.sending = consensus::progress::mode::probe;
  BOOST_TEST(!x.may_send({}));
}

BOOST_AUTO_TEST_CASE(the_window_is_bounded_by_count) {
  settings config;
  config.requests_in_flight_max = 2;
  auto x = streaming(1);
  x.sent(log_index{1}, 10);
  BOOST_TEST(x.may_send(config));
  x.sent(log_index{2}, 10);
  BOOST_TEST(!x.may_send(config));
  x.matched(log_index{1});
  BOOST_TEST(x.may_send(config));
}

BOOST_AUTO_TEST_CASE(the_window_is_bounded_by_bytes) {
  settings config;
  config.bytes_in_flight_max = 100;
  auto x = streaming(1);
  x.sent(log_index{1}, 99);
  BOOST_TEST(x.may_send(config));
  x.sent(log_index{2}, 50);
  BOOST_TEST(!x.may_send(config));
  x.matched(log_index{1});
  BOOST_TEST(x.bytes_in_flight == 50u);
  BOOST_TEST(x.may_send(config));
}

BOOST_AUTO_TEST_CASE(one_answer_may_cover_several_requests) {
  auto x = streaming(5);
  for (std::uint64_t last = 6; last <= 10; last += 2)
    x.sent(log_index{last}, 7);
  BOOST_TEST(x.next == log_index{11});
  x.matched(log_index{9}); // the last request is covered in part only
  BOOST_TEST(x.in_flight.size() == 1u);
  BOOST_TEST(x.bytes_in_flight == 7u);
  x.matched(log_index{10});
  BOOST_TEST(x.in_flight.empty());
  BOOST_TEST(x.bytes_in_flight == 0u);
}

BOOST_AUTO_TEST_CASE(an_old_answer_moves_nothing_back) {
  auto x = streaming(5);
  x.matched(log_index{8});
  BOOST_TEST(x.next == log_index{9});
  x.matched(log_index{3});
  BOOST_TEST(x.match == log_index{8});
  BOOST_TEST(x.next == log_index{9});
}

BOOST_AUTO_TEST_CASE(probing_forgets_what_was_in_flight) {
  auto x = streaming(5);
  x.sent(log_index{9}, 1000);
  x.probe_from(log_index{3});
  BOOST_TEST(x.next == log_index{3});
  BOOST_TEST(x.in_flight.empty());
  BOOST_TEST(x.bytes_in_flight == 0u);
  BOOST_TEST(x.may_send({}));
}

BOOST_AUTO_TEST_CASE(a_lost_link_goes_on_behind_the_match) {
  auto x = streaming(5);
  x.matched(log_index{4});
  x.sent(log_index{9}, 1000);
  x.lost_link();
  BOOST_TEST(x.next == log_index{5});
  // A search that was under way goes on where it was.
  consensus::progress searching;
  searching.next = log_index{7};
  searching.probe_out = true;
  searching.lost_link();
  BOOST_TEST(searching.next == log_index{7});
  BOOST_TEST(!searching.probe_out);
}

BOOST_AUTO_TEST_SUITE_END()
