// The key-value store under the fuzzer.

#pragma once

#include <raft/checker/models.hpp>
#include <raft/simulation/workload.hpp>

namespace raft::simulation {

/// Clients that read and write a few keys. What they saw must be linearizable,
/// and in the end all peers must hold the same.
class kv_workload : public workload {
public:
  std::unique_ptr<machine::state_machine> make_machine() const override;

  /// The engine, as servers have it, on a table in memory.
  std::unique_ptr<machine::state_machine>
  make_machine_on(machine_disk& disk, random& source) const override;

  std::optional<bytes> next_command(const program_context& x) const override;

  std::string describe(const client_operation& x) const override;

  std::string final_state(const machine::state_machine& machine) const override;

  std::string
  check_history(const std::vector<client_operation>& history) const override;
};

/// The commands of clients of the key-value store, each of a single key, as
/// the linearizability checker takes them.
checker::history<checker::map_model>
history_of(const std::vector<client_operation>& xs);

} // namespace raft::simulation
