// The journal of the product on a disk in memory, beside the model of a disk.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/messages/persist.hpp>
#include <raft/simulation/counters.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace raft::simulation {

/// Keeps what a peer writes in the way the product does, with its own code for
/// the journal and for what is moved from it to the tables. Each process
/// recovers from what the one before it left, and must find what it should.
///
/// All numbers are drawn from a seed of its own: segments are few and short, or
/// not so short; records are moved to the tables when that is due, later, or
/// earlier; and a process ends anywhere in between.
///
/// A copy has what is on the disk, but no process.
class journaled_disk {
public:
  /// @param state Of a store without a log.
  journaled_disk(incarnation_id incarnation, const durable_state& state,
                 std::uint64_t seed);
  journaled_disk(const journaled_disk& other);
  journaled_disk(journaled_disk&& other) noexcept;
  journaled_disk& operator=(journaled_disk other) noexcept;
  ~journaled_disk();

  /// Puts a log there as if earlier processes had written it, in the place of
  /// what there was.
  void preset(const durable_state& state, std::span<const entry> entries);

  /// A process begins. Now and then a record is damaged before, for a try.
  /// @param expected What must be there.
  /// @throws violation if anything else is, or if damage is not found out.
  void start(const durable_state& expected, std::span<const entry> entries);

  /// The process makes a batch durable. @pre It has begun.
  /// @throws violation
  void write(const persist& x);

  /// The process reads. Does nothing if none has begun.
  /// @throws violation if anything else comes out.
  void check_read(const read_entries& x, const entries_read& expected) const;

  /// It notes that it ends in order.
  void conclude();

  /// The process ends; every other time the power fails, too.
  /// @param under_way The batch that it was writing; null if none.
  /// @param kept Whether that is on the disk nevertheless.
  void end(const persist* under_way, bool kept);

  /// What happened since this was called last.
  counters take_counts();

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace raft::simulation
