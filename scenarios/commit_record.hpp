// What all peers of a scenario have committed, and whether they agree.

#pragma once

#include <raft/messages/entry.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace raft::scenarios {

/// Names a peer of a scenario, from 0. Its `peer_id` is one more.
using peer_number = std::size_t;

inline peer_id id_of(peer_number who) {
  return {who + 1};
}

/// Keeps the committed entries that peers delivered, those of crashed and cut
/// off ones, too, and checks each delivery: every peer delivers each index in
/// order, and at one index all deliver the same entry. A peer that was started
/// again delivers from the beginning, and the same as before, or goes on behind
/// a snapshot.
///
/// A pure object.
class commit_record {
public:
  explicit commit_record(std::size_t peers);

  /// The peer was started: its next delivery is entry 1.
  void started(peer_number who);

  /// @throws scenario_failure if the delivery contradicts another one.
  void delivered(peer_number who, const entry& x);

  /// The peer has a snapshot in place of the entries before this one, which it
  /// delivers next.
  /// @pre It has delivered less.
  void skipped(peer_number who, log_index next);

  /// How often that happened.
  std::size_t snapshots() const noexcept {
    return snapshots_;
  }

  /// What the present run of this peer delivers next.
  log_index next_of(peer_number who) const;

  /// How many peers have ever delivered this index, or skipped it.
  std::size_t count(log_index where) const;

  /// The entry at an index; null if nobody delivered it yet, or all have
  /// skipped it.
  const entry* at(log_index where) const;

  /// The last index that anybody delivered or skipped.
  log_index last() const;

  /// The last index that this peer ever delivered.
  log_index last_of(peer_number who) const;

  /// How many of the entries up to an index are commands. The others are the
  /// empty ones that leaders begin their terms with, and opened sessions.
  /// @pre `where <= last()`.
  std::size_t commands_up_to(log_index where) const;

  std::size_t commands() const;

private:
  struct peer {
    /// Where the present run of the peer stands.
    log_index delivered;
    /// How far any run came.
    log_index reached;
  };

  std::vector<peer> peers_;
  std::size_t snapshots_ = 0;
  /// Those that all have skipped so far are not there.
  std::vector<std::optional<entry>> log_;
};

} // namespace raft::scenarios
