// Read index conversation: a follower asks the leader how far its own state
// machine must be before it may answer reads.

#pragma once

#include <raft/messages/header.hpp>

namespace raft {

/// Asks for a read index (thesis, section 6.4: followers "ask the current
/// leader for its readIndex").
struct read_index_request {
  message_header header;
  term_number term;
  /// The last read that was begun at the sender.
  read_number number;
  /// Whether the leader may answer by lease: none of those who read asked for
  /// more.
  bool by_lease = false;

  friend bool operator==(const read_index_request&, const read_index_request&)
    = default;
};

/// The answer, which is given only after a majority has confirmed that its
/// sender led when the request had come, or by lease. Who does not lead does
/// not answer.
struct read_index_reply {
  message_header header;
  term_number term;
  /// `read_index_request::number` of the request.
  read_number number;
  /// All that was committed when the request came is at or below it.
  log_index index;

  friend bool operator==(const read_index_reply&, const read_index_reply&)
    = default;
};

} // namespace raft
