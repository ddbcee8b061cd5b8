#include <raft/tools/lib/all_peers.hpp>
#include <raft/tools/lib/leader.hpp>

#include <utility>

namespace raft::tools {

std::optional<client::server_state> find_leader(client::blocking_client& who) {
  std::optional<client::server_state> result;
  for (auto& x : ask_all(who))
    if (x.error.empty() && x.state.role == peer_role::leader
        && (!result || x.state.term > result->state.term))
      result = std::move(x);
  return result;
}

} // namespace raft::tools
