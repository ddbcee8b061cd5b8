#include <raft/scenarios/kv_rounds.hpp>
#include <raft/scenarios/kv_user.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace raft::scenarios {

using namespace std::chrono_literals;

namespace {

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

} // namespace

std::string word(std::size_t client, std::size_t number) {
  return "x " + std::to_string(client) + " " + std::to_string(number) + " y";
}

void run_rounds(test_context& x, const kv_options& options) {
  kv_history history;
  std::vector<std::unique_ptr<program>> all;
  for (int round = 0; round < 3; ++round) {
    run_round(x, history, options, all);
    if (options.log_bytes_max > 0)
      x.require_short_logs(options.log_bytes_max);
  }
  require_linearizable(x, history);
}

void run_thousand_appends(test_context& x) {
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

} // namespace raft::scenarios
