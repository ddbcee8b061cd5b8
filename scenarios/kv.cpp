// The key-value store, as its clients see it.

#include <raft/scenarios/kv_user.hpp>
#include <raft/scenarios/scenario.hpp>

#include <algorithm>
#include <memory>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

/// How a client that was told to stop must end, its last command included.
constexpr auto client_end_max = 60s;

std::string word(std::size_t client, std::size_t number) {
  return "x " + std::to_string(client) + " " + std::to_string(number) + " y";
}

// -- clients that go on until they are told to stop ---------------------------

/// A program: what a client does, one command after the other.
class program {
public:
  program(test_context& owner, kv_history& history, std::size_t number)
    : context_{owner}, user_{owner, history}, number_{number} {
    // nop
  }

  virtual ~program() = default;
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  virtual void begin() {
    go_on();
  }

  void stop() {
    stopping_ = true;
  }

  bool ended() const {
    return ended_;
  }

  std::size_t number() const {
    return number_;
  }

protected:
  virtual void next() = 0;

  void go_on() {
    if (stopping_)
      ended_ = true;
    else
      next();
  }

  test_context& context_;
  kv_user user_;
  std::size_t number_;

private:
  bool stopping_ = false;
  bool ended_ = false;
};

/// Writes to a key of its own and knows what must be there.
class own_key_program : public program {
public:
  using program::program;

  void begin() override {
    user_.begin(kv::put{key(), {}}, [this](const kv::reply&) { go_on(); });
  }

  std::string key() const {
    return std::to_string(number_);
  }

  const std::string& value() const {
    return value_;
  }

private:
  void next() override {
    if (context_.draw(2) == 0) {
      auto more = word(number_, count_++);
      value_ += more;
      user_.begin(kv::append{key(), more},
                  [this](const kv::reply&) { go_on(); });
    } else {
      user_.begin(kv::get{{key()}}, [this](const kv::reply& x) {
        require(value_of(x) == value_, "key " + key() + " to hold " + value_,
                value_of(x));
        go_on();
      });
    }
  }

  std::string value_;
  std::size_t count_ = 0;
};

/// Reads and writes keys of all.
class random_key_program : public program {
public:
  random_key_program(test_context& owner, kv_history& history,
                     std::size_t number, std::size_t keys)
    : program{owner, history, number}, keys_{keys} {
    // nop
  }

private:
  void next() override {
    auto key = std::to_string(context_.draw(keys_));
    auto dice = context_.draw(1000);
    auto then = [this](const kv::reply&) { go_on(); };
    if (dice < 500)
      user_.begin(kv::append{key, word(number_, count_++)}, then);
    else if (dice < 550)
      user_.begin(kv::put{key, word(number_, count_++)}, then);
    else
      user_.begin(kv::get{{key}}, then);
  }

  std::size_t keys_;
  std::size_t count_ = 0;
};

// -- the scenario with everything that can be switched on ---------------------

struct kv_options {
  std::size_t clients = 1;
  bool restarts = false;
  bool partitions = false;
  bool random_keys = false;
};

/// Splits the peers anew every second or so, until it is gone.
class partitioner {
public:
  explicit partitioner(test_context& x) : context_{x} {
    call_after(1s);
  }

  ~partitioner() {
    *alive_ = false;
  }

  partitioner(const partitioner&) = delete;
  partitioner& operator=(const partitioner&) = delete;

private:
  void call_after(duration pause) {
    context_.where().after(pause, [this, alive = alive_] {
      if (*alive)
        split();
    });
  }

  void split() {
    std::vector<int> groups(context_.size());
    for (auto& x : groups)
      x = static_cast<int>(context_.draw(2));
    context_.partition(groups);
    call_after(context_.draw(1000ms, 1199ms));
  }

  test_context& context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

std::unique_ptr<program> make_program(test_context& x, kv_history& history,
                                      const kv_options& options,
                                      std::size_t number) {
  if (options.random_keys)
    return std::make_unique<random_key_program>(x, history, number,
                                                options.clients);
  return std::make_unique<own_key_program>(x, history, number);
}

void restart_all(test_context& x) {
  for (peer_number i = 0; i < x.size(); ++i)
    x.crash(i);
  x.sleep(1s);
  for (peer_number i = 0; i < x.size(); ++i)
    x.restart(i);
  x.connect_all();
}

void await_ends(test_context& x,
                const std::vector<std::unique_ptr<program>>& all) {
  auto ended = x.where().wait_until(client_end_max, [&] {
    return std::ranges::all_of(all, [](const auto& y) { return y->ended(); });
  });
  require(ended, "the last command of each client to be executed within 60 s",
          "one is not");
}

/// @param all Outlive all rounds, because their calls may.
void run_round(test_context& x, kv_history& history, const kv_options& options,
               std::vector<std::unique_ptr<program>>& all) {
  for (std::size_t i = 0; i < options.clients; ++i) {
    all.push_back(make_program(x, history, options, i));
    all.back()->begin();
  }
  {
    std::unique_ptr<partitioner> splits;
    if (options.partitions)
      splits = std::make_unique<partitioner>(x);
    x.sleep(5s);
  }
  for (auto& y : all)
    y->stop();
  if (options.partitions) {
    x.partition(std::vector<int>(x.size()));
    x.sleep(1s);
  }
  if (options.restarts)
    restart_all(x);
  await_ends(x, all);
  if (options.random_keys)
    return;
  kv_user reader{x, history};
  for (auto i = all.size() - options.clients; i < all.size(); ++i) {
    const auto& y = dynamic_cast<own_key_program&>(*all[i]);
    auto seen = reader.get(y.key());
    require(seen == y.value(),
            "every append of client " + y.key()
              + " once and in order: " + y.value(),
            seen);
  }
}

void run_rounds(test_context& x, const kv_options& options) {
  kv_history history;
  std::vector<std::unique_ptr<program>> all;
  for (int round = 0; round < 3; ++round)
    run_round(x, history, options, all);
  require_linearizable(x, history);
}

template <std::size_t Clients, bool Restarts, bool Partitions,
          bool RandomKeys = false>
void generic(test_context& x) {
  run_rounds(x, {Clients, Restarts, Partitions, RandomKeys});
}

// -- the others ---------------------------------------------------------------

void speed(test_context& x) {
  constexpr std::size_t count = 1000;
  kv_history history;
  kv_user user{x, history};
  user.get("x"); // waits for a leader
  std::string expected;
  auto begin = x.where().now();
  for (std::size_t i = 0; i < count; ++i) {
    auto more = word(0, i);
    user.append("x", more);
    expected += more;
  }
  auto used = x.where().now() - begin;
  auto seen = user.get("x");
  require(seen == expected, "every append once and in order", seen);
  require_at_most(used.count(), 33'333'333,
                  "the microseconds for 1000 appends");
}

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
     speed},
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
