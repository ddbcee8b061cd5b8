#include <raft/actors/caf/act.hpp>
#include <raft/scenarios/network_actor.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace raft::scenarios {

switchboard::switchboard(std::size_t peers, std::uint64_t seed)
  : network_{peers, seed}, begin_{std::chrono::steady_clock::now()} {
  // nop
}

void switchboard::plug(peer_number who, const actors::peer_actor& handle) {
  std::lock_guard guard{mutex_};
  plugged_[id_of(who)] = handle;
  network_.started(who);
}

void switchboard::unplug(peer_number who) {
  std::lock_guard guard{mutex_};
  plugged_.erase(id_of(who));
  network_.crashed(who);
}

void switchboard::send(simulation::peer_message what) {
  std::lock_guard guard{mutex_};
  network_.send(std::move(what), now());
}

std::vector<switchboard::parcel> switchboard::take() {
  std::lock_guard guard{mutex_};
  std::vector<parcel> result;
  for (auto& x : network_.take(now())) {
    auto to = std::visit([](const auto& y) { return y.header.to; }, x);
    auto i = plugged_.find(to);
    if (i != plugged_.end())
      result.push_back({std::move(x), i->second});
  }
  return result;
}

std::optional<duration> switchboard::next() const {
  std::lock_guard guard{mutex_};
  auto at = network_.wake_at();
  if (!at)
    return std::nullopt;
  return *at - now();
}

instant switchboard::now() const {
  return std::chrono::duration_cast<instant>(std::chrono::steady_clock::now()
                                             - begin_);
}

namespace {

class network_state {
public:
  static inline const char* name = "raft.network";

  using self_pointer = network_actor::stateful_pointer<network_state>;

  network_actor::behavior_type begin(self_pointer self,
                                     std::shared_ptr<switchboard> board) {
    self_ = self;
    board_ = std::move(board);
    return {
      [this](vote_request& msg) { carry(std::move(msg)); },
      [this](vote_reply& msg) { carry(std::move(msg)); },
      [this](append_request& msg) { carry(std::move(msg)); },
      [this](append_reply& msg) { carry(std::move(msg)); },
      [this](read_index_request& msg) { carry(std::move(msg)); },
      [this](read_index_reply& msg) { carry(std::move(msg)); },
      [this](timeout_now& msg) { carry(std::move(msg)); },
      [this](install_request& msg) { carry(std::move(msg)); },
      [this](install_reply& msg) { carry(std::move(msg)); },
      [this](const wake& msg) {
        if (msg.number != alarm_)
          return;
        armed_.reset();
        deliver();
      },
      [this](const stop& msg) {
        self_->quit();
        return stopped{msg.group};
      },
    };
  }

private:
  using clock = std::chrono::steady_clock;

  template <class Message>
  void carry(Message&& msg) {
    board_->send(std::forward<Message>(msg));
    deliver();
  }

  void deliver() {
    for (auto& x : board_->take())
      std::visit([&](auto& msg) { actors::send(self_, x.to, std::move(msg)); },
                 x.what);
    arm();
  }

  void arm() {
    auto delay = board_->next();
    if (!delay)
      return;
    auto at = clock::now() + *delay;
    if (armed_ && *armed_ <= at)
      return;
    armed_ = at;
    actors::send_later(self_, network_actor{self_},
                       std::max(*delay, duration{0}), wake{++alarm_});
  }

  self_pointer self_ = nullptr;
  std::shared_ptr<switchboard> board_;
  std::optional<clock::time_point> armed_;
  std::uint64_t alarm_ = 0;
};

network_actor::behavior_type run_network(network_state::self_pointer self,
                                         std::shared_ptr<switchboard> board) {
  return actors::state_of(self).begin(self, std::move(board));
}

} // namespace

network_actor spawn_network(caf::actor_system& system,
                            std::shared_ptr<switchboard> board) {
  return system.spawn(run_network, std::move(board));
}

} // namespace raft::scenarios
