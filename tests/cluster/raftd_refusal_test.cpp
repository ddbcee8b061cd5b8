// raftd on a data directory that it cannot use: it ends with 1, the last line
// of its log says why and what to do, and not a byte of the data changes.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/lmdb_files.hpp>
#include <raft/lmdb/lock_file.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/persistence/record.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/support/outcomes.hpp>
#include <raft/tests/support/tree.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/file.h>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A peer that is a cluster by itself, stopped, with data on the disk.
struct refused_raftd : process_fixture {
  refused_raftd() {
    start(0, alone(),
          {"--bootstrap", "--space-ahead", "1048576", "--space-reserve",
           "1048576"});
    write("before");
    stop();
    fs::copy(data(0), sound(), fs::copy_options::recursive);
  }

  /// One way to be unusable.
  struct misfortune {
    const char* name;
    /// What happens to the directory.
    std::function<void()> change;
    /// Other flags than the usual ones.
    flag_list flags;
    /// What the last line of the log must hold.
    std::vector<std::string> parts;
  };

  std::string alone() const {
    return "1=" + to_text(where[0]);
  }

  std::string sound() const {
    return directory.path("sound");
  }

  std::string engine() const {
    return data(0) + "/kv-1";
  }

  void write(const std::string& key) {
    client::blocking_client user{{where[0]}};
    auto answer = user.execute(kv::encode(kv::put{key, "v"}), patience);
    BOOST_REQUIRE(answer.result == outcome::committed);
  }

  /// Ends it in good order, so that all is checkpointed.
  void stop() {
    processes[0]->send(SIGTERM);
    BOOST_REQUIRE(processes[0]->wait(patience) == 0);
  }

  static void sabotage(const std::string& where, const char* table,
                       const std::function<void(test::saboteur&)>& how) {
    persistence::lmdb_options victim;
    victim.directory = where;
    test::saboteur x{victim, table};
    how(x);
    x.done();
  }

  static void make_newer(const std::string& where, std::uint32_t format) {
    persistence::store_header header;
    header.format = format;
    sabotage(where, "meta", [&](test::saboteur& x) {
      x.put("format", persistence::encode(group_id{}, header));
    });
  }

  /// All files, but for who held the locks: whoever opens the log writes itself
  /// down there, also if it refuses the key-value data after that. Then the log
  /// has one start more, too.
  std::map<std::string, std::string> contents() const {
    auto result = test::files_below(data(0));
    for (auto& [name, content] : result)
      if (name.ends_with(lmdb::lock_file_name)
          || (log_opens && (name == "data.mdb" || name == "raft.mark")))
        content.clear();
    return result;
  }

  /// Starts raftd, which must refuse the directory as it is.
  void check_refused(const misfortune& x) {
    auto before = contents();
    for (const auto* name : {"/data.mdb", "/kv-1/data.mdb"})
      BOOST_REQUIRE(fs::exists(data(0) + name)); // links may lead there
    auto flags = x.flags.empty() ? flag_list{"--id", "1", "--members", alone()}
                                 : x.flags;
    flags.insert(flags.end(), {"--data", data(0)});
    fs::remove(log_file(0));
    raftd_process refused{flags, log_file(0)};
    BOOST_TEST(refused.wait(patience) == 1);
    auto said = last_words(0);
    for (const auto& part : x.parts)
      BOOST_TEST((said.find(part) != std::string::npos),
                 "lacks \"" << part << "\": " << said);
    auto after = contents();
    BOOST_TEST(after.size() == before.size());
    for (const auto& [name, content] : before)
      BOOST_TEST((after[name] == content), name << " has changed");
  }

  void check_all(const std::vector<misfortune>& all) {
    for (const auto& x : all)
      BOOST_TEST_CONTEXT(x.name) {
        fs::remove_all(data(0));
        fs::copy(sound(), data(0), fs::copy_options::recursive);
        if (x.change)
          x.change();
        check_refused(x);
      }
  }

  /// After all that was refused, the right one goes on.
  void check_goes_on() {
    fs::remove_all(data(0));
    fs::copy(sound(), data(0), fs::copy_options::recursive);
    start(0, alone());
    write("after");
    client::blocking_client user{{where[0]}};
    auto found = user.execute(kv::encode(kv::count{}), patience);
    BOOST_TEST(kv::decode_reply(found.reply)->count == 2u);
  }

  /// Whether it is not the log that is refused.
  bool log_opens = false;

  const std::string cure = "do not start this peer with an empty one";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(raftd_refusals, refused_raftd)

BOOST_AUTO_TEST_CASE(a_log_that_can_not_be_used) {
  auto other_peer = "7=" + to_text(where[0]);
  check_all({
    {"of another cluster",
     {},
     {"--id", "1", "--members", alone(), "--cluster", "blue"},
     {"belongs to peer 1 of cluster 'raft', not to peer 1 of cluster 'blue'",
      "check directory and identity"}},
    {"of another peer",
     {},
     {"--id", "7", "--members", other_peer},
     {"belongs to peer 1 of cluster 'raft', not to peer 7",
      "check directory and identity"}},
    {"of a newer format",
     [&] { make_newer(data(0), persistence::journal_format + 1); },
     {},
     {"'" + data(0) + "' has format "
        + std::to_string(persistence::journal_format + 1)
        + ", this program knows " + std::to_string(persistence::journal_format),
      "use a newer program"}},
    {"with a damaged record in its journal",
     [&] {
       std::fstream file{data(0) + "/journal.0",
                         std::ios::binary | std::ios::in | std::ios::out};
       file.seekp(60);
       file.put('?');
     },
     {},
     {"record 1 of the journal ('" + data(0) + "/journal.0', offset 0)", cure}},
    {"with a bad checksum of its identity",
     [&] {
       sabotage(data(0), "meta",
                [](test::saboteur& x) { x.flip("identity", 5); });
     },
     {},
     {"record 'meta identity'", "checksum", cure}},
  });
  check_goes_on();
}

BOOST_AUTO_TEST_CASE(key_value_data_that_can_not_be_used) {
  log_opens = true;
  using persistence::store_identity;
  auto belongs_to = [&](const store_identity& owner) {
    return [this, owner] {
      sabotage(engine(), "meta", [&](test::saboteur& x) {
        x.put("identity", persistence::encode(group_id{}, owner));
      });
    };
  };
  auto foreign = "bring back the directory that it came with";
  check_all({
    {"of another cluster",
     belongs_to({"blue", {1}, {77}}),
     {},
     {"belongs to peer 1 of cluster 'blue'", foreign}},
    {"of another peer",
     belongs_to({"raft", {7}, {77}}),
     {},
     {"belongs to peer 7 of cluster 'raft'", foreign}},
    {"of another incarnation",
     belongs_to({"raft", {1}, {77}}),
     {},
     {"belongs to peer 1 of cluster 'raft', incarnation 77", foreign}},
    {"of a newer format",
     [&] { make_newer(engine(), kv::engine_format + 1); },
     {},
     {"'" + engine() + "' has format 2, this program knows 1",
      "use a newer program"}},
    {"with a bad checksum",
     [&] {
       sabotage(engine(), "state",
                [](test::saboteur& x) { x.flip(kv::state_key, 3); });
     },
     {},
     {"record 'state' in '" + engine() + "'", "checksum", cure}},
  });
  check_goes_on();
}

BOOST_AUTO_TEST_CASE(links_in_the_place_of_what_it_makes) {
  auto elsewhere = directory.path("elsewhere");
  auto replaced_by_link = [&](const std::string& name) {
    return [this, name, elsewhere] {
      log_opens = name.starts_with("kv-1");
      fs::remove_all(elsewhere);
      fs::rename(data(0) + '/' + name, elsewhere);
      fs::create_symlink(elsewhere, data(0) + '/' + name);
    };
  };
  std::vector<misfortune> all;
  for (const auto* name :
       {"raft.lock", "lock.mdb", "data.mdb", "journal.0", "kv-1",
        "kv-1/raft.lock", "kv-1/lock.mdb", "kv-1/data.mdb"})
    all.push_back({name,
                   replaced_by_link(name),
                   {},
                   {"'" + data(0) + '/' + name + "' is a symbolic link"}});
  check_all(all);
  check_goes_on();
}

BOOST_AUTO_TEST_CASE(a_log_in_use) {
  start(0, alone());
  write("served");
  // It holds on to the directory, but writes nothing meanwhile.
  processes[0]->send(SIGSTOP);
  check_refused({"in use",
                 {},
                 {},
                 {data(0) + "/raft.lock' is locked by process "
                    + std::to_string(processes[0]->pid()),
                  "stop it, or use another directory"}});
  processes[0]->send(SIGCONT);
  write("still served");
}

BOOST_AUTO_TEST_CASE(key_value_data_in_use) {
  log_opens = true;
  auto lock = engine() + '/' + lmdb::lock_file_name;
  {
    lmdb::file_descriptor held{::open(lock.c_str(), O_RDWR | O_CLOEXEC)};
    BOOST_REQUIRE(::flock(held.get(), LOCK_EX | LOCK_NB) == 0);
    check_refused(
      {"in use",
       {},
       {},
       {lock + "' is locked by process", "stop it, or use another directory"}});
  }
  check_goes_on();
}

BOOST_AUTO_TEST_SUITE_END()
