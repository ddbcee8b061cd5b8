// raftd processes that found a new cluster from the file of a snapshot.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/cluster/restorable.hpp>
#include <raft/tests/snapshots/samples.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <poll.h>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct restores : process_fixture {
  restores() {
    client::client_options options;
    options.server_deadline = 1s;
    user = std::make_unique<client::blocking_client>(where, options);
  }

  std::string file = directory.path("x.snapshot");
  original source;

  void start_one(std::size_t i, const flag_list& more) {
    start(i, members(), more);
  }

  void restore(std::size_t i) {
    start_one(i, {"--restore", file});
  }

  void end(std::size_t i) {
    processes[i]->send(SIGTERM);
    BOOST_REQUIRE(processes[i]->wait(patience) == 0);
  }

  void write(const std::string& key, const std::string& value) {
    auto answer = user->execute(kv::encode(kv::put{key, value}), patience);
    BOOST_REQUIRE((answer.result == outcome::committed));
  }

  std::string read(const std::string& key) {
    auto answer = user->execute(kv::encode(kv::get{{key}}), patience);
    BOOST_REQUIRE((answer.result == outcome::committed));
    return kv::decode_reply(answer.reply)->values.at(0).value_or("none");
  }

  /// Waits until a peer has the state that the snapshot was taken of.
  bool has_original(std::size_t i) {
    return eventually([&] {
      auto x = look_at_data(i);
      return x && x->hash == source.digest().hash
          && x->keys == source.digest().keys;
    });
  }

  /// Waits until a peer is kept out for a reason.
  bool kept_out(std::size_t i, exclusion why) {
    return eventually([&] {
      auto x = look_at(i);
      return x && x->kept_out.reason == why && !x->kept_out.text.empty();
    });
  }

  cluster_id cluster_of(std::size_t i) {
    cluster_id result;
    BOOST_REQUIRE(eventually([&] {
      auto x = look_at(i);
      return x && (result = x->cluster);
    }));
    return result;
  }

  /// Of what the peers have applied. They must have ended in good order.
  void take_snapshot_of(std::size_t i) {
    persistence::lmdb_options options;
    options.directory = data(i);
    options.writable = false;
    auto store = persistence::open_journal_store(options);
    auto known = store->load({1});
    for (auto at = log_index{1}; at <= known.last.index;)
      for (const auto& x : store->read({1}, at, known.last.index, 1 << 20)) {
        source.apply(x);
        at = x.index.next();
      }
    source.write(file);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(restore_suite, restores)

BOOST_AUTO_TEST_CASE(three_peers_go_on_with_what_a_cluster_held) {
  for (std::size_t i = 0; i < 3; ++i)
    start_one(i, {"--bootstrap"});
  wait_for_leader();
  for (auto i = 0; i < 30; ++i)
    write("key" + std::to_string(i), "value" + std::to_string(i));
  auto before = cluster_of(0);
  for (std::size_t i = 0; i < 3; ++i) {
    processes[i]->send(SIGTERM);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_REQUIRE(processes[i]->wait(patience) == 0);
    fs::rename(data(i), directory.path("old" + std::to_string(i + 1)));
  }
  fs::rename(directory.path("old1"), data(0));
  take_snapshot_of(0);
  fs::rename(data(0), directory.path("old1"));

  for (std::size_t i = 0; i < 3; ++i)
    restore(i);
  wait_for_leader();
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(has_original(i));
    BOOST_TEST(says(i, "restored: up to entry "));
  }
  BOOST_TEST(read("key7") == "value7");
  BOOST_TEST((cluster_of(0) != before));
  BOOST_TEST((cluster_of(0) == cluster_of(1)));
  write("key7", "new");

  // The setting may stay where it is, and the file may go.
  end(1);
  restore(1);
  end(2);
  fs::rename(file, directory.path("gone"));
  restore(2);
  BOOST_TEST(read("key7") == "new");
  write("more", "v");

  // A member of the cluster before is none of this one.
  end(0);
  fs::rename(data(0), directory.path("new1"));
  fs::rename(directory.path("old1"), data(0));
  start_one(0, {});
  BOOST_TEST(kept_out(0, exclusion::other_cluster));
  BOOST_TEST(says(1, "belongs to the cluster with the id"));
  BOOST_TEST(read("more") == "v");
}

// Before there is an id, which is when three that do not belong together would
// elect somebody.
BOOST_AUTO_TEST_CASE(who_was_founded_in_another_way_is_refused_by_both) {
  source.fill(20);
  auto counts = source.write(file);
  auto other = directory.path("y.snapshot");
  source.apply(kv::put{"more", "v"});
  source.write(other);
  start_one(0, {"--restore", file});
  start_one(1, {"--restore", other});
  start_one(2, {"--bootstrap"});
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_TEST(kept_out(i, exclusion::other_founders));
  auto sum = checksum_text(counts.checksum);
  for (std::size_t i : {0, 1})
    BOOST_TEST(says(
      i, "peer 1 was restored from the snapshot with the checksum " + sum));
  for (std::size_t i : {0, 2})
    BOOST_TEST(says(i, "peer 3 was not restored from any snapshot"));
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_TEST((state_of(i).leader == peer_id{}));
  // Restored properly, all is well.
  for (std::size_t i : {1, 2}) {
    end(i);
    fs::remove_all(data(i));
    restore(i);
  }
  wait_for_leader();
  BOOST_TEST(read("key3") == std::string(100, 'v'));
}

BOOST_AUTO_TEST_CASE(an_old_member_is_refused_before_there_is_an_id) {
  for (std::size_t i = 0; i < 3; ++i)
    start_one(i, {"--bootstrap"});
  wait_for_leader();
  write("key", "v");
  cluster_of(2);
  for (std::size_t i = 0; i < 3; ++i)
    end(i);
  take_snapshot_of(0);
  for (std::size_t i : {0, 1})
    fs::remove_all(data(i));
  start_one(2, {});
  restore(0);
  BOOST_TEST(kept_out(0, exclusion::other_founders));
  for (std::size_t i : {0, 2})
    BOOST_TEST(says(i, "peer 3 was not restored from any snapshot"));
  BOOST_TEST((state_of(0).leader == peer_id{}));
  restore(1);
  wait_for_leader();
  BOOST_TEST(kept_out(2, exclusion::other_cluster));
  BOOST_TEST(read("key") == "v");
}

BOOST_AUTO_TEST_CASE(a_kill_in_the_middle_costs_another_start) {
  source.fill(20'000);
  source.write(file);
  for (auto length : {2, 10, 30, 60, 90, 130}) {
    flag_list flags{"--id",   "1",     "--members", "1=" + to_text(where[0]),
                    "--data", data(0), "--restore", file};
    raftd_process hurried{flags, log_file(0)};
    ::poll(nullptr, 0, length);
    hurried.kill();
  }
  start(0, "1=" + to_text(where[0]), {"--restore", file});
  wait_for_leader();
  BOOST_TEST(has_original(0));
}

BOOST_AUTO_TEST_CASE(what_was_not_finished_does_not_start_in_another_way) {
  source.fill(5);
  source.write(file);
  {
    configuration half;
    half.id = {1};
    half.members = {{{1}, where[0]}};
    half.data_directory = data(0);
    auto make = [](const machine::machine_context&)
      -> std::unique_ptr<machine::restoration> {
      throw std::runtime_error{"as planned"};
    };
    BOOST_CHECK_THROW(open_restored(half, {file, "key-value 1", make}),
                      std::runtime_error);
  }
  for (const auto* flag : {"--bootstrap", "--insecure"}) {
    flag_list flags{"--id",   "1",     "--members", "1=" + to_text(where[0]),
                    "--data", data(0), flag};
    raftd_process refused{flags, log_file(0)};
    BOOST_TEST(refused.wait(patience) == 1);
    BOOST_TEST(last_words(0).find("start with --restore and the same file")
               != std::string::npos);
  }
  start(0, "1=" + to_text(where[0]), {"--restore", file});
  BOOST_TEST(has_original(0));
}

BOOST_AUTO_TEST_CASE(a_file_of_no_use_is_refused_with_the_reason) {
  test::write_sample(file, test::sample_state(1000));
  flag_list flags{"--id",   "1",     "--members", "1=" + to_text(where[0]),
                  "--data", data(0), "--restore", file};
  raftd_process refused{flags, log_file(0)};
  BOOST_TEST(refused.wait(patience) == 1);
  BOOST_TEST(last_words(0).find("is the snapshot of a state machine")
             != std::string::npos);
  BOOST_TEST(!fs::exists(data(0)));
}

BOOST_AUTO_TEST_SUITE_END()
