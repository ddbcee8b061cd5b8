// One peer after the other is stopped and started again under load, by another
// release and back. RAFT_OTHER in the environment names the other release's
// raftd; without it, it is the same one, and this tests a rolling restart.

#include <raft/tests/soak/peers.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace raft;
using namespace raft::soak;
using namespace std::chrono_literals;

namespace {

std::string other_release() {
  const auto* path = std::getenv("RAFT_OTHER");
  return path ? path : scenarios::raftd_path();
}

void wait_for(const load& clients, std::uint64_t commands) {
  auto until = clients.acknowledged() + commands;
  BOOST_REQUIRE_MESSAGE(
    cluster::eventually([&] { return clients.acknowledged() >= until; },
                        progress_max),
    "no progress");
}

/// They can go back for a day: no test takes longer.
void start_release(peers& all, std::size_t i, const std::string& program) {
  std::vector<std::string> more;
  if (program == scenarios::raftd_path())
    more = {"--level-after", "86400000"};
  all.start(i, program, more);
}

/// Stops one peer after the other and starts it as this release.
void roll(peers& all, const load& clients, const std::string& program) {
  for (std::size_t i = 0; i < peers::count; ++i) {
    wait_for(clients, 200);
    all.processes[i]->send(SIGTERM);
    BOOST_REQUIRE(all.processes[i]->wait(progress_max) == 0);
    wait_for(clients, 50);
    start_release(all, i, program);
  }
  wait_for(clients, 200);
}

} // namespace

BOOST_AUTO_TEST_SUITE(releases)

BOOST_AUTO_TEST_CASE(machines_are_updated_one_by_one_and_taken_back) {
  peers all;
  for (std::size_t i = 0; i < peers::count; ++i)
    start_release(all, i, other_release());
  load clients{all.redis, number_of("RAFT_SEED", 1)};
  std::uint64_t block = 0;
  for (const auto& program : {scenarios::raftd_path(), other_release()}) {
    clients.resume(block);
    roll(all, clients, program);
    auto seen = pause_and_check(all, clients, block++);
    BOOST_TEST_MESSAGE(seen.operations.size()
                       << " operations; longest silence "
                       << clients.longest_silence() / 1ms << " ms");
  }
}

BOOST_AUTO_TEST_SUITE_END()
