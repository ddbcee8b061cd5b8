// Files of the entries that follow a backup. They have the form of snapshots,
// with a state of another kind: see docs/format.md.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/snapshots/snapshot_reader.hpp>
#include <raft/snapshots/snapshot_writer.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace raft::tools {

/// Stands where a snapshot names its machine.
inline constexpr const char* increment_format = "entries 1";

/// Writes one; beside its name first, as `snapshots::snapshot_writer`, which
/// also says what all members throw.
class increment_writer {
public:
  /// @param about Of the last entry.
  /// @param after The one before the first entry.
  increment_writer(const std::string& path, snapshots::description about,
                   const log_position& after);

  /// The entry that is to be added next; beyond the last one, all are there.
  log_index next() const noexcept {
    return next_;
  }

  /// @throws std::logic_error if it is not the next one.
  void add(const entry& x);

  void finish();

private:
  group_id group_;
  snapshots::snapshot_writer out_;
  log_index next_;
};

/// Reads one, and believes nothing that was not checked.
///
/// All members throw `snapshots::snapshot_error`, and `machine::bad_state` if
/// it is none.
class increment_reader {
public:
  explicit increment_reader(const std::string& path);

  const snapshots::description& about() const noexcept {
    return in_.about();
  }

  const snapshots::snapshot_reader& file() const noexcept {
    return in_;
  }

  /// The entry before the first one.
  const log_position& after() const noexcept {
    return after_;
  }

  /// The next entry; nothing at the end, where all of the file was sound.
  std::optional<entry> next();

private:
  snapshots::snapshot_reader in_;
  log_position after_;
  log_index read_;
};

} // namespace raft::tools
