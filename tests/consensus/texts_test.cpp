// Settings that cannot work are refused; every note has its own words.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(texts)

BOOST_AUTO_TEST_CASE(the_defaults_are_fine) {
  BOOST_TEST(complaint_about(settings{}) == nullptr);
}

BOOST_AUTO_TEST_CASE(settings_that_can_not_work_are_refused) {
  const auto refused = [](auto change) {
    settings x;
    change(x);
    return complaint_about(x) != nullptr;
  };
  BOOST_TEST(refused([](auto& x) { x.heartbeat_interval = 0ms; }));
  BOOST_TEST(refused([](auto& x) { x.heartbeat_interval = 300ms; }));
  BOOST_TEST(refused([](auto& x) { x.election_timeout_max = 299ms; }));
  BOOST_TEST(refused([](auto& x) { x.batches_under_way_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.requests_in_flight_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.bytes_in_flight_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.command_bytes_max = (64 << 20) + 1; }));
  BOOST_TEST(refused([](auto& x) { x.frame_bytes_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.wire_bytes_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.batch_bytes_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.uncommitted_bytes_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.undurable_bytes_max = 0; }));
  BOOST_TEST(refused([](auto& x) { x.applying_bytes_max = 0; }));
}

BOOST_AUTO_TEST_CASE(every_note_has_its_own_words) {
  std::set<std::string> texts;
  for (int kind = 0; kind <= static_cast<int>(note_kind::woke_late); ++kind) {
    const auto text = to_text(
      note{static_cast<note_kind>(kind), term_number{3}, peer_id{2}, at(5, 1)});
    BOOST_TEST(text != "unknown note");
    BOOST_TEST(texts.insert(text).second, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
