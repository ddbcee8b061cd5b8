#include <raft/consensus/invariants.hpp>

namespace raft::consensus {

std::optional<std::string> invariant_checker::check(const core&) {
  return std::nullopt;
}

} // namespace raft::consensus
