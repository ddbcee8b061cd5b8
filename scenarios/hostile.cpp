// Persistence on a network that loses messages, and under steady change.

#include <raft/scenarios/scenario.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

void unreliable_agreement(test_context& x) {
  std::vector<std::shared_ptr<agreement>> others;
  for (std::uint64_t round = 1; round < 50; ++round) {
    for (std::uint64_t i = 0; i < 4; ++i)
      others.push_back(
        x.begin_one(test_context::command(100 * round + i), 1, true));
    x.one(round, 1, true);
  }
  x.where().set_network_profile({});
  x.where().wait_until(11s, [&] {
    return std::all_of(others.begin(), others.end(),
                       [](const auto& y) { return y->result().has_value(); });
  });
  for (const auto& y : others)
    require(y->result().has_value(), "all agreements to end", "one does not");
  x.one(100, 5, true);
}

void figure_8_unreliable(test_context& x) {
  auto small = [&x] { return test_context::command(x.draw(10000)); };
  x.one(small(), 1, true);
  std::size_t up = 5;
  for (int i = 0; i < 1000; ++i) {
    if (i == 200)
      x.where().set_network_profile({true, true});
    std::optional<peer_number> leader;
    // Those that are cut off are asked, too: their logs grow apart.
    for (peer_number who = 0; who < 5; ++who)
      if (x.where().start(who, small()).leads && x.connected(who))
        leader = who;
    x.sleep(x.draw(10) == 0 ? x.draw(0ms, 499ms) : x.draw(0ms, 12ms));
    if (leader && x.draw(2) == 0) {
      x.disconnect(*leader);
      --up;
    }
    auto other = x.draw_peer();
    if (up < 3 && !x.connected(other)) {
      x.connect(other);
      ++up;
    }
  }
  x.connect_all();
  x.one(small(), 5, true);
}

// -- churn --------------------------------------------------------------------

/// Offers commands to all peers and looks which ones are committed.
class churn_client {
public:
  churn_client(test_context& owner, int number)
    : context_{owner}, number_{number} {
    // nop
  }

  void begin() {
    call_after(0ms);
  }

  void stop() {
    stopping_ = true;
  }

  bool ended() const {
    return ended_;
  }

  /// The commands that were seen committed.
  const std::vector<bytes>& confirmed() const {
    return confirmed_;
  }

private:
  static constexpr std::array<std::chrono::milliseconds, 5> looks{
    10ms, 20ms, 50ms, 100ms, 200ms};

  void call_after(duration pause) {
    context_.where().after(pause, [this] { step(); });
  }

  void step() {
    if (!index_)
      return offer();
    if (context_.committed(index_) > 0) {
      if (context_.where().record().at(index_)->data == command_)
        confirmed_.push_back(command_);
      look_ = looks.size();
    }
    if (look_ < looks.size())
      return call_after(looks[look_++]);
    index_ = {};
    offer();
  }

  void offer() {
    if (stopping_) {
      ended_ = true;
      return;
    }
    command_ = context_.draw_command();
    look_ = 0;
    for (peer_number who = 0; who < context_.size(); ++who) {
      if (!context_.where().runs(who))
        continue;
      auto begun = context_.where().start(who, command_);
      if (begun.index)
        index_ = begun.index;
    }
    call_after(index_ ? 0ms : std::chrono::milliseconds{79 + 17 * number_});
  }

  test_context& context_;
  int number_;
  bytes command_;
  log_index index_;
  std::size_t look_ = 0;
  std::vector<bytes> confirmed_;
  bool stopping_ = false;
  bool ended_ = false;
};

void disturb(test_context& x) {
  if (x.draw(10) < 2)
    x.disconnect(x.draw_peer());
  if (x.draw(10) < 5) {
    auto who = x.draw_peer();
    if (!x.where().runs(who))
      x.restart(who);
    x.connect(who);
  }
  if (x.draw(10) < 2) {
    auto who = x.draw_peer();
    if (x.where().runs(who))
      x.crash(who);
  }
}

void churn(test_context& x) {
  std::array<churn_client, 3> clients{churn_client{x, 0}, churn_client{x, 1},
                                      churn_client{x, 2}};
  for (auto& client : clients)
    client.begin();
  for (int round = 0; round < 20; ++round) {
    disturb(x);
    x.sleep(700ms);
  }
  x.sleep(1s);
  x.where().set_network_profile({});
  for (peer_number who = 0; who < x.size(); ++who) {
    if (!x.where().runs(who))
      x.restart(who);
    x.connect(who);
  }
  for (auto& client : clients)
    client.stop();
  auto ended = x.where().wait_until(10s, [&] {
    return std::all_of(clients.begin(), clients.end(),
                       [](auto& client) { return client.ended(); });
  });
  require(ended, "the clients to end", "they wait");
  x.sleep(1s);
  auto last = x.one(x.draw_command(), x.size(), true);
  std::set<std::string> committed;
  for (log_index i{1}; i <= last; ++i) {
    x.wait(i, x.size());
    committed.emplace(x.where().record().at(i)->data.view());
  }
  for (auto& client : clients)
    for (const auto& command : client.confirmed())
      require(committed.count(std::string{command.view()}) > 0,
              "every command that was seen committed in the log",
              "command " + std::string{command.view()} + " is lost");
}

} // namespace

std::vector<scenario> hostile_scenarios() {
  const network_profile bad{true, false};
  return {
    {"unreliable-agreement",
     "unreliable agreement",
     "persistence",
     "Five commands at a time, 49 times, on a network that loses one of ten "
     "requests and one of ten answers. Each must be committed by some peer "
     "within ten seconds, and one by all at the end.",
     5,
     bad,
     {ability::losing_messages},
     unreliable_agreement},
    {"figure-8-unreliable",
     "figure 8 (unreliable)",
     "persistence",
     "Leaders that were just given a command are cut off half of the time, a "
     "thousand times, on a network that loses messages; later, two of three "
     "answers come up to two seconds late. Logs of those that are cut off grow "
     "far apart. On the same bad network all must agree within ten seconds.",
     5,
     bad,
     {ability::losing_messages, ability::long_delays},
     figure_8_unreliable},
    {"churn",
     "churn",
     "persistence",
     "Three clients offer commands to all peers while peers are cut off, "
     "crash and come back, for 14 seconds. Every command that a client saw "
     "committed must be in the log that all agree on at the end.",
     5,
     {},
     {},
     churn},
    {"unreliable-churn",
     "unreliable churn",
     "persistence",
     "As churn, on a network that loses messages.",
     5,
     bad,
     {ability::losing_messages},
     churn},
  };
}

} // namespace raft::scenarios
