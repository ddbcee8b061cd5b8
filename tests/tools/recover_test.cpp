// What raftctl does with what is left of a cluster.

#include <raft/tests/support/tree.hpp>
#include <raft/tests/tools/cluster_directories.hpp>
#include <raft/tools/lib/recover.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <sstream>

using namespace raft;
using namespace raft::test;
using namespace raft::tools;
namespace fs = std::filesystem;

namespace {

struct recover_fixture {
  temporary_directory tmp{fast_place()};
  std::ostringstream out;
  int asked = 0;

  peer_directory peer(std::uint64_t id, const std::string& name = {}) const {
    return {tmp.path(name.empty() ? std::to_string(id) : name), {id}};
  }

  verdict run(const recovery& what, std::optional<std::string> answer = {}) {
    return tools::recover(
      what,
      [&] {
        ++asked;
        return answer;
      },
      out);
  }

  bool shown(const std::string& text) const {
    auto found = out.str().find(text) != std::string::npos;
    BOOST_TEST(found, "no \"" << text << "\" in: " << out.str());
    return found;
  }

  /// All but the locks, and what a start writes down.
  std::map<std::string, std::string> contents() const {
    auto result = files_below(tmp.path(""));
    std::erase_if(result,
                  [](const auto& x) { return x.first.ends_with("raft.lock"); });
    return result;
  }

  void check_alone(const peer_directory& x, std::uint64_t last) const {
    auto store = x.open();
    auto found = store->load({1});
    BOOST_TEST(
      (found.members.current().voters == std::vector<peer_id>{x.peer}));
    BOOST_TEST(found.members.current().learners.empty());
    BOOST_TEST((found.cluster && found.cluster != cluster_id{77}));
    BOOST_TEST((!found.proposed || found.proposed == found.cluster));
    BOOST_TEST(found.last.index.value == last);
    BOOST_TEST(!store->memory().restored);
    // All commands are there, in the log or in the state.
    auto state = x.machine(store->identity().incarnation);
    auto rest = store->read({1}, state->applied().next(), {last}, 1 << 20);
    for (const auto& e : rest)
      state->apply(e);
    BOOST_TEST(state->applied().value == last);
    auto digest = kv::decode_digest(state->query(kv::digest_request()));
    BOOST_TEST(digest->keys == last - 1);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(recoveries, recover_fixture)

BOOST_AUTO_TEST_CASE(the_one_with_the_most_is_named) {
  peer(1).fill(20, {3});
  peer(2).fill(12, {5});
  peer(2).checkpoint();
  peer(3).fill(11, {5});
  auto before = contents();
  auto found = run(
    {{peer(1).path, peer(2).path, peer(3).path, tmp.path("none")}, {}, false});
  BOOST_TEST((found.code == exit_code::ok), found.message);
  shown("  peer          1 of cluster 'test'\n  cluster id    77\n"
        "  members       1 2 3\n  term          3\n"
        "  log           entries 1 to 20\n"
        "  last entry    20@3, of 1970-01-01 00:16:40.020\n"
        "  committed     at least up to 0,");
  shown("  committed     at least up to 12,");
  shown("  UNUSABLE      there is no peer's data in it\n");
  shown("The best one is '" + peer(2).path + "': its last entry, 12@5,");
  shown("raftctl recover --use '" + peer(2).path + "'\n");
  BOOST_TEST(asked == 0);
  BOOST_TEST((contents() == before));
}

BOOST_AUTO_TEST_CASE(one_goes_on_alone_with_all_that_it_has) {
  for (auto checkpointed : {false, true}) {
    auto x = peer(2, checkpointed ? "with" : "without");
    x.fill(12, {5});
    if (checkpointed)
      x.checkpoint();
    auto before = contents();
    auto found = run({{x.path}, {}, true});
    BOOST_TEST((found.code == exit_code::ok), found.message);
    BOOST_TEST(asked == 0);
    shown("A command is acknowledged when 2 of the 3 members have it");
    shown("Start it with --members 2=HOST:PORT alone");
    // The copy is what was there.
    peer_directory copy{x.path + ".before-recovery", {2}};
    auto kept = files_below(copy.path);
    for (const auto& [name, content] : files_below(x.path))
      BOOST_TEST(kept.contains(name), name);
    auto was = copy.open()->load({1});
    BOOST_TEST(
      (was.members.current().voters == std::vector<peer_id>{{1}, {2}, {3}}));
    BOOST_TEST((was.cluster == cluster_id{77}));
    check_alone(x, 12);
    // Once is enough.
    auto id = x.open()->load({1}).cluster;
    BOOST_TEST((run({{x.path}, {}, true}).code == exit_code::ok));
    shown("is alone in its cluster already");
    BOOST_TEST((x.open()->load({1}).cluster == id));
    BOOST_TEST(!fs::exists(x.path + ".before-recovery-2"));
  }
}

BOOST_AUTO_TEST_CASE(what_may_be_lost_or_come_back_is_said) {
  peer(1).fill(20, {5});
  peer(2).fill(12, {5});
  peer(2).checkpoint();
  auto found = run({{peer(1).path}, peer(2).path, false}, "no");
  BOOST_TEST((found.code == exit_code::no));
  shown("'" + peer(1).path
        + "' holds more: its last entry is 20@5, and here it is 12@5");
  BOOST_TEST(out.str().find("What may come back") == std::string::npos);
  found = run({{peer(1).path, peer(2).path}, peer(1).path, false}, "no");
  shown("What may come back: the entries 1 to 20 are in this log");
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(nothing_is_done_without_a_yes) {
  peer(1).fill(5, {2});
  auto before = contents();
  auto found = run({{peer(1).path}, {}, false});
  BOOST_TEST((found.code == exit_code::usage));
  BOOST_TEST(found.message.find("--yes") != std::string::npos);
  for (const auto* answer : {"", "y", "no", "YES"})
    BOOST_TEST(
      (run({{peer(1).path}, {}, false}, answer).code == exit_code::no));
  BOOST_TEST((contents() == before));
  BOOST_TEST((run({{peer(1).path}, {}, false}, "yes").code == exit_code::ok));
  check_alone(peer(1), 5);
}

BOOST_AUTO_TEST_CASE(directories_of_two_clusters_are_not_compared) {
  peer(1).fill(5, {2});
  peer(2).fill(9, {2}, {78});
  auto found = run({{peer(1).path, peer(2).path}, peer(1).path, true});
  BOOST_TEST((found.code == exit_code::no));
  BOOST_TEST(found.message.find("of the cluster with the id 77, and")
             != std::string::npos);
  auto other = peer(3);
  other.cluster = "other";
  other.fill(5, {2});
  found = run({{peer(1).path, other.path}, {}, false});
  BOOST_TEST((found.code == exit_code::no));
  BOOST_TEST(found.message.find("of 'other'") != std::string::npos);
  // What was done already needs no others.
  BOOST_TEST((run({{peer(1).path}, {}, true}).code == exit_code::ok));
  found = run({{peer(1).path, peer(2).path}, peer(1).path, true});
  BOOST_TEST((found.code == exit_code::ok), found.message);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_is_refused) {
  auto found = run({{tmp.path("none")}, {}, true});
  BOOST_TEST((found.code == exit_code::usage));
  peer(1).open()->conclude();
  found = run({{peer(1).path}, {}, true});
  BOOST_TEST((found.code == exit_code::usage));
  BOOST_TEST(found.message.find("was never founded") != std::string::npos);
  peer(2).fill(5, {2});
  {
    auto holder = peer(2).open();
    found = run({{peer(2).path}, {}, true});
    BOOST_TEST((found.code == exit_code::usage));
    BOOST_TEST(found.message.find("in use") != std::string::npos);
  }
  BOOST_TEST((peer(2).open()->load({1}).members.current().voters.size() == 3u));
  BOOST_TEST(!fs::exists(peer(2).path + ".before-recovery"));
  auto data = peer(2).path + "/data.mdb";
  fs::resize_file(data, 100);
  found = run({{peer(2).path}, {}, true});
  BOOST_TEST((found.code == exit_code::usage));
  BOOST_TEST(fs::file_size(data) == 100u);
}

// A directory that was moved from a broken machine waits for nobody.
BOOST_AUTO_TEST_CASE(a_directory_that_was_copied_goes_on_as_well) {
  peer(1).fill(5, {2});
  fs::copy(peer(1).path, tmp.path("moved"), fs::copy_options::recursive);
  auto moved = peer(1, "moved");
  BOOST_TEST((run({{moved.path}, {}, true}).code == exit_code::ok));
  check_alone(moved, 5);
}

BOOST_AUTO_TEST_SUITE_END()
