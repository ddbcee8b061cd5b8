#include <raft/machine/state_machine.hpp>

namespace raft::machine {

state_machine::~state_machine() {
  // nop
}

bytes state_machine::query(const bytes&) const {
  return {};
}

} // namespace raft::machine
