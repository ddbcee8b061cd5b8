// A snapshot's file that is sent in portions arrives as it is, also if that
// takes several attempts.

#include "samples.hpp"
#include <raft/snapshots/snapshot_receiver.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace raft;
using namespace raft::snapshots;
using namespace raft::test;
namespace fs = std::filesystem;

namespace {

snapshot_head head_in(const std::string& path) {
  snapshot_reader in{path};
  return head_of(in.about(), in.counts());
}

struct receiver_fixture {
  temporary_directory tmp{fast_place()};
  std::string from = tmp.path("sent");
  std::string path = tmp.path("received");
  std::string unfinished = path + unfinished_suffix;
  std::string sent;
  snapshot_head head;

  receiver_fixture() {
    make(2 * chunk_data_bytes + 100);
  }

  void make(std::size_t state_bytes) {
    write_sample(from, sample_state(state_bytes));
    sent = content_of(from);
    head = head_in(from);
  }

  /// Sends from where it is, up to `end`.
  void send(snapshot_receiver& to, std::size_t end, std::size_t step) const {
    snapshot_bytes bytes{from};
    while (to.received() < end)
      to.write(bytes.read(to.received(),
                          std::min<std::uint64_t>(step, end - to.received())));
  }

  /// That what is there ends with a piece.
  void check_begin(const snapshot_receiver& x) const {
    piece_checker pieces;
    BOOST_TEST(pieces.add(std::string_view{sent}.substr(0, x.received())));
    BOOST_TEST(pieces.sound_bytes() == x.received());
    BOOST_TEST(x.stored() == x.received());
  }

  void expect_whole() const {
    BOOST_TEST((content_of(path) == sent));
    BOOST_TEST(!fs::exists(unfinished));
    BOOST_TEST((head_in(path) == head));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_receivers, receiver_fixture)

BOOST_AUTO_TEST_CASE(it_arrives_in_portions_of_any_size) {
  for (auto step : {std::size_t{999}, std::size_t{16'384}, chunk_data_bytes,
                    std::size_t{100'001}, sent.size()}) {
    snapshot_receiver uut{path, head};
    BOOST_TEST(uut.received() == 0u);
    send(uut, sent.size(), step);
    BOOST_TEST(uut.stored() == 0u);
    uut.sync();
    BOOST_TEST(uut.stored() == sent.size());
    BOOST_TEST(!fs::exists(path));
    uut.finish();
    expect_whole();
    fs::remove(path);
  }
}

BOOST_AUTO_TEST_CASE(after_an_end_at_any_byte_it_goes_on) {
  make(30);
  for (std::size_t end = 0; end <= sent.size(); ++end) {
    {
      snapshot_receiver before{path, head};
      send(before, end, 7);
    }
    snapshot_receiver uut{path, head};
    BOOST_TEST(uut.received() <= end);
    BOOST_TEST((uut.received() > 0 || end < 169));
    check_begin(uut);
    send(uut, sent.size(), 11);
    uut.finish();
    expect_whole();
    fs::remove(path);
  }
}

BOOST_AUTO_TEST_CASE(what_a_power_failure_left_behind_does_not_count) {
  {
    snapshot_receiver before{path, head};
    send(before, 70'000, 5000);
  }
  auto data = content_of(unfinished);
  // Lengths may be on the disk before what belongs there.
  set_content(unfinished, data.substr(0, 66'000) + std::string(40'000, '\0'));
  snapshot_receiver uut{path, head};
  BOOST_TEST(uut.received() > 200u);
  check_begin(uut);
  send(uut, sent.size(), 5000);
  uut.finish();
  expect_whole();
}

BOOST_AUTO_TEST_CASE(what_is_changed_on_the_way_is_found_at_once) {
  for (std::size_t i = 0; i < sent.size(); i += 977) {
    auto changed = sent;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    snapshot_receiver uut{path, head};
    BOOST_TEST(uut.received() == 0u);
    BOOST_CHECK_EXCEPTION(
      [&] {
        uut.write(changed);
        uut.finish();
      }(),
      snapshot_error, [](const auto& e) { return e.code() == fault::damaged; });
    BOOST_TEST(!fs::exists(unfinished));
  }
}

BOOST_AUTO_TEST_CASE(what_follows_of_another_snapshot_is_refused) {
  {
    snapshot_receiver before{path, head};
    send(before, 100'000, 5000);
  }
  // Another one of the same entry, with a name of its own in real life.
  make(2 * chunk_data_bytes + 100);
  {
    snapshot_receiver uut{path, head};
    BOOST_TEST(uut.received() > 0u);
    BOOST_CHECK_THROW(send(uut, sent.size(), 5000), snapshot_error);
  }
  snapshot_receiver uut{path, head};
  BOOST_TEST(uut.received() == 0u);
  send(uut, sent.size(), 5000);
  uut.finish();
  expect_whole();
}

BOOST_AUTO_TEST_CASE(it_must_be_the_one_that_was_announced) {
  auto announced = head;
  announced.last.term = {6};
  snapshot_receiver uut{path, announced};
  send(uut, sent.size(), 5000);
  BOOST_CHECK_EXCEPTION(uut.finish(), snapshot_error, [](const auto& e) {
    return e.what()
        == std::string{"the snapshot of entry 1234@6 was received in vain: "
                       "it is not the one that was announced; it is sent "
                       "again"};
  });
  BOOST_TEST(!fs::exists(unfinished));
  BOOST_TEST(!fs::exists(path));
}

BOOST_AUTO_TEST_CASE(a_longer_one_of_that_name_is_begun_anew) {
  set_content(unfinished, sent);
  auto shorter = head;
  shorter.size = 1000;
  snapshot_receiver uut{path, shorter};
  BOOST_TEST(uut.received() == 0u);
}

BOOST_AUTO_TEST_CASE(each_snapshot_has_a_name_of_its_own) {
  auto name = file_name_of({3}, head);
  BOOST_TEST(name
             == "3-1234-5-" + std::to_string(head.size) + '-'
                  + std::to_string(head.checksum) + ".snapshot");
  make(2 * chunk_data_bytes + 100);
  BOOST_TEST(file_name_of({3}, head) != name);
}

BOOST_AUTO_TEST_CASE(what_is_yet_to_be_finished_can_be_kept) {
  set_content(tmp.path("x.part"), "x");
  set_content(tmp.path("y.part"), "y");
  BOOST_TEST(remove_unfinished(tmp.path(), {"x"}) == 1u);
  BOOST_TEST(fs::exists(tmp.path("x.part")));
}

BOOST_AUTO_TEST_SUITE_END()
