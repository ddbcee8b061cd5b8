// raftd processes whose directories are damaged: `--rejoin` gets from the
// others what is missing.

#include <raft/persistence/journal_store.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/cluster/raftctl_process.hpp>
#include <raft/tests/cluster/writing_fixture.hpp>
#include <raft/tests/persistence/saboteur.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

using namespace raft;
using namespace raft::cluster;

namespace fs = std::filesystem;

namespace {

struct rejoin_fixture : writing_fixture {
  rejoin_fixture() : writing_fixture{1} {
    // nop
  }

  /// Logs that keep little, and whose entries are soon in the tables.
  static flag_list flags(const flag_list& more = {}) {
    flag_list result{"--log-kept",
                     "4000000",
                     "--compaction-bytes",
                     "65536",
                     "--journal-segments",
                     "2",
                     "--journal-segment-bytes",
                     "1048576",
                     "--checkpoint-after",
                     "200",
                     "--election-timeout-min",
                     "300",
                     "--election-timeout-max",
                     "600"};
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }

  void run(std::size_t i, const flag_list& more = {}) {
    start(i, members(), flags(more));
  }

  /// Three peers whose logs have dropped something.
  void run_all() {
    for (std::size_t i = 0; i < 3; ++i)
      run(i, {"--bootstrap"});
    make_client();
    write(300);
    BOOST_REQUIRE(eventually([&] {
      write(1);
      const auto all = user->states();
      return std::ranges::count_if(all,
                                   [](const auto& x) {
                                     return x.error.empty()
                                         && x.state.first > log_index{1};
                                   })
          == 3;
    }));
  }

  void end(std::size_t i) {
    processes[i]->send(SIGTERM);
    BOOST_REQUIRE(processes[i]->wait(patience) == 0);
    processes.erase(i);
  }

  std::size_t follower() {
    return (wait_for_leader() + 1) % 3;
  }

  std::string engine(std::size_t i) const {
    return data(i) + "/kv-1";
  }

  static void sabotage(const std::string& where, const char* table,
                       const std::function<void(test::saboteur&)>& change) {
    persistence::lmdb_options options;
    options.directory = where;
    test::saboteur x{options, table};
    change(x);
    x.done();
  }

  /// Starts a peer that is expected to end by itself.
  /// @returns its last words.
  std::string refusal_of(std::size_t i, const flag_list& more = {}) {
    flag_list all{
      "--id", std::to_string(i + 1), "--members", members(), "--data", data(i)};
    for (const auto& x : flags(more))
      all.push_back(x);
    raftd_process process{all, log_file(i), environment[i]};
    BOOST_TEST((process.wait(patience) == 1));
    return last_words(i);
  }

  /// Repairs it, and has it count: with one other peer it is a majority.
  void check_repaired(std::size_t i, const std::string& why) {
    run(i, {"--rejoin"});
    BOOST_TEST(count(i, why) > 0u);
    BOOST_TEST(says(i, "has the state up to entry "));
    check_all_agree();
    const auto other = (i + 1) % 3;
    end(other);
    write(5);
    run(other);
    check_all_agree();
    // The flag may stay where it is.
    end(i);
    run(i, {"--rejoin"});
    BOOST_TEST(count(i, "nothing in it is damaged") == 1u);
    check_all_agree();
    BOOST_TEST(fs::is_empty(data(i) + "/snapshots"));
  }

  bool mentions(const std::string& text, const std::string& part) const {
    return text.find(part) != std::string::npos;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rejoin_suite, rejoin_fixture)

BOOST_AUTO_TEST_CASE(a_damaged_pair_is_replaced_with_all_others) {
  run_all();
  const auto i = follower();
  end(i);
  sabotage(engine(i), "pairs", [](auto& x) { x.flip("kk7", 3); });
  write(5);
  check_repaired(i, "needs the state of another member: key \"k7\"");
  BOOST_TEST(fs::exists(engine(i) + ".before-rejoin/data.mdb"));
}

BOOST_AUTO_TEST_CASE(key_value_data_that_are_lost_are_fetched) {
  run_all();
  const auto i = follower();
  end(i);
  fs::remove_all(engine(i));
  BOOST_TEST(mentions(refusal_of(i), "raftd --rejoin"));
  check_repaired(i, "there is no key-value data in");
}

BOOST_AUTO_TEST_CASE(a_damaged_entry_is_replaced_by_what_it_led_to) {
  run_all();
  const auto i = follower();
  write(40);
  end(i);
  const auto at = [&] {
    persistence::lmdb_options options;
    options.directory = data(i);
    options.writable = false;
    const auto log = persistence::open_journal_store(options)->load({1});
    // Far from its end, so no longer in the journal.
    return log_index{log.compacted.index.value + 3};
  }();
  sabotage(data(i), "log",
           [&](auto& x) { x.flip(persistence::log_key({1}, at), 7); });
  check_repaired(i, "needs the state of another member: record 'log 1/"
                      + to_text(at));
}

BOOST_AUTO_TEST_CASE(without_others_nothing_is_changed) {
  run_all();
  const auto i = follower();
  for (std::size_t k = 0; k < 3; ++k)
    end(k);
  sabotage(engine(i), "pairs", [](auto& x) { x.flip("kk7", 3); });
  flag_list all{
    "--id",    std::to_string(i + 1), "--members", members(), "--data", data(i),
    "--rejoin"};
  raftd_process process{flags(all), log_file(i), environment[i]};
  BOOST_TEST(says(i, "needs the state of another member"));
  // It waits for others, and any signal ends that; if not, the next process
  // would find the directory locked.
  process.send(SIGTERM);
  process.wait(patience);
  BOOST_TEST(fs::exists(engine(i) + "/data.mdb"));
  BOOST_TEST(!fs::exists(engine(i) + ".before-rejoin"));
  for (std::size_t k = 0; k < 3; ++k)
    if (k != i)
      run(k);
  run(i, {"--rejoin"});
  check_all_agree();
}

BOOST_AUTO_TEST_CASE(what_says_what_was_promised_cannot_be_fetched) {
  run_all();
  const auto i = follower();
  end(i);
  {
    std::fstream file{data(i) + "/journal.0",
                      std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(60);
    file.put('?');
  }
  const auto words = refusal_of(i, {"--rejoin"});
  BOOST_TEST(mentions(words, "raftctl member replace " + std::to_string(i + 1)
                               + " N ADDRESS --wait"),
             words);
  // As it says; the new peer may have the address of the one before.
  fs::rename(data(i), directory.path("aside"));
  where[3] = where[i];
  start(3, "4=" + to_text(where[3]), flags({"--join"}));
  const auto leader = wait_for_leader();
  raftctl_process replaces{{"--peers", to_text(where[leader]), "member",
                            "replace", std::to_string(i + 1), "4",
                            to_text(where[3]), "--wait"},
                           directory.path("raftctl.log")};
  BOOST_TEST(replaces.wait() == 0, replaces.errors());
  BOOST_TEST(eventually([&] {
    const auto mine = digest_of(3);
    return mine.keys >= written && mine.hash == digest_of(leader).hash;
  }));
}

BOOST_AUTO_TEST_SUITE_END()
