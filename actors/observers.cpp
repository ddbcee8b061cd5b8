#include <raft/actors/observers.hpp>

namespace raft::actors {

leadership observers::seen_in(const consensus::core& core) const {
  auto result = told_;
  result.term = core.term();
  result.leader = core.leader();
  result.leads = core.leads();
  // All entries of its own term are the leader's, and it began with an empty
  // one. What is applied is committed.
  result.ready
    = result.leads && core.log().term_at(core.applied()) == core.term();
  return result;
}

leadership observers::after_the_end() const {
  auto result = told_;
  if (result.leads)
    result.leader = {};
  result.leads = result.ready = false;
  return result;
}

} // namespace raft::actors
