// What an earlier process left is found, or goes.

#include "samples.hpp"
#include <raft/snapshots/shelf.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

using namespace raft;
using namespace raft::snapshots;
using namespace raft::test;

namespace fs = std::filesystem;

namespace {

/// One whose entries are all of the term of the samples.
durable_state log_up_to(std::uint64_t last) {
  durable_state result;
  result.last = {{last}, {5}};
  result.term_starts = {{{1}, {5}}};
  return result;
}

struct shelf_fixture {
  temporary_directory tmp;
  shelf uut{tmp.path("snapshots"), {3}};

  /// As a peer leaves it that has taken one.
  snapshot_head take(std::uint64_t index) {
    auto about = sample_description();
    about.last.index = {index};
    snapshot_writer out{uut.taking(), about};
    out.write_sessions(sample_sessions());
    out.write(sample_state(3 * chunk_data_bytes));
    auto head = head_of(about, out.finish());
    uut.put(head);
    return head;
  }

  /// As one that was killed while it received so much of one.
  snapshot_head receive(std::uint64_t index, std::size_t size) {
    auto head = take(index);
    auto all = content_of(uut.path_of(head));
    fs::remove(uut.path_of(head));
    set_content(uut.path_of(head) + ".part", all.substr(0, size));
    return head;
  }

  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator{tmp.path("snapshots")}, {});
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(shelf_suite, shelf_fixture)

BOOST_AUTO_TEST_CASE(an_empty_one_has_nothing) {
  auto found = uut.tidy(log_up_to(100));
  BOOST_TEST(!found.newest);
  BOOST_TEST(!found.coming);
}

BOOST_AUTO_TEST_CASE(the_newest_one_stays) {
  take(5);
  auto newest = take(7);
  take(6);
  auto found = uut.tidy(log_up_to(100));
  BOOST_TEST((found.newest == newest));
  BOOST_TEST(files() == 1);
  BOOST_TEST((uut.tidy(log_up_to(100)).newest == newest));
}

BOOST_AUTO_TEST_CASE(one_that_was_coming_stays_if_it_is_newer) {
  auto whole = take(5);
  receive(4, 100'000);
  receive(6, 100'000);
  auto coming = receive(8, 100'000);
  auto found = uut.tidy(log_up_to(100));
  BOOST_TEST((found.newest == whole));
  BOOST_TEST((found.coming == coming));
  BOOST_TEST(files() == 2);
  snapshot_receiver rest{uut.path_of(coming), coming};
  BOOST_TEST(rest.received() > 60'000u);
  BOOST_TEST(rest.received() <= 100'000u);
}

// The log was not reset to it before the end of the process.
BOOST_AUTO_TEST_CASE(one_beyond_the_log_is_yet_to_be_installed) {
  auto reached = take(5);
  auto beyond = take(8);
  auto found = uut.tidy(log_up_to(7));
  BOOST_TEST((found.newest == reached));
  BOOST_TEST((found.coming == beyond));
  BOOST_TEST(uut.is_whole(beyond));
  BOOST_TEST(files() == 2);
  // Then it is as good as any other.
  found = uut.tidy(log_up_to(8));
  BOOST_TEST((found.newest == beyond));
  BOOST_TEST(!found.coming);
  BOOST_TEST(files() == 1);
}

// What was never committed is in its place in the log.
BOOST_AUTO_TEST_CASE(one_that_contradicts_the_log_is_yet_to_be_installed) {
  auto own = take(5);
  auto other = take(8);
  auto log = log_up_to(9);
  log.last.term = {7};
  log.term_starts = {{{1}, {3}}, {{5}, {5}}, {{6}, {7}}};
  auto found = uut.tidy(log);
  BOOST_TEST((found.newest == own));
  BOOST_TEST((found.coming == other));
  // What the log has dropped was committed.
  log.compacted = {{8}, {5}};
  log.term_starts = {{{9}, {7}}};
  found = uut.tidy(log);
  BOOST_TEST((found.newest == other));
  BOOST_TEST(!found.coming);
}

BOOST_AUTO_TEST_CASE(of_which_too_little_came_is_none) {
  for (std::size_t size : {0, 10, 24, 100}) {
    receive(8, size);
    BOOST_TEST(!uut.tidy(log_up_to(100)).coming);
    BOOST_TEST(files() == 0);
  }
}

BOOST_AUTO_TEST_CASE(what_is_damaged_or_was_being_taken_goes) {
  auto damaged = take(9);
  auto all = content_of(uut.path_of(damaged));
  all.back() ^= 1;
  set_content(uut.path_of(damaged), all);
  // Its name says that it is another one.
  auto named = take(8);
  fs::rename(uut.path_of(named), uut.path_of(named) + "x");
  set_content(uut.taking(), "x");
  set_content(uut.taking() + ".part", "x");
  auto found = uut.tidy(log_up_to(100));
  BOOST_TEST(!found.newest);
  BOOST_TEST(!found.coming);
  BOOST_TEST(files() == 0);
}

BOOST_AUTO_TEST_CASE(files_of_other_groups_are_left_alone) {
  set_content(tmp.path("snapshots/33-1-1-1-1.snapshot"), "x");
  uut.tidy(log_up_to(100));
  BOOST_TEST(files() == 1);
}

BOOST_AUTO_TEST_CASE(one_can_be_removed_whole_or_not) {
  uut.remove(take(5));
  uut.remove(receive(6, 1000));
  BOOST_TEST(files() == 0);
}

BOOST_AUTO_TEST_CASE(it_is_made_where_it_is_not) {
  BOOST_TEST(fs::is_directory(tmp.path("snapshots")));
  set_content(tmp.path("file"), "x");
  BOOST_CHECK_THROW(shelf(tmp.path("file/snapshots"), {1}), snapshot_error);
}

BOOST_AUTO_TEST_SUITE_END()
