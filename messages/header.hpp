// What every message between peers begins with.

#pragma once

#include <raft/messages/ids.hpp>

namespace raft {

/// Address of a message between peers. A receiver drops what is not for its
/// group and id.
struct message_header {
  group_id group;
  peer_id from;
  peer_id to;
  /// The sender's.
  incarnation_id incarnation;

  friend bool operator==(const message_header&, const message_header&)
    = default;
};

} // namespace raft
