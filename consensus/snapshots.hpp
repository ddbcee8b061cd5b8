// What a peer knows of the snapshots that it has, sends and gets.

#pragma once

#include <raft/consensus/settings.hpp>
#include <raft/messages/install.hpp>

#include <cstdint>
#include <optional>

namespace raft::consensus {

/// A leader sends a snapshot to one follower.
struct snapshot_transfer {
  /// Which one; none while there is none, or too many are sent already.
  std::optional<snapshot_head> head;
  /// The last request about any snapshot.
  frame_number last_number;
  /// Whether the follower was asked how much it has, and has said so, since
  /// there is a link.
  bool asked = false;
  bool agreed = false;
  /// Where the next chunk begins.
  std::uint64_t offset = 0;
  /// What the follower has on its disk.
  std::uint64_t stored = 0;

  /// There is another link, or another snapshot: how much is there must be
  /// asked for.
  void ask_anew() noexcept {
    asked = agreed = false;
    offset = 0;
    stored = 0;
  }
};

/// A follower gets a snapshot. The bytes go to the shell; what counts is how
/// many.
struct snapshot_receipt {
  snapshot_head head;
  /// In which term its leader sent some of it last.
  term_number term;
  frame_number number;
  std::uint64_t received = 0;
  /// Invariant: `stored <= received && received <= head.size`.
  std::uint64_t stored = 0;

  bool whole() const noexcept {
    return stored == head.size;
  }
};

/// A snapshot that is on the disk takes the place of log and state machine.
///
///   wanted ──batch──► resetting ──persisted──► swapping ──installed──► (none)
struct snapshot_install {
  enum class phase {
    /// The log is to be reset with the next batch.
    wanted,
    /// That batch is under way.
    resetting,
    /// The log is reset, the state machine has yet to get it.
    swapping,
  };

  snapshot_head head;
  phase at = phase::wanted;
  frame_number number;
};

/// What the leader is to hear of a snapshot.
struct install_answer {
  log_position snapshot;
  std::uint64_t checksum = 0;
  frame_number number;
};

/// Everything that a core knows of snapshots, but what it sends, which belongs
/// to its role.
struct known_snapshots {
  /// The newest one that is on the disk as a whole, and may be sent.
  std::optional<snapshot_head> ready;
  std::optional<snapshot_receipt> receipt;
  std::optional<snapshot_install> install;
  std::optional<install_answer> owed;
  /// The store is yet to hear that the last one is installed.
  bool tell_installed = false;
  /// Until then the shell is not asked again to take one.
  instant take_again_at{0};
  /// When there was a newer one of our own, or this process started.
  instant renewed_at{0};
  /// Of what makes the next one due, how many thousandths: from 500 to 1000.
  std::uint64_t share = 1000;
  /// Ours cannot be read any more, and the log may begin behind it.
  bool lost = false;

  /// Entries that come now would be in a log that is about to go.
  bool resets_log() const noexcept {
    return install && install->at != snapshot_install::phase::swapping;
  }
};

} // namespace raft::consensus
