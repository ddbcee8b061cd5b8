// A peer's store, reduced to what it would hold after a crash.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/messages/persist.hpp>
#include <raft/persistence/starts.hpp>
#include <raft/simulation/journaled_disk.hpp>
#include <raft/simulation/snapshots.hpp>
#include <raft/simulation/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace raft::simulation {

/// What one peer's disk holds. It outlives the peer's process, which may crash
/// and be started again on it. Remembers all entries from index 1 on, also
/// those that a snapshot stands for, but what was dropped can no longer be
/// read.
///
/// This is a model, and simple. Beside it, the journal of the product keeps the
/// same on a disk of its own, and must come to the same.
class recorded_disk {
public:
  /// @param seed Of what the journal draws.
  explicit recorded_disk(std::vector<peer_id> voters,
                         incarnation_id incarnation = {},
                         std::uint64_t seed = 0);

  /// Puts a log there as if earlier processes had written it.
  void preset(const hard_state& hard, std::vector<entry> entries);

  /// Makes a batch durable, planned as every store of the product does.
  /// @throws violation if that refuses it, or the core should not ask for it.
  void write(const persist& x);

  /// What a store tells when it is opened.
  durable_state state() const;

  /// The last entries, at most `count`.
  std::vector<entry> tail(std::size_t count) const;

  /// Reads as a store would: what was cut off the log meanwhile is not there.
  entries_read read(const read_entries& x) const;

  // -- who is who -------------------------------------------------------------

  incarnation_id incarnation() const noexcept {
    return incarnation_;
  }

  const configurations& members() const noexcept {
    return members_;
  }

  const std::vector<peer_id>& founders() const noexcept {
    return members_.founding.voters;
  }

  /// As `store::memory`.
  store_memory memory() const;

  /// A process begins.
  /// @throws violation if the journal does not come to the same as the model.
  void begin_start(start_id fresh);

  /// The process ends.
  /// @param under_way What it was writing; null if nothing.
  /// @param kept Whether that is on the disk all the same.
  /// @throws violation as `write`.
  void end(const persist* under_way, bool kept);

  /// As `store::remember`.
  void remember(const raft::remember& what);

  /// As `store::conclude`.
  void conclude();

  /// From now on it is a copy of what it was.
  void mark_restored() noexcept {
    restored_ = true;
  }

  const hard_state& hard() const noexcept {
    return hard_;
  }

  const std::vector<entry>& entries() const noexcept {
    return entries_;
  }

  /// Last entry that was dropped.
  const log_position& compacted() const noexcept {
    return compacted_;
  }

  /// See `durable_state::installing`.
  const snapshot_head& installing() const noexcept {
    return installing_;
  }

  /// The newest one whose last entry is in the log, or was; null if there is
  /// none.
  shared_snapshot newest_snapshot() const;

  /// The newest one that the log is yet to be reset to; null if there is none.
  shared_snapshot snapshot_to_install() const;

  snapshot_files& files() noexcept {
    return files_;
  }

  const snapshot_files& files() const noexcept {
    return files_;
  }

  /// Where the log ends; 0@0 if it is empty.
  log_position last() const noexcept;

  /// Whether exactly this entry is on the disk. 0@0 is.
  bool holds(const log_position& x) const noexcept;

  /// What happened to the journal since this was called last.
  counters take_counts() {
    return journal_.take_counts();
  }

private:
  void change(const persist& x);
  std::vector<entry> slice(const read_entries& x) const;

  incarnation_id incarnation_;
  persistence::start_chain chain_;
  std::vector<acquaintance> others_;
  bool restored_ = false;
  cluster_id cluster_;
  configurations members_;
  hard_state hard_;
  log_position compacted_;
  snapshot_head installing_;
  snapshot_files files_;
  std::vector<entry> entries_; // index 1 is at 0
  journaled_disk journal_;
};

} // namespace raft::simulation
