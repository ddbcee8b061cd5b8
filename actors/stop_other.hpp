// How an actor ends another one that works for it.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/messages/ids.hpp>

namespace raft::actors {

/// Stops it. One that has ended by itself is as good.
template <class Self, class Actor, class Then>
void stop_other(Self* self, const Actor& who, group_id group, Then then) {
  ask(self, who, caf::infinite, stop{group})
    .then([then](const stopped&) mutable { then(); },
          [then](const caf::error&) mutable { then(); });
}

/// The same, if they are there, for whoever ends without waiting for them.
template <class... Actors>
void stop_unwatched(group_id group, const Actors&... who) {
  (void(who ? send_anonymously(who, stop{group}) : void()), ...);
}

} // namespace raft::actors
