// Snapshots from a running machine to files, and from files to new machines.

#pragma once

#include <raft/machine/snapshot.hpp>
#include <raft/snapshots/snapshot_writer.hpp>

#include <string>

namespace raft::machine {

class executor;

} // namespace raft::machine

namespace raft::snapshots {

/// A snapshot on its way to a file.
class snapshot_job {
public:
  /// Thread: that which writes: it may read sessions from the disk.
  /// @param about What it is of; format and time come from the snapshot.
  /// @throws std::logic_error if it is not of the entry that the snapshot goes
  ///         up to; what `snapshot_writer` throws.
  snapshot_job(std::string path, description about, machine::snapshot what,
               const write_options& options = {});

  /// Writes it, once.
  ///
  /// Thread: any, also while the machine applies and answers.
  /// @throws as `snapshot_writer`, and `machine::given_up` if its rate was
  /// given
  ///         up, or the machine needs back what the snapshot holds. Then there
  ///         is no file.
  totals run();

  /// With all that is known by now.
  const description& about() const noexcept {
    return about_;
  }

private:
  machine::snapshot what_;
  std::vector<machine::session_record> sessions_;
  description about_;
  snapshot_writer out_;
};

/// Has a new machine, which keeps nothing on the disk, go on where a file ends.
/// @returns what it is of.
/// @throws snapshot_error, and what `machine::executor::restore` throws.
description restore(machine::executor& to, const std::string& path);

/// Builds what a file holds beside the state of a machine that keeps its state
/// on the disk; it is yet to be installed.
/// @returns what it is of.
/// @param format What the machine reads, see
///        `machine::snapshotting::state_format`.
/// @throws snapshot_error, and what `machine::restoration::build` throws.
description build(machine::restoration& to, const std::string& format,
                  const std::string& path);

} // namespace raft::snapshots
