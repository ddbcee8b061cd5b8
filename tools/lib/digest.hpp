// Compares the states of all peers by their digests.

#pragma once

#include <raft/cluster/configuration.hpp>
#include <raft/kv/command.hpp>
#include <raft/messages/ids.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <string>
#include <vector>

namespace raft::tools {

/// The digest of one peer's state, or why there is none.
struct peer_digest {
  links::address where;
  /// Last entry that the state reflects. Meaningful only without an error, as
  /// is the digest.
  log_index applied;
  kv::digest digest;
  std::string error;
};

/// Whether waiting cannot change the verdict: all peers answered and have
/// applied the same entries, or two contradict each other.
bool settled(const std::vector<peer_digest>& peers);

/// One line per peer.
std::string digest_table(const std::vector<peer_digest>& peers);

/// `no` if peers that applied the same entries differ, or if not all applied
/// the same; `unreachable` if a peer did not answer.
verdict judge(const std::vector<peer_digest>& peers);

} // namespace raft::tools
