// Install conversation: a leader gives a snapshot to a follower that lacks what
// was dropped from the log.

#pragma once

#include <raft/messages/header.hpp>
#include <raft/messages/snapshot.hpp>
#include <raft/messages/versions.hpp>

#include <cstdint>

namespace raft {

/// InstallSnapshot (paper, section 7), one chunk of it. Without data it only
/// asks how much is there.
struct install_request {
  message_header header;
  term_number term;
  snapshot_head snapshot;
  /// Numbers what is sent to this follower of any snapshot, in order. The
  /// answer repeats it.
  frame_number number;
  /// Where in the snapshot the data begin, in bytes.
  std::uint64_t offset = 0;
  bytes data;
  /// That of the snapshot's members.
  std::uint32_t level = 0;

  friend bool operator==(const install_request&, const install_request&)
    = default;
};

template <>
inline constexpr std::size_t fields_at_first<install_request> = 6;

/// The answer: how much of it is there. It is also given unasked, when more of
/// it is on the disk, and when it is installed.
struct install_reply {
  message_header header;
  term_number term;
  /// `snapshot_head::last` and `snapshot_head::checksum` of the request; 0 if
  /// it was refused for its term.
  log_position snapshot;
  std::uint64_t checksum = 0;
  /// `install_request::number` of the last request that came.
  frame_number number;
  /// How many bytes came, from the first one on and without a gap, and how many
  /// of them are on the disk.
  std::uint64_t received = 0;
  std::uint64_t stored = 0;
  /// The follower's durable log agrees with the leader's up to here. It needs
  /// no snapshot any more from which the leader's log goes on.
  log_index match;

  friend bool operator==(const install_reply&, const install_reply&) = default;
};

} // namespace raft
