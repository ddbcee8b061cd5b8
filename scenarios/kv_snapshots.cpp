// The key-value store while its peers take snapshots.

#include <raft/scenarios/kv_rounds.hpp>
#include <raft/scenarios/kv_user.hpp>
#include <raft/scenarios/scenario.hpp>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

/// Of a log, at rest: eight times what it is to have before a snapshot.
constexpr std::uint64_t kv_log_bytes_max = 8000;

template <std::size_t Clients, bool Restarts, bool Partitions,
          bool RandomKeys = false>
void rounds_with_snapshots(test_context& x) {
  run_rounds(x, {Clients, Restarts, Partitions, RandomKeys, kv_log_bytes_max});
  x.require_states();
}

void expect_value(kv_user& user, const std::string& key,
                  const std::string& value) {
  auto seen = user.get(key);
  require(seen == value, "key " + key + " to be " + value, seen);
}

void one_lags(test_context& x) {
  kv_history history;
  kv_user any{x, history};
  any.put("a", "A");
  expect_value(any, "a", "A");
  x.partition({0, 0, 1});
  {
    kv_user user{x, history};
    user.set_reach({0, 1});
    for (int i = 0; i < 50; ++i)
      user.put(std::to_string(i), std::to_string(i));
    x.sleep(1s);
    user.put("b", "B");
  }
  x.require_short_logs(kv_log_bytes_max);
  // Now the third one is needed, which can have all that only by a snapshot.
  x.partition({0, 1, 0});
  kv_user user{x, history};
  user.set_reach({0, 2});
  user.put("c", "C");
  user.put("d", "D");
  for (const auto* key : {"1", "49"})
    expect_value(user, key, key);
  expect_value(user, "a", "A");
  expect_value(user, "b", "B");
  require(x.where().record().snapshots() > 0, "a peer that gets a snapshot",
          "none");
  x.partition({0, 0, 0});
  any.put("e", "E");
  expect_value(any, "c", "C");
  expect_value(any, "e", "E");
  expect_value(any, "1", "1");
  require_linearizable(x, history);
  x.require_states();
}

void overwrite(test_context& x) {
  kv_history history;
  kv_user user{x, history};
  for (int i = 0; i < 200; ++i) {
    for (const auto* value : {"0", "1"}) {
      user.put("x", value);
      expect_value(user, "x", value);
    }
  }
  x.require_short_logs(kv_log_bytes_max);
  x.require_states();
}

void fast_with_snapshots(test_context& x) {
  run_thousand_appends(x);
  x.require_short_logs(kv_log_bytes_max);
  x.require_states();
}

const std::string kv_snapshot_story
  = "As the scenarios of the same name without snapshots; peers take one after "
    "ten entries or so, and logs must be short after each five seconds.";

constexpr network_profile losing_some{true, false};

std::vector<scenario> reliable_kv_snapshots() {
  return {
    {"kv-snapshot",
     "a peer that lags gets a snapshot",
     "kv snapshots",
     "A peer is cut off while fifty keys are written. Then another one is, and "
     "it must serve: with all keys, which it can only have by a snapshot.",
     3,
     {},
     {},
     one_lags},
    {"kv-snapshot-overwrite",
     "one key overwritten",
     "kv snapshots",
     "One key is written and read 400 times: log and state must stay short.",
     3,
     {},
     {},
     overwrite},
    {"kv-snapshot-speed",
     "commands are fast enough with snapshots",
     "kv snapshots",
     "A thousand appends within 33.3 seconds, with a snapshot after each ten "
     "or so.",
     3,
     {},
     {},
     fast_with_snapshots},
    {"kv-snapshot-restarts-one-client",
     "restarts, snapshots, one client",
     "kv snapshots",
     kv_snapshot_story,
     5,
     {},
     {},
     rounds_with_snapshots<1, true, false>},
    {"kv-snapshot-restarts",
     "restarts, snapshots, many clients",
     "kv snapshots",
     kv_snapshot_story,
     5,
     {},
     {},
     rounds_with_snapshots<20, true, false>},
  };
}

} // namespace

std::vector<scenario> kv_snapshot_scenarios() {
  const std::vector<ability> losing{ability::losing_messages};
  auto result = reliable_kv_snapshots();
  for (auto& x : std::vector<scenario>{
         {"kv-snapshot-unreliable",
          "unreliable network, snapshots, many clients", "kv snapshots",
          kv_snapshot_story, 5, losing_some, losing,
          rounds_with_snapshots<5, false, false>},
         {"kv-snapshot-restarts-unreliable",
          "unreliable network, restarts, snapshots, many clients",
          "kv snapshots", kv_snapshot_story, 5, losing_some, losing,
          rounds_with_snapshots<5, true, false>},
         {"kv-snapshot-restarts-partitions-unreliable",
          "unreliable network, restarts, partitions, snapshots, many clients",
          "kv snapshots", kv_snapshot_story, 5, losing_some, losing,
          rounds_with_snapshots<5, true, true>},
         {"kv-snapshot-random-keys",
          "unreliable network, restarts, partitions, snapshots, random keys",
          "kv snapshots", kv_snapshot_story, 7, losing_some, losing,
          rounds_with_snapshots<15, true, true, true>},
       })
    result.push_back(x);
  for (auto& x : result)
    x.snapshots = true;
  return result;
}

} // namespace raft::scenarios
