// An observer: an actor that is told when its peer begins and ceases to lead.
// While it leads, and only then, this process keeps a lamp on that is no part
// of what is replicated.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/cluster/node.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/leadership.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
// Whoever spawns or derives typed actors needs it; without it, the compiler
// complains at length about an incomplete type.
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using raft::actors::ask;

/// What is replicated: nothing, the cluster only elects.
class no_state : public raft::machine::state_machine {
public:
  raft::bytes apply(const raft::machine::apply_context&,
                    const raft::bytes&) override {
    return {};
  }
};

/// Something outside that obeys one process at a time. A process that has been
/// replaced may not know it yet, and its last orders may be on their way: what
/// belongs to an earlier term than the last order is refused.
class lamp {
public:
  bool turn(raft::term_number term, bool on) {
    std::lock_guard guard{mutex_};
    if (term < last_)
      return false;
    last_ = term;
    std::cout << (on ? "on\n" : "off\n");
    return true;
  }

private:
  std::mutex mutex_;
  raft::term_number last_;
};

/// Called with the term in which the lamp was turned on.
using listener = std::function<void(raft::term_number)>;

class keeper_state {
public:
  static inline const char* name = "keeper";

  using self_pointer
    = raft::actors::observer_actor::stateful_pointer<keeper_state>;

  raft::actors::observer_actor::behavior_type
  begin(self_pointer self, const raft::actors::peer_actor& peer,
        std::shared_ptr<lamp> what, listener on_light) {
    self_ = self;
    lamp_ = std::move(what);
    on_light_ = std::move(on_light);
    // One that is killed says nothing any more.
    watcher_.watch(self_, peer, [this] {
      turn_off();
      self_->quit();
    });
    ask(self_, peer, 10s, raft::observe{{1}},
        raft::actors::observer_actor{self_})
      .then([](const raft::observed&) {},
            [this](const caf::error&) {
              std::cerr << "the peer does not say who leads\n";
              self_->quit();
            });
    return {[this](const raft::leadership& now) { learn(now); }};
  }

private:
  void learn(const raft::leadership& now) {
    if (term_ != now.term || !now.leads)
      turn_off();
    // Not as soon as it leads: before it is ready, its state machine may not
    // show all that earlier leaders have done.
    if (now.ready && !term_ && lamp_->turn(now.term, true)) {
      term_ = now.term;
      on_light_(term_);
    }
  }

  void turn_off() {
    if (auto term = std::exchange(term_, {}))
      lamp_->turn(term, false);
  }

  self_pointer self_ = nullptr;
  raft::actors::watcher watcher_;
  std::shared_ptr<lamp> lamp_;
  listener on_light_;
  /// In which we have turned the lamp on; 0 if we have not.
  raft::term_number term_;
};

raft::actors::observer_actor::behavior_type
keeper(keeper_state::self_pointer self, const raft::actors::peer_actor& peer,
       std::shared_ptr<lamp> what, listener on_light) {
  return raft::actors::state_of(self).begin(self, peer, std::move(what),
                                            std::move(on_light));
}

/// Runs a node until the lamp is on.
/// @returns its term.
raft::term_number run(const std::string& directory,
                      const std::shared_ptr<lamp>& what) {
  raft::actors::system_config config{true}; // true: with remote actors
  caf::actor_system system{config};
  raft::cluster::configuration me;
  me.cluster = "lamp";
  me.id = {1};
  me.members = {{{1}, {"127.0.0.1", 0}}}; // the others would be here, too
  me.data_directory = directory;
  me.bootstrap = true;
  raft::cluster::node node{
    system, me, [](raft::group_id) { return std::make_unique<no_state>(); }};
  caf::scoped_actor self{system};
  // The keeper lives in another thread: it sends us what we wait for.
  auto here = caf::actor{self};
  system.spawn(keeper, node.peer(), what, [here](raft::term_number term) {
    raft::actors::send_anonymously(here, term.value);
  });
  raft::term_number result;
  self->receive([&](std::uint64_t term) { result.value = term; });
  return result;
  // Here the node stops, and so the peer leads no more.
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: lamp DIRECTORY\n";
    return 2;
  }
  try {
    auto what = std::make_shared<lamp>();
    auto first = run(argv[1], what);
    run(argv[1], what);
    if (!what->turn(first, true))
      std::cout << "an order of the first term came too late\n";
    return 0;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
