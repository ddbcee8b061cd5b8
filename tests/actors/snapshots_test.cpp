// Snapshots that clients have a peer take, and what a machine in memory makes
// of them.

#include "cluster.hpp"
#include <raft/snapshots/shelf.hpp>
#include <raft/snapshots/snapshot_reader.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace bdata = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

const environment environments[]{
  {"in memory", false, false},
  {"on disk, in the middleman", true, true},
};

struct fixture : cluster {
  explicit fixture(const environment& at) : cluster{at} {
    snapshots = true;
  }

  snapshot_head take(std::uint64_t id, log_index at_least = {}) {
    return ask<snapshot_taken>(id, take_snapshot{{1}, at_least}).snapshot;
  }

  /// The text of the error that is the answer.
  template <class Answer, class Request>
  std::string refusal(std::uint64_t id, const Request& what) {
    std::string result;
    actors::ask(self, peer(id), deadline, what)
      .receive([](const Answer&) { BOOST_FAIL("it was not refused"); },
               [&](const caf::error& why) { result = caf::to_string(why); });
    return result;
  }

  /// The whole file, part by part.
  std::string fetch(std::uint64_t id, const snapshot_head& head) {
    std::string result;
    for (;;) {
      auto part
        = ask<snapshot_part>(id, read_snapshot{{1}, head, result.size(), 1000});
      if (part.data.empty())
        return result;
      BOOST_TEST(part.offset == result.size());
      result += part.data.view();
    }
  }

  /// The files in a peer's directory.
  std::ptrdiff_t files(std::uint64_t id) const {
    return std::distance(fs::directory_iterator{snapshots_of(id)}, {});
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(snapshots_of_peers)

BOOST_DATA_TEST_CASE(a_client_takes_and_fetches_one, bdata::make(environments),
                     where) {
  fixture x{where};
  x.spawn_all();
  std::string journal;
  for (int i = 0; i < 1000; ++i) {
    auto command = "command" + std::to_string(i);
    x.commit(command);
    journal += command + " ";
  }
  auto last = x.commit("last");
  journal += "last ";
  // Also of a follower, which waits until it has that much.
  for (std::uint64_t id = 1; id <= 3; ++id) {
    auto head = x.take(id, last.index);
    BOOST_TEST((head.last.index >= last.index));
    BOOST_TEST((head.members.voters == x.members));
    auto all = x.fetch(id, head);
    BOOST_TEST(all.size() == head.size);
    temporary_directory tmp;
    auto path = tmp.path("x");
    std::ofstream{path} << all;
    snapshots::snapshot_reader file{path};
    BOOST_TEST((snapshots::head_of(file.about(), file.counts()) == head));
    BOOST_TEST((file.about().taken_by == peer_id{id}));
    BOOST_TEST(file.about().cluster_name == "test");
    file.sessions();
    BOOST_TEST((machine::read_rest(file, 1 << 20) == journal));
  }
}

BOOST_AUTO_TEST_CASE(it_waits_for_what_it_is_to_hold) {
  fixture x{environments[0]};
  x.spawn_all();
  auto leader = x.await_leader();
  auto index = x.commit("one").index;
  snapshot_head head;
  auto asked = actors::ask(x.self, x.peer(leader), deadline,
                           take_snapshot{{1}, index.next()});
  x.commit("two");
  std::move(asked).receive(
    [&](const snapshot_taken& msg) { head = msg.snapshot; },
    [](const caf::error& why) { BOOST_FAIL(caf::to_string(why)); });
  BOOST_TEST((head.last.index > index));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_had_is_refused) {
  fixture x{environments[0]};
  x.spawn(1);
  x.snapshots = false;
  x.spawn(2);
  x.spawn(3);
  x.connect();
  x.commit("one");
  auto text = x.refusal<snapshot_taken>(2, take_snapshot{{1}, {}});
  BOOST_TEST(text.find("takes no snapshots") != std::string::npos, text);
  auto head = x.take(1);
  head.checksum ^= 1;
  text = x.refusal<snapshot_part>(1, read_snapshot{{1}, head, 0, 1});
  BOOST_TEST(text.find("does not keep that snapshot") != std::string::npos,
             text);
  text = x.refusal<snapshot_taken>(1, take_snapshot{{2}, {}});
  BOOST_TEST(text.find("group 2") != std::string::npos, text);
}

BOOST_DATA_TEST_CASE(a_machine_in_memory_goes_on_where_the_newest_one_ends,
                     bdata::make(environments), where) {
  fixture x{where};
  x.spawn_all();
  x.commit("one");
  auto first = x.commit("two");
  x.take(1, first.index);
  auto second = x.commit("three");
  x.take(1, second.index);
  x.commit("four");
  x.stop_all();
  for (std::uint64_t id = 1; id <= 3; ++id)
    x.spawn(id);
  x.connect();
  BOOST_TEST(x.all_hold("one two three four "));
  // The older one is gone.
  BOOST_TEST(x.files(1) == 1);
  x.commit("five");
  BOOST_TEST(x.all_hold("one two three four five "));
}

BOOST_DATA_TEST_CASE(a_machine_in_memory_lets_its_log_end,
                     bdata::make(environments), where) {
  fixture x{where};
  x.settings.snapshot_log_entries = 40;
  x.settings.compaction_bytes_min = 1;
  x.settings.log_bytes_kept = 0;
  x.spawn_all();
  std::string journal;
  for (int i = 0; i < 200; ++i) {
    auto command = "command" + std::to_string(i);
    x.commit(command);
    journal += command + " ";
  }
  // Nobody has told them to.
  for (std::uint64_t id = 1; id <= 3; ++id)
    BOOST_TEST(x.eventually([&] { return x.state(id).first.value > 100; }));
  x.stop_all();
  for (std::uint64_t id = 1; id <= 3; ++id)
    x.spawn(id);
  x.connect();
  BOOST_TEST(x.all_hold(journal));
  x.commit("more");
  BOOST_TEST(x.all_hold(journal + "more "));
  for (std::uint64_t id = 1; id <= 3; ++id)
    BOOST_TEST(x.eventually([&] { return x.files(id) <= 1; }));
}

BOOST_AUTO_TEST_CASE(what_never_comes_is_not_waited_for_forever) {
  fixture x{environments[0]};
  x.spawn_calm();
  auto asked
    = actors::ask(x.self, x.peer(2), deadline, take_snapshot{{1}, {1'000'000}});
  // Its clock goes ahead, and all of its alarms ring.
  x.state(2);
  x.set_ahead(2);
  for (std::uint64_t number = 0; number < 100; ++number)
    actors::send_anonymously(x.peer(2), wake{number});
  std::string why;
  std::move(asked).receive(
    [](const snapshot_taken&) { BOOST_FAIL("it was taken"); },
    [&](const caf::error& reason) { why = caf::to_string(reason); });
  BOOST_TEST(why.find("entry 1000000 is not on this peer's disk")
               != std::string::npos,
             why);
}

BOOST_AUTO_TEST_CASE(whoever_waits_is_answered_however_long_it_takes) {
  fixture x{environments[0]};
  x.snapshot_rate = 400'000; // for a second
  x.spawn_calm();
  log_index last;
  for (int i = 0; i < 100; ++i)
    last = x.commit(std::string(4000, 'x')).index;
  BOOST_REQUIRE(x.eventually([&] { return x.state(2).applied >= last; }));
  auto asked
    = actors::ask(x.self, x.peer(2), deadline, take_snapshot{{1}, last});
  BOOST_REQUIRE(x.eventually([&] { return x.files(2) == 1; }));
  x.set_ahead(2);
  for (std::uint64_t number = 0; number < 100; ++number)
    actors::send_anonymously(x.peer(2), wake{number});
  snapshot_head head;
  std::move(asked).receive(
    [&](const snapshot_taken& msg) { head = msg.snapshot; },
    [](const caf::error& why) { BOOST_FAIL(caf::to_string(why)); });
  BOOST_TEST((head.last.index >= last));
}

BOOST_AUTO_TEST_CASE(a_peer_that_stops_does_not_wait_for_one) {
  fixture x{environments[0]};
  x.spawn_all();
  auto index = x.commit("one").index;
  auto asked = actors::ask(x.self, x.peer(1), deadline,
                           take_snapshot{{1}, {index.value + 1000}});
  x.stop(1);
  std::move(asked).receive(
    [](const snapshot_taken&) { BOOST_FAIL("it was taken"); },
    [](const caf::error&) {});
  BOOST_TEST(x.files(1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
