// A subscriber: an actor that is told all committed commands, in order, and
// prints them. Run it again with the same directory, and it begins with those
// of the first run. What the node tells of itself goes to stderr.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/cluster/node.hpp>
#include <raft/events/event.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/client.hpp>

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
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using raft::actors::ask;

/// What is replicated: nothing but the log itself.
class no_state : public raft::machine::state_machine {
public:
  raft::bytes apply(const raft::machine::apply_context&,
                    const raft::bytes&) override {
    return {};
  }
};

/// Called with each command.
using reader = std::function<void(raft::log_index, const std::string&)>;

class journal_state {
public:
  static inline const char* name = "journal";

  using self_pointer
    = raft::actors::subscriber_actor::stateful_pointer<journal_state>;

  raft::actors::subscriber_actor::behavior_type
  begin(self_pointer self, raft::actors::peer_actor peer, reader on_command) {
    self_ = self;
    peer_ = std::move(peer);
    on_command_ = std::move(on_command);
    // A peer that ends, or whose process is lost, says nothing any more.
    watcher_.watch(self_, peer_, [this] { end("its peer has ended"); });
    subscribe_from(raft::log_index{1});
    return {[this](const raft::delivery& x) { take(x); }};
  }

private:
  /// What may be on its way before we say that we have handled it.
  static constexpr std::uint64_t credit_bytes = 1 << 20;

  void subscribe_from(raft::log_index from) {
    ask(self_, peer_, 10s, raft::subscribe{{1}, 0, from, credit_bytes},
        raft::actors::subscriber_actor{self_})
      .then(
        [this](const raft::subscribed& x) {
          if (x.accepted)
            return;
          if (x.reason == raft::reject_reason::busy)
            end("the peer has as many subscriptions as it may");
          else // Older entries were dropped: what they did is in the state.
            subscribe_from(x.first_available);
        },
        [this](const caf::error&) { end("the peer does not answer"); });
  }

  void take(const raft::delivery& x) {
    if (x.entries.empty())
      return end("what comes next was dropped from the log: we were too slow");
    std::uint64_t handled = 0;
    for (const auto& e : x.entries) {
      // Leaders write entries of their own, too.
      if (e.kind == raft::entry_kind::command)
        on_command_(e.index, std::string{e.data.view()});
      handled += raft::cost(e);
    }
    raft::actors::send(self_, peer_, raft::credit{x.group, x.id, handled});
  }

  void end(const std::string& why) {
    std::cerr << "the journal ends: " << why << '\n';
    self_->quit();
  }

  self_pointer self_ = nullptr;
  raft::actors::peer_actor peer_;
  raft::actors::watcher watcher_;
  reader on_command_;
};

raft::actors::subscriber_actor::behavior_type
journal(journal_state::self_pointer self, raft::actors::peer_actor peer,
        reader on_command) {
  return raft::actors::state_of(self).begin(self, std::move(peer),
                                            std::move(on_command));
}

/// Prints what a node tells: when its peer leads, and what goes wrong.
void show(const raft::events::event& x) {
  if (severity_of(x) >= raft::events::severity::info)
    std::cerr << to_text(x) + '\n';
}

void run(const std::string& directory) {
  raft::actors::system_config config{true}; // true: with remote actors
  caf::actor_system system{config};
  raft::cluster::configuration me;
  me.cluster = "journal";
  me.id = {1};
  me.members = {{{1}, {"127.0.0.1", 0}}};
  me.data_directory = directory;
  me.bootstrap = true;
  raft::cluster::node_options options;
  // Nothing goes on without a peer: the process aborts when it has failed.
  options.on_event = raft::events::or_abort(show);
  raft::cluster::node node{
    system, me, [](raft::group_id) { return std::make_unique<no_state>(); },
    options};
  caf::scoped_actor self{system};
  raft::log_index last;
  for (const auto* word : {"to be", "or not", "to be"})
    ask(self, node.client(), 10s, raft::submit{{1}, raft::bytes{word}, 5000})
      .receive([&](const raft::executed& x) { last = x.index; },
               [](const caf::error& e) {
                 throw std::runtime_error{caf::to_string(e)};
               });
  // The subscriber lives in another thread: it sends us what it reads.
  auto here = caf::actor{self};
  auto subscriber
    = system.spawn(journal, node.peer(),
                   [here](raft::log_index index, const std::string& command) {
                     raft::actors::send_anonymously(here, index.value, command);
                   });
  for (auto reading = true; reading;)
    self->receive([&](std::uint64_t index, const std::string& command) {
      std::cout << command << '\n';
      reading = index < last.value;
    });
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: journal DIRECTORY\n";
    return 2;
  }
  try {
    run(argv[1]);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
