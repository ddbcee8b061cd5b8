// Those whom a peer tells what happens, until they end.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/observers.hpp>
#include <raft/actors/subscribers.hpp>

#include <caf/node_id.hpp>

namespace raft::actors {

/// The subscribers and the observers of one peer. An actor may be both.
class peer_listeners {
public:
  peer_listeners(group_id group, peer_id id, const peer_bounds& bounds)
    : subscribers_{group, bounds}, observers_{group, id} {
    // nop
  }

  subscribers& of_entries() noexcept {
    return subscribers_;
  }

  observers& of_leadership() noexcept {
    return observers_;
  }

  /// Begins a subscription.
  /// @param self The peer, which is being asked.
  /// @param ends Who watches for it.
  template <class Self>
  caf::result<subscribed>
  add(Self* self, watcher& ends, const consensus::core& core,
      const subscribe& what, const subscriber_actor& who) {
    // Deliveries that nobody there asked for would be ours.
    const auto& sender = self->current_sender();
    if (!who
        || (sender && sender->node() != self->node()
            && sender->node() != who.node()))
      return failure(
        "the subscriber must be an actor of the process that asks");
    auto answer
      = subscribers_.open(what, who, core.log().compacted().index.next());
    if (answer.accepted)
      forget_at_its_end(self, ends, who);
    return answer;
  }

  /// Begins to tell an actor who leads.
  template <class Self>
  caf::result<observed> add(Self* self, watcher& ends, const observe& what,
                            const observer_actor& who) {
    if (!who || who.node() != self->node())
      return failure("the observer must be an actor of the peer's process");
    observers_.add(self, who);
    forget_at_its_end(self, ends, who);
    return observed{what.group};
  }

  /// Gives subscribers what they may have.
  /// @param look_up Has entries read that only the disk has: called with a
  ///        request, and with what to do with the answer.
  template <class Self, class LookUp>
  void deliver(Self* self, const consensus::core& core, LookUp look_up) {
    subscribers_.serve(
      core,
      [this, self](const feed::order& what, std::vector<entry> found) {
        hand_over(self, what, std::move(found));
      },
      [&, this, self](const feed::order& what) {
        look_up(read_entries{core.self().group, core.self().id, what.first,
                             what.last, what.bytes_max},
                [this, self, what](entries_read& done) {
                  hand_over(self, what, std::move(done.entries));
                });
      });
  }

  /// The peer takes part no more.
  template <class Self>
  void conclude(Self* self) {
    subscribers_.clear();
    observers_.conclude(self);
  }

private:
  template <class Self>
  void hand_over(Self* self, const feed::order& what,
                 std::vector<entry>&& entries) {
    if (auto parcel = subscribers_.fill(what, std::move(entries)))
      send(self, parcel->to, std::move(parcel->what));
  }

  template <class Self, class Handle>
  void forget_at_its_end(Self* self, watcher& ends, const Handle& who) {
    auto address = caf::actor_cast<caf::actor_addr>(who);
    ends.watch(self, who, [this, address] {
      subscribers_.forget(address);
      observers_.forget(address);
    });
  }

  subscribers subscribers_;
  observers observers_;
};

} // namespace raft::actors
