// The snapshots of simulated peers: what they stand for, and what a disk has of
// them.

#pragma once

#include <raft/consensus/output.hpp>
#include <raft/machine/copied_state.hpp>
#include <raft/machine/executor.hpp>
#include <raft/messages/snapshot.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace raft::simulation {

/// What a snapshot stands for: all entries up to its last one. Its bytes mean
/// nothing; but they differ from those of any other, and what a disk has must
/// be all of them.
struct snapshot_content {
  snapshot_head head;
  std::vector<entry> entries;
  /// What the state machine wrote of itself; null if others are made of the
  /// entries instead.
  std::shared_ptr<const machine::copied_state> state;
};

using shared_snapshot = std::shared_ptr<const snapshot_content>;

/// Whoever takes it after the same entry takes the same one.
/// @pre `!applied.empty()`.
shared_snapshot make_snapshot(const std::vector<entry>& applied,
                              const membership& members, cluster_id cluster,
                              std::shared_ptr<const machine::copied_state> state
                              = {});

/// Lets a state machine go on where one was copied.
/// @throws violation if it does not take that.
void take_back(machine::executor& to, const machine::copied_state& from);

std::string bytes_of(const snapshot_head& x, std::uint64_t offset,
                     std::uint64_t size);

/// The snapshots on the disk of one peer.
class snapshot_files {
public:
  /// Adds one that was taken.
  void keep(shared_snapshot x);

  /// Writes a part of one that comes.
  /// @throws violation if it does not follow what is there.
  void store(const consensus::chunk_to_store& x);

  /// @param content What the head of the one that comes stands for.
  /// @returns whether it has all its bytes, and is kept as a whole.
  bool complete(const shared_snapshot& content);

  /// Those that are there as a whole.
  const std::vector<shared_snapshot>& whole() const noexcept {
    return whole_;
  }

  /// Null if it is not there as a whole.
  shared_snapshot find(const snapshot_head& x) const;

  /// Null if there is none for which this is true.
  shared_snapshot
  newest(const std::function<bool(const snapshot_head&)>& counts) const;

  /// How much is there of the one that comes; 0 if none does.
  std::uint64_t stored() const noexcept {
    return bytes_.size();
  }

  const snapshot_head& coming() const noexcept {
    return coming_;
  }

  /// Erases all that nobody needs.
  void erase_unless(const std::function<bool(const snapshot_head&)>& needed);

private:
  std::vector<shared_snapshot> whole_;
  snapshot_head coming_;
  std::string bytes_;
};

} // namespace raft::simulation
