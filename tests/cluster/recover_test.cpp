// Three raftd processes of which two are lost for good: raftctl has the third
// go on alone, and whoever comes back is refused.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sys/wait.h>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct lost_quorum : process_fixture {
  lost_quorum() {
    client::client_options options;
    options.server_deadline = 1s;
    user = std::make_unique<client::blocking_client>(where, options);
  }

  std::string alone(std::size_t i) const {
    return std::to_string(i + 1) + "=" + to_text(where[i]);
  }

  void write(const std::string& key) {
    auto answer = user->execute(kv::encode(kv::put{key, "v"}), patience);
    BOOST_REQUIRE((answer.result == outcome::committed));
  }

  std::uint64_t keys() {
    auto answer = user->execute(kv::encode(kv::count{}), patience);
    BOOST_REQUIRE((answer.result == outcome::committed));
    return kv::decode_reply(answer.reply)->count;
  }

  /// Runs raftctl recover, with nobody to ask.
  int recover(const std::string& arguments) {
    auto out = directory.path("out");
    auto status = std::system((std::string{RAFTCTL} + " recover " + arguments
                               + " >" + out + " 2>&1 </dev/null")
                                .c_str());
    std::ifstream in{out};
    said = {std::istreambuf_iterator<char>{in}, {}};
    return WEXITSTATUS(status);
  }

  bool has_said(const std::string& text) const {
    auto found = said.find(text) != std::string::npos;
    BOOST_TEST(found, "no \"" << text << "\" in: " << said);
    return found;
  }

  std::string said;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(lost_quorums, lost_quorum)

BOOST_AUTO_TEST_CASE(the_best_survivor_goes_on_and_the_dead_stay_out) {
  for (std::size_t i = 0; i < 3; ++i)
    start(i, members(), {"--bootstrap"});
  auto leader = wait_for_leader();
  for (auto i = 0; i < 20; ++i)
    write("key" + std::to_string(i));
  auto behind = (leader + 1) % 3;
  auto best = (leader + 2) % 3;
  processes[behind]->kill();
  for (auto i = 20; i < 40; ++i)
    write("key" + std::to_string(i));
  auto before = state_of(best).cluster;

  BOOST_TEST(recover(data(best) + " --yes") == 2);
  has_said("a process runs on '" + data(best) + "': end it first");
  // All that was acknowledged is on both.
  processes[leader]->kill();
  processes[best]->kill();
  BOOST_TEST(recover(data(behind) + " " + data(best)) == 0);
  has_said("The best one is '" + data(best) + "'");
  BOOST_TEST(recover("--use " + data(best)) == 2);
  has_said("there is no terminal at which to ask: nothing was changed");
  BOOST_TEST(recover(data(behind) + " --use " + data(best) + " --yes") == 0);
  has_said("is the only voter of a new cluster now, with the id ");
  BOOST_TEST(fs::exists(data(best) + ".before-recovery"));

  start(best, alone(best));
  BOOST_TEST(keys() == 40u);
  write("more");
  BOOST_REQUIRE(
    eventually([&] { return state_of(best).cluster != cluster_id{}; }));
  BOOST_TEST((state_of(best).cluster != before));
  // They know nothing of it; nor does this one know them as members.
  start(behind, members());
  start(leader, members());
  auto only = std::to_string(best + 1);
  BOOST_TEST(
    says(behind, ", and peer " + only + " with " + only + ": they are"));
  // Those two are a majority of the cluster before, and stay apart from it.
  BOOST_TEST(keys() == 41u);
  processes[leader]->kill();
  // Nor is anybody let in if the members are named as before.
  processes[best]->send(SIGTERM);
  BOOST_REQUIRE(processes[best]->wait(patience) == 0);
  start(best, members());
  BOOST_TEST(says(best, "peer " + only + " was founded with the members " + only
                          + ", and peer "));
  BOOST_TEST(keys() == 41u);
  BOOST_TEST((state_of(best).role == peer_role::leader));
}

// The copy is what was there, and can be recovered in its turn.
BOOST_AUTO_TEST_CASE(the_copy_holds_the_state_before) {
  for (std::size_t i = 0; i < 3; ++i)
    start(i, members(), {"--bootstrap"});
  wait_for_leader();
  write("key");
  for (auto& [i, x] : processes)
    x->kill();
  for (std::size_t i : {1, 2})
    fs::remove_all(data(i));
  BOOST_REQUIRE(recover(data(0) + " --yes") == 0);
  start(0, alone(0));
  write("more");
  processes[0]->kill();
  fs::remove_all(data(0));
  fs::rename(data(0) + ".before-recovery", data(0));
  BOOST_REQUIRE(recover(data(0) + " --yes") == 0);
  start(0, alone(0));
  BOOST_TEST(keys() <= 1u);
}

BOOST_AUTO_TEST_SUITE_END()
