// Rounds of SIGKILL at random moments for random peers, under load through the
// Redis port. RAFT_ROUNDS=500 in the environment asks for more than the usual
// 20 rounds, RAFT_SEED for others.

#include <raft/checker/explain.hpp>
#include <raft/checker/history_format.hpp>
#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/dump.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/persistence/dump.hpp>
#include <raft/scenarios/raftd_process.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/soak/load.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

using namespace raft;
using namespace raft::soak;
using namespace std::chrono_literals;
using cluster::eventually;

namespace {

constexpr std::uint64_t rounds_per_block = 10;

/// On a machine that does much else, too.
constexpr auto progress_max = 120s;

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// Three raftd processes with Redis ports.
struct peers {
  static constexpr std::size_t count = 3;

  peers() {
    // All at once, so that no port is picked twice.
    std::vector<cluster::test_socket> held(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      where.push_back({"127.0.0.1", held[i].bind()});
      redis.push_back(held[count + i].bind());
      members += (i > 0 ? "," : "") + std::to_string(i + 1) + '='
               + links::to_text(where[i]);
    }
  }

  peers(const peers&) = delete;
  peers& operator=(const peers&) = delete;

  ~peers() {
    if (failed.so_far())
      for (std::size_t i = 0; i < count; ++i)
        test::show_end_of_file(log_file(i));
  }

  std::string log_file(std::size_t i) const {
    return directory.path("log" + std::to_string(i + 1));
  }

  std::string data(std::size_t i) const {
    return directory.path(std::to_string(i + 1));
  }

  /// With low bounds, so that the peers always checkpoint and drop entries.
  void start(std::size_t i) {
    processes[i] = std::make_unique<scenarios::raftd_process>(
      std::vector<std::string>{
        "--id",        std::to_string(i + 1),
        "--members",   members,
        "--data",      data(i),
        "--cluster",   "test",
        "--redis",     "127.0.0.1:" + std::to_string(redis[i]),
        "--bootstrap", "--log-level",
        "info",        "--dirty-bytes",
        "1048576",     "--checkpoint-after",
        "300",         "--log-kept",
        "65536",       "--compaction-bytes",
        "65536"},
      log_file(i));
    BOOST_REQUIRE(processes[i]->read_line(progress_max)
                  == "listening on " + links::to_text(where[i]));
  }

  /// Kills peers, all at the same moment.
  void kill(const std::vector<std::size_t>& which) {
    for (auto i : which)
      processes[i]->send(SIGKILL);
    for (auto i : which)
      processes[i]->kill();
  }

  test::temporary_directory directory;
  std::vector<links::address> where;
  std::vector<std::uint16_t> redis;
  std::string members;
  std::array<std::unique_ptr<scenarios::raftd_process>, count> processes;
  test::failure_watch failed;
};

/// Whether a peer has, or had when it was killed, a checkpoint on the disk that
/// counts and has not come to its end.
bool is_checkpointing(const std::string& data) {
  std::ostringstream text;
  for (auto group : kv::engines_in(data))
    kv::dump({kv::engine_directory(data, group), group}, text);
  return text.str().find("  staged ") != std::string::npos;
}

bool has_dropped_entries(const std::string& data) {
  std::ostringstream text;
  persistence::dump({data, {}, {0}, {0}}, text);
  return text.str().find("compacted") != std::string::npos;
}

/// Whether all peers' own states are the same; peers that lag catch up.
bool converge(const peers& all) {
  client::client_options options;
  options.cluster = "test";
  options.server_deadline = 2s;
  client::blocking_client asker{all.where, options};
  return eventually(
    [&] {
      std::optional<std::uint64_t> hash;
      for (const auto& x : all.where) {
        try {
          auto digest = kv::decode_digest(
            asker.query(x, kv::digest_request(), consistency::stale).reply);
          if (!digest || digest->hash != hash.value_or(digest->hash))
            return false;
          hash = digest->hash;
        } catch (const client::client_error&) {
          return false;
        }
      }
      return true;
    },
    progress_max);
}

/// Reads a key through each peer, as clients of their own.
void read_everywhere(const peers& all, const std::string& key,
                     map_history& into) {
  std::optional<std::optional<std::string>> first;
  for (std::size_t i = 0; i < peers::count; ++i) {
    map_operation x;
    x.client = load::clients + i;
    x.input = {key, checker::map_model::get{}};
    redis_answer answer;
    BOOST_REQUIRE(eventually(
      [&] {
        redis_client peer;
        if (!peer.connect(all.redis[i]))
          return false;
        x.start = now();
        answer = peer.ask({"GET", key});
        x.end = now();
        return answer.what == redis_answer::kind::done;
      },
      progress_max));
    x.output.emplace();
    x.output->seen = answer.text;
    BOOST_TEST((answer.text == first.value_or(answer.text)));
    first = answer.text;
    into.operations.push_back(std::move(x));
  }
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t result = 0;
  for (auto i = text.find(part); i != std::string::npos;
       i = text.find(part, i + 1))
    ++result;
  return result;
}

/// Each acknowledged value is in the last value of its key once, each other at
/// most once.
void check_appends(const map_history& x) {
  std::map<std::string, std::string> last;
  for (const auto& y : x.operations)
    if (y.client >= load::clients)
      last[y.input.key] = y.output->seen.value_or("");
  for (const auto& y : x.operations) {
    const auto* append = std::get_if<checker::map_model::append>(&y.input.what);
    if (!append)
      continue;
    auto n = occurrences(last[y.input.key], append->more);
    BOOST_TEST((y.end ? n == 1 : n <= 1),
               append->more << " is there " << n << " times");
  }
}

void check_history(const map_history& x, std::uint64_t block) {
  auto found = checker::check(x);
  if (found.result == checker::verdict::linearizable)
    return;
  auto file = "kills-" + std::to_string(block) + ".history";
  std::ofstream out{file};
  checker::write(out, x);
  BOOST_ERROR("block " << block << " is "
                       << (found.result == checker::verdict::undecided
                             ? "undecided"
                             : to_text(explain(x, found)))
                       << "; the history is in " << file);
}

struct totals {
  std::uint64_t operations = 0;
  std::uint64_t unknown = 0;
  std::array<std::uint64_t, peers::count> killed{};
  /// How many were killed in a checkpoint, and with a log that had been cut
  /// off.
  std::uint64_t checkpointing = 0;
  std::uint64_t compacted = 0;

  /// Whether all that kills should come upon was there.
  bool has_all() const {
    return unknown > 0 && checkpointing > 0 && compacted > 0;
  }
};

/// One round: at some moment, some peers die; then they come back.
void kill_and_restart(peers& all, load& clients, base::random& source,
                      totals& sum) {
  auto wait_for = [&](std::uint64_t commands) {
    auto until = clients.acknowledged() + commands;
    return eventually([&] { return clients.acknowledged() >= until; },
                      progress_max);
  };
  BOOST_REQUIRE_MESSAGE(wait_for(1 + source.below(200)), "no progress");
  std::vector<std::size_t> victims{0, 1, 2};
  auto n = std::array<std::size_t, 4>{1, 1, 2, 3}[source.below(4)];
  while (victims.size() > n)
    victims.erase(victims.begin()
                  + static_cast<std::ptrdiff_t>(source.below(victims.size())));
  // Checkpoints are short, so in some rounds it waits for one.
  if (source.below(2) == 0)
    eventually([&] { return is_checkpointing(all.data(victims.front())); }, 2s);
  all.kill(victims);
  ++sum.killed[n - 1];
  for (auto i : victims) {
    sum.checkpointing += is_checkpointing(all.data(i));
    sum.compacted += has_dropped_entries(all.data(i));
  }
  // A majority goes on without the third, for some time.
  if (n == 1 && source.below(2) == 0)
    BOOST_REQUIRE_MESSAGE(wait_for(1 + source.below(100)),
                          "no progress of two");
  for (auto i : victims)
    all.start(i);
}

} // namespace

BOOST_AUTO_TEST_SUITE(kills)

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_kills_and_is_in_order) {
  auto rounds = number_of("RAFT_ROUNDS", 20);
  auto seed = number_of("RAFT_SEED", 1);
  auto began = now();
  base::random source{seed};
  peers all;
  for (std::size_t i = 0; i < peers::count; ++i)
    all.start(i);
  load clients{all.redis, seed};
  totals sum;
  // What a kill comes upon is a matter of luck: there may be more rounds.
  auto goes_on = [&](std::uint64_t round) {
    return round < rounds
        || (rounds >= rounds_per_block && !sum.has_all() && round < 5 * rounds);
  };
  for (std::uint64_t round = 0; goes_on(round);) {
    auto block = round / rounds_per_block;
    clients.resume(block);
    for (; goes_on(round) && round / rounds_per_block == block; ++round)
      kill_and_restart(all, clients, source, sum);
    map_history seen;
    seen.operations = clients.pause();
    BOOST_REQUIRE_MESSAGE(converge(all), "the peers' states differ");
    std::set<std::string> keys;
    for (const auto& x : seen.operations)
      keys.insert(x.input.key);
    for (const auto& key : keys)
      read_everywhere(all, key, seen);
    check_appends(seen);
    check_history(seen, block);
    sum.operations += seen.operations.size();
    for (const auto& x : seen.operations)
      sum.unknown += x.end ? 0 : 1;
    BOOST_TEST_MESSAGE(
      round << " rounds, " << sum.operations << " operations, of which "
            << sum.unknown << " with unknown outcome; kills of 1, 2, 3 peers: "
            << sum.killed[0] << ", " << sum.killed[1] << ", " << sum.killed[2]
            << "; left with changes staged " << sum.checkpointing
            << ", with a log that was cut off " << sum.compacted
            << "; longest silence " << clients.longest_silence() / 1ms
            << " ms; " << (now() - began) / 1'000'000'000 << " s");
  }
  BOOST_TEST(sum.operations > 10 * rounds);
  BOOST_TEST((rounds < rounds_per_block || sum.has_all()));
}

BOOST_AUTO_TEST_SUITE_END()
