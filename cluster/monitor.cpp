#include <raft/actors/caf/act.hpp>
#include <raft/base/clock.hpp>
#include <raft/cluster/monitor.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <utility>

namespace raft::cluster {

namespace {

using base::steady_now;

constexpr std::chrono::seconds monitor_pause{1};
constexpr std::chrono::seconds peer_patience{5};

/// The actor around the health of a peer.
class monitor_shell {
public:
  static inline const char* name = "raft.monitor";

  using self_pointer = monitor_actor::stateful_pointer<monitor_shell>;

  monitor_actor::behavior_type begin(self_pointer self,
                                     monitor_options options) {
    self_ = self;
    health_.emplace(options.members, options.kept_max);
    options_ = std::move(options);
    look_later();
    return {
      [this](const wake&) { look(); },
      [this](const stop& msg) {
        self_->quit();
        return stopped{msg.group};
      },
    };
  }

private:
  void look_later() {
    actors::send_later(self_, monitor_actor{self_}, monitor_pause, wake{});
  }

  void look() {
    actors::ask(self_, options_.peer, peer_patience, get_state{options_.group})
      .then(
        [this](peer_state& found) {
          peer_view view{std::move(found), options_.board->all_down(),
                         options_.disk_full->log, options_.disk_full->machine};
          tell(health_->observe(steady_now(), view));
          look_later();
        },
        [this](const caf::error& why) {
          if (why == caf::sec::request_timeout)
            tell(health_->observe_silence(steady_now()));
          look_later();
        });
  }

  void tell(const std::vector<events::event>& news) const {
    for (const auto& x : news)
      events::tell(options_.on_event, x);
  }

  self_pointer self_ = nullptr;
  monitor_options options_;
  std::optional<health> health_;
};

monitor_actor::behavior_type run_monitor(monitor_shell::self_pointer self,
                                         monitor_options options) {
  return actors::state_of(self).begin(self, std::move(options));
}

} // namespace

void full_disks::see(const consensus::note& what) {
  using consensus::note_kind;
  if (what.kind == note_kind::disk_is_full
      || what.kind == note_kind::disk_has_space)
    log = what.kind == note_kind::disk_is_full;
  if (what.kind == note_kind::machine_lacks_space
      || what.kind == note_kind::machine_has_space)
    machine = what.kind == note_kind::machine_lacks_space;
}

monitor_actor spawn_monitor(caf::actor_system& system,
                            monitor_options options) {
  return system.spawn(run_monitor, std::move(options));
}

} // namespace raft::cluster
