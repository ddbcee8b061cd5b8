// The key-value store under the fuzzer.

#pragma once

#include <raft/simulation/subject.hpp>

namespace raft::simulation {

/// Clients that read and write a few keys. In the end all peers must hold the
/// same.
class kv_subject : public subject {
public:
  std::unique_ptr<machine::state_machine> make_machine() const override;

  std::optional<bytes> next_command(const program_context& x) const override;

  std::string portrait_of(const machine::state_machine& machine) const override;
};

} // namespace raft::simulation
