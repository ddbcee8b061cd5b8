// What is put under the fuzzer: a state machine, and clients that use it.

#pragma once

#include <raft/machine/state_machine.hpp>
#include <raft/simulation/machine_maker.hpp>
#include <raft/simulation/program.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace raft::simulation {

/// A state machine of yours and what must be true of it. Called from several
/// threads at once, so what it answers must follow from the arguments alone.
/// examples/bank/fuzz.cpp is a whole one.
class workload {
public:
  virtual ~workload() = default;

  /// Makes an empty state machine, for a process that starts.
  virtual std::unique_ptr<machine::state_machine> make_machine() const = 0;

  /// The same for a machine that keeps its state (machine/durability.hpp): it
  /// goes on with what it finds on the disk. What it copies of its state, the
  /// other one must be able to take over. Checkpoints are slow, find no
  /// room, and are cut off by crashes: then all of one is there, or nothing.
  virtual std::unique_ptr<machine::state_machine>
  make_machine_on(machine_disk&, random&) const {
    return make_machine();
  }

  /// The next command of a client that waits for each answer. The client has a
  /// session, so a command takes effect at most once, also if the answer is
  /// `unknown`. Nothing ends this client.
  virtual std::optional<bytes> next_command(const program_context& x) const = 0;

  /// A command and, once it was answered, the reply to it, in one short line of
  /// text: what traces and pages show.
  virtual std::string describe(const client_operation& x) const {
    return readable(x);
  }

  /// What is wrong with a state machine, after each command that it took;
  /// empty if nothing is.
  virtual std::string inspect(const machine::state_machine&) const {
    return {};
  }

  /// What all peers must agree on in the end, such as a dump of all data.
  virtual std::string final_state(const machine::state_machine&) const {
    return {};
  }

  /// What is wrong with what clients saw; empty if nothing is. Called once, in
  /// the end.
  virtual std::string
  check_history(const std::vector<client_operation>&) const {
    return {};
  }
};

} // namespace raft::simulation
