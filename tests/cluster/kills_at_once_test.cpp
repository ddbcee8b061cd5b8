// Both ends of a link are killed at the same moment, again and again.
// RAFT_ROUNDS=100 in the environment asks for more than the usual 24 rounds.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>

using namespace raft;
using namespace raft::cluster;

namespace {

struct pair_kills : process_fixture {
  void start_one(std::size_t i) {
    start(i, members(), {"--bootstrap", "--log-level", "info"});
  }

  /// Two peers at the same moment. Their logs begin anew.
  void kill_both(std::size_t a, std::size_t b) {
    for (auto i : {a, b})
      processes[i]->send(SIGKILL);
    for (auto i : {a, b})
      processes[i]->kill();
    for (auto i : {a, b})
      std::filesystem::remove(log_file(i));
  }

  /// Whether a peer that has just been started has links to both others.
  bool has_links(std::size_t i) const {
    for (std::size_t j = 0; j < 3; ++j)
      if (j != i
          && count(i, "peer " + std::to_string(j + 1) + " at "
                        + to_text(where[j]) + " is connected")
               == 0)
        return false;
    return true;
  }
};

std::uint64_t rounds_wanted() {
  const auto* text = std::getenv("RAFT_ROUNDS");
  return text ? std::strtoull(text, nullptr, 10) : 24;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
    .count();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(kills_at_once, pair_kills)

BOOST_AUTO_TEST_CASE(two_that_are_killed_at_once_find_each_other) {
  constexpr std::array<std::array<std::size_t, 2>, 3> pairs{
    {{0, 1}, {1, 2}, {0, 2}}};
  for (std::size_t i = 0; i < 3; ++i)
    start_one(i);
  client::blocking_client user{where};
  auto rounds = rounds_wanted();
  std::uint64_t appended = 0;
  std::vector<double> took;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    auto [a, b] = pairs[round % pairs.size()];
    kill_both(a, b);
    auto begin = std::chrono::steady_clock::now();
    // Now the one comes first, now the other.
    start_one(round % 2 == 0 ? a : b);
    start_one(round % 2 == 0 ? b : a);
    auto answer = user.execute(kv::encode(kv::append{"log", "x"}), patience);
    BOOST_REQUIRE_MESSAGE(answer.result == outcome::committed,
                          "round " << round << ": no commit in time");
    // Each was acknowledged once, and none is lost.
    BOOST_REQUIRE(kv::decode_reply(answer.reply)->count == ++appended);
    // With a link that does not come back, two peers that see only the third
    // would still elect.
    for (auto i : {a, b})
      BOOST_REQUIRE_MESSAGE(eventually([&] { return has_links(i); }),
                            "round " << round << ": peer " << i + 1
                                     << " lacks a link");
    took.push_back(seconds_since(begin));
  }
  std::sort(took.begin(), took.end());
  if (!took.empty())
    BOOST_TEST_MESSAGE(took.size()
                       << " rounds, back after " << took[took.size() / 2]
                       << " s in the middle, " << took.back() << " s at most");
}

BOOST_AUTO_TEST_SUITE_END()
