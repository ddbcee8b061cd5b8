// Where a peer keeps the snapshots of one group.

#pragma once

#include <raft/messages/persist.hpp>
#include <raft/messages/snapshot.hpp>
#include <raft/snapshots/snapshot_receiver.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace raft::snapshots {

/// A directory with files of snapshots: those that are whole, under names that
/// tell one from all others; the one that is being received; and the one that
/// is being taken, which gets its name when it is whole.
///
/// Thread: one at a time, but for `taking`, `put` and `path_of`: any.
class shelf {
public:
  /// Makes the directory if it is not there.
  /// @throws machine::no_space, snapshot_error
  shelf(std::string directory, group_id group);

  /// What an earlier process left.
  struct leftovers {
    /// The newest one that is whole and whose last entry the log has, or had.
    std::optional<snapshot_head> newest;
    /// The newest one of those that were being received, unless that one is as
    /// new; it may be whole, and wait to be installed.
    std::optional<snapshot_head> coming;
  };

  /// Looks for what is there; what is neither of those two is removed.
  ///
  /// Only before anything is written.
  /// @param log What goes beyond it, or contradicts it, has not been installed:
  ///        the log does not begin behind it yet.
  leftovers tidy(const durable_state& log) const;

  /// Whether all of one is there.
  bool is_whole(const snapshot_head& head) const;

  /// The name of the file, while it is not known which snapshot it will be.
  std::string taking() const;

  /// Gives that file its name for good.
  /// @throws machine::no_space, snapshot_error
  void put(const snapshot_head& head) const;

  std::string path_of(const snapshot_head& head) const;

  /// Removes a snapshot, whole or not.
  void remove(const snapshot_head& head) const;

private:
  std::string directory_;
  group_id group_;
};

/// What a file that is being received says of the snapshot that it will be:
/// its beginning, and its name.
/// @returns nothing if there is too little of it.
std::optional<snapshot_head> head_of_unfinished(const std::string& path);

} // namespace raft::snapshots
