// The key-value state machine.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/machine/state_machine.hpp>

#include <functional>
#include <map>
#include <string>

namespace raft::kv {

/// An ordered map from byte strings to byte strings, in memory. Commands and
/// replies are those of kv/command.hpp.
class kv_machine : public machine::state_machine {
public:
  /// Takes a command or a batch. Never throws on account of what it is: what
  /// can not be decoded is answered `malformed`.
  bytes apply(const machine::apply_context& where,
              const bytes& command) override;

  /// Answers `digest_request` with a `digest`, anything else with nothing.
  bytes query(const bytes& request) const override;

  /// What `apply` does with a command once it is decoded.
  reply run(command x);

  digest compute_digest() const;

private:
  bytes apply_one(const bytes& command);

  reply run_one(put& x);
  reply run_one(get& x);
  reply run_one(append& x);
  reply run_one(erase& x);
  reply run_one(compare_and_set& x);
  reply run_one(scan& x);
  reply run_one(count& x);
  reply run_one(exists& x);
  reply run_one(put_many& x);

  std::map<std::string, std::string, std::less<>> data_;
};

/// Makes an empty `kv_machine` for every group.
machine::state_machine_factory kv_machine_factory();

} // namespace raft::kv
