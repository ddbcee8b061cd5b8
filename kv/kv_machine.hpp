// The key-value state machine in memory: for tests and for groups that need
// not survive. It is rebuilt from the log; see kv/engine.hpp for the other one.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/kv/memory_map.hpp>
#include <raft/kv/slow_digest.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>

namespace raft::kv {

/// Commands and replies are those of kv/command.hpp.
class kv_machine : public machine::state_machine, public machine::snapshotting {
public:
  /// Takes a command or a batch. Never throws on account of what it is: what
  /// cannot be decoded is answered `malformed`.
  bytes apply(const machine::apply_context& where,
              const bytes& command) override;

  bool only_reads(const bytes& command) const override;

  /// It is: all is in memory.
  bool is_prompt() const noexcept override;

  /// Answers `digest_request` with a `digest`, anything else with nothing.
  bytes query(const bytes& request) const override;

  /// A digest takes long.
  std::shared_ptr<machine::slow_query>
  begin_query(const bytes& request) override;

  machine::snapshotting* snapshotting() noexcept override;

  // -- snapshotting -----------------------------------------------------------

  std::string state_format() const override;
  void write_state(machine::state_sink& to) const override;
  void read_state(machine::state_source& from) override;

  /// Copies nothing: see `memory_map::freeze`.
  std::unique_ptr<machine::frozen_state> begin_snapshot() override;

  /// What `apply` does with a command once it is decoded. Not while a query is
  /// under way.
  reply run(command x);

  digest compute_digest() const;

private:
  memory_map data_;
  slow_digests digests_;
};

/// Makes an empty `kv_machine` for every group.
machine::state_machine_factory kv_machine_factory();

} // namespace raft::kv
