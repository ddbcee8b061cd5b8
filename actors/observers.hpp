// The observers of one peer: who is told when it begins or ceases to lead.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/consensus/core.hpp>

#include <caf/actor_addr.hpp>

#include <map>

namespace raft::actors {

/// Tells them what they do not know yet. There is no bound for what waits in
/// their mailboxes: messages come as seldom as elections.
class observers {
public:
  observers(group_id group, peer_id id) {
    told_.group = group;
    told_.peer = id;
  }

  /// Tells an actor what the others were told last, and all that follows.
  template <class Self>
  void add(Self* self, const observer_actor& who) {
    all_[caf::actor_cast<caf::actor_addr>(who)] = who;
    send(self, who, told_);
  }

  void forget(const caf::actor_addr& who) {
    all_.erase(who);
  }

  /// Tells all of them what has changed. Call it after each input to the core.
  template <class Self>
  void tell(Self* self, const consensus::core& core) {
    tell(self, seen_in(core));
  }

  /// The peer takes part no more: tells all that it does not lead, if it did,
  /// and forgets them.
  template <class Self>
  void conclude(Self* self) {
    tell(self, after_the_end());
    all_.clear();
  }

private:
  template <class Self>
  void tell(Self* self, const leadership& now) {
    if (now == told_)
      return;
    told_ = now;
    for (const auto& [address, who] : all_)
      send(self, who, now);
  }

  leadership seen_in(const consensus::core& core) const;
  leadership after_the_end() const;

  leadership told_;
  std::map<caf::actor_addr, observer_actor> all_;
};

} // namespace raft::actors
