// The key-value store, as its clients see it.

#include <raft/scenarios/kv_rounds.hpp>
#include <raft/scenarios/kv_user.hpp>
#include <raft/scenarios/scenario.hpp>

#include <algorithm>
#include <memory>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

template <std::size_t Clients, bool Restarts, bool Partitions,
          bool RandomKeys = false>
void generic(test_context& x) {
  run_rounds(x, {Clients, Restarts, Partitions, RandomKeys});
}

// -- the others ---------------------------------------------------------------

void append_to_one_key(test_context& x) {
  constexpr std::size_t clients = 5;
  constexpr std::size_t appends = 10;
  kv_history history;
  kv_user user{x, history};
  user.put("k", "");
  std::vector<std::unique_ptr<kv_user>> users;
  std::vector<std::size_t> done(clients);
  std::function<void(std::size_t)> go_on = [&](std::size_t i) {
    if (done[i] == appends)
      return;
    users[i]->begin(kv::append{"k", word(i, done[i])},
                    [&, i](const kv::reply&) {
                      ++done[i];
                      go_on(i);
                    });
  };
  for (std::size_t i = 0; i < clients; ++i)
    users.push_back(std::make_unique<kv_user>(x, history));
  for (std::size_t i = 0; i < clients; ++i)
    go_on(i);
  auto ended = x.where().wait_until(client_end_max, [&] {
    return std::all_of(done.begin(), done.end(),
                       [](auto n) { return n == appends; });
  });
  require(ended, "50 appends within 60 s", "some are missing");
  auto value = user.get("k");
  for (std::size_t i = 0; i < clients; ++i) {
    std::size_t last = 0;
    for (std::size_t j = 0; j < appends; ++j) {
      auto where = value.find(word(i, j));
      require(where != std::string::npos, word(i, j) + " in the value", value);
      require(value.rfind(word(i, j)) == where, word(i, j) + " once", value);
      require(j == 0 || where > last, word(i, j) + " in order", value);
      last = where;
    }
  }
  require_linearizable(x, history);
}

void one_partition(test_context& x) {
  kv_history history;
  kv_user any{x, history};
  any.put("1", "13");
  x.begin_stage("progress in the majority");
  auto leader = x.check_one_leader();
  std::vector<peer_number> minority{leader, (leader + 1) % 5};
  std::vector<peer_number> majority;
  std::vector<int> groups(5);
  for (auto i : minority)
    groups[i] = 1;
  for (peer_number i = 0; i < 5; ++i)
    if (groups[i] == 0)
      majority.push_back(i);
  x.partition(groups);
  kv_user inside{x, history};
  kv_user writer{x, history};
  kv_user reader{x, history};
  inside.set_reach(majority);
  writer.set_reach(minority);
  reader.set_reach(minority);
  inside.put("1", "14");
  auto expect = [](kv_user& user, const std::string& value) {
    auto seen = user.get("1");
    require(seen == value, "the value " + value, seen);
  };
  expect(inside, "14");

  x.begin_stage("no progress in the minority");
  auto wrote = false;
  auto read = false;
  writer.begin(kv::put{"1", "15"}, [&](const kv::reply&) { wrote = true; });
  reader.begin(kv::get{{"1"}}, [&](const kv::reply&) { read = true; });
  x.sleep(1s);
  require(!wrote && !read, "no answer in a minority", "one");
  expect(inside, "14");
  inside.put("1", "16");
  expect(inside, "16");

  x.begin_stage("completion after healing");
  x.partition(std::vector<int>(5));
  std::vector<peer_number> everybody{0, 1, 2, 3, 4};
  writer.set_reach(everybody);
  reader.set_reach(everybody);
  x.sleep(1s);
  x.where().wait_until(3s, [&] { return wrote; });
  require(wrote, "the put to end within 4 s of healing", "it does not");
  expect(any, "15");
  // Its answer may come any time: nothing here is gone before.
  x.where().wait_until(client_end_max, [&] { return read; });
  require_linearizable(x, history);
}

// -- what is told of them -----------------------------------------------------

const std::string story
  = "Three times, clients write and read for five seconds; each appends to a "
    "key of its own, and knows what it must hold. Every append must be there "
    "once and in order, and the history must be linearizable.";
const std::string splits
  = " Every second the peers are split into two groups at random.";
const std::string restarts
  = " After each five seconds all peers crash and come back.";
const std::string losses = " The network loses messages.";

constexpr network_profile bad{true, false};

std::vector<scenario> quiet_scenarios() {
  return {
    {"kv-one-client",
     "one client",
     "kv",
     story,
     5,
     {},
     {},
     generic<1, false, false>},
    {"kv-speed",
     "commands are fast enough",
     "kv",
     "A thousand appends, one after the other, within 33.3 seconds: a command "
     "must not wait for the next heartbeat.",
     3,
     {},
     {},
     run_thousand_appends},
    {"kv-many-clients",
     "many clients",
     "kv",
     story,
     5,
     {},
     {},
     generic<5, false, false>},
    {"kv-one-partition",
     "one partition",
     "kv",
     "The leader stays in a minority of two. Clients of the majority go on; "
     "two of the minority get no answer; when all is whole again, they do.",
     5,
     {},
     {},
     one_partition},
  };
}

std::vector<scenario> disturbed_scenarios() {
  return {
    {"kv-partitions-one-client",
     "partitions, one client",
     "kv",
     story + splits,
     5,
     {},
     {},
     generic<1, false, true>},
    {"kv-partitions",
     "partitions, many clients",
     "kv",
     story + splits,
     5,
     {},
     {},
     generic<5, false, true>},
    {"kv-restarts-one-client",
     "restarts, one client",
     "kv",
     story + restarts,
     5,
     {},
     {},
     generic<1, true, false>},
    {"kv-restarts",
     "restarts, many clients",
     "kv",
     story + restarts,
     5,
     {},
     {},
     generic<5, true, false>},
    {"kv-restarts-partitions",
     "restarts, partitions, many clients",
     "kv",
     story + restarts + splits,
     5,
     {},
     {},
     generic<5, true, true>},
  };
}

std::vector<scenario> losing_scenarios() {
  const std::vector<ability> losing{ability::losing_messages};
  return {
    {"kv-unreliable", "unreliable network, many clients", "kv", story + losses,
     5, bad, losing, generic<5, false, false>},
    {"kv-one-key", "concurrent appends to one key, unreliable network", "kv",
     "Five clients append ten words each to one key, on a network that loses "
     "messages. All fifty must be there once, those of each client in order.",
     3, bad, losing, append_to_one_key},
    {"kv-restarts-unreliable", "unreliable network, restarts, many clients",
     "kv", story + restarts + losses, 5, bad, losing, generic<5, true, false>},
    {"kv-restarts-partitions-unreliable",
     "unreliable network, restarts, partitions, many clients", "kv",
     story + restarts + splits + losses, 5, bad, losing,
     generic<5, true, true>},
    {"kv-random-keys",
     "unreliable network, restarts, partitions, random keys, many clients",
     "kv",
     "Fifteen clients read, put and append to fifteen keys at random." + splits
       + restarts + losses + " The history must be linearizable.",
     7, bad, losing, generic<15, true, true, true>},
  };
}

} // namespace

std::vector<scenario> kv_scenarios() {
  auto result = quiet_scenarios();
  for (auto& x : disturbed_scenarios())
    result.push_back(std::move(x));
  for (auto& x : losing_scenarios())
    result.push_back(std::move(x));
  return result;
}

} // namespace raft::scenarios
