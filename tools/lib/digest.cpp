#include <raft/programs/table.hpp>
#include <raft/tools/lib/digest.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace raft::tools {

namespace {

bool all_answered(const std::vector<peer_digest>& peers) {
  return std::all_of(peers.begin(), peers.end(),
                     [](const auto& x) { return x.error.empty(); });
}

bool same(const kv::digest& x, const kv::digest& y) {
  return x.keys == y.keys && x.hash == y.hash;
}

/// Whether two peers applied the same entries and hold different states. This
/// must never be.
bool contradict(const peer_digest& x, const peer_digest& y) {
  return x.error.empty() && y.error.empty() && x.applied == y.applied
      && !same(x.digest, y.digest);
}

/// @returns null if there is none.
const peer_digest* contradicted(const std::vector<peer_digest>& peers,
                                const peer_digest& x) {
  auto i = std::find_if(peers.begin(), peers.end(),
                        [&](const auto& y) { return contradict(x, y); });
  return i == peers.end() ? nullptr : &*i;
}

bool same_applied(const std::vector<peer_digest>& peers) {
  return std::all_of(peers.begin(), peers.end(), [&](const auto& x) {
    return x.applied == peers.front().applied;
  });
}

} // namespace

bool settled(const std::vector<peer_digest>& peers) {
  return (all_answered(peers) && same_applied(peers))
      || std::any_of(peers.begin(), peers.end(), [&](const auto& x) {
           return contradicted(peers, x) != nullptr;
         });
}

std::string digest_table(const std::vector<peer_digest>& peers) {
  programs::table result{{"address", "applied", "keys", "digest"}};
  std::string problems;
  for (const auto& x : peers) {
    auto where = links::to_text(x.where);
    if (x.error.empty()) {
      result.add({where, to_text(x.applied), std::to_string(x.digest.keys),
                  fmt::format("{:016x}", x.digest.hash)});
    } else {
      result.add({where, "-", "-", "no answer"});
      problems += x.error + "\n";
    }
  }
  return result.to_text() + problems;
}

verdict judge(const std::vector<peer_digest>& peers) {
  for (const auto& x : peers)
    if (const auto* y = contradicted(peers, x))
      return {exit_code::no,
              fmt::format("{} and {} differ although both applied entry {}: "
                          "stop the cluster and keep its data, this is a "
                          "bug",
                          links::to_text(x.where), links::to_text(y->where),
                          to_text(x.applied))};
  if (!all_answered(peers))
    return {exit_code::unreachable,
            "not all peers answered: start those that do not run"};
  if (!same_applied(peers))
    return {exit_code::no, "the peers did not reach the same index in time: "
                           "wait longer with --wait, or stop writing"};
  return {};
}

} // namespace raft::tools
