#include <raft/consensus/note.hpp>
#include <raft/tools/lib/status.hpp>
#include <raft/tools/lib/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace raft::tools {

namespace {

/// The highest commit index that any peer knows of.
log_index last_commit(const std::vector<cluster::server_state>& servers) {
  log_index result;
  for (const auto& x : servers)
    if (x.error.empty())
      result = std::max(result, x.state.commit);
  return result;
}

/// How many committed entries a peer has still to apply.
std::uint64_t lag(const peer_state& x, log_index commit) {
  return commit > x.applied ? commit - x.applied : 0;
}

std::string name_of(peer_id x) {
  return x ? to_text(x) : "-";
}

} // namespace

std::string status_table(const std::vector<cluster::server_state>& servers) {
  table result{
    {"peer", "address", "role", "term", "commit", "applied", "leader", "lag"}};
  auto commit = last_commit(servers);
  std::string problems;
  for (const auto& x : servers) {
    auto where = cluster::to_text(x.where);
    const auto& state = x.state;
    if (x.error.empty()) {
      result.add({to_text(state.id), where, consensus::to_text(state.role),
                  to_text(state.term), to_text(state.commit),
                  to_text(state.applied), name_of(state.leader),
                  std::to_string(lag(state, commit))});
    } else {
      result.add({"-", where, "no answer", "-", "-", "-", "-", "-"});
      problems += x.error + "\n";
    }
  }
  return result.to_text() + problems;
}

std::string status_json(const std::vector<cluster::server_state>& servers) {
  auto result = nlohmann::ordered_json::array();
  auto commit = last_commit(servers);
  for (const auto& x : servers) {
    nlohmann::ordered_json row{{"address", cluster::to_text(x.where)}};
    if (x.error.empty()) {
      const auto& state = x.state;
      row["peer"] = state.id.value;
      row["role"] = consensus::to_text(state.role);
      row["term"] = state.term.value;
      row["commit"] = state.commit.value;
      row["applied"] = state.applied.value;
      row["durable"] = state.durable.value;
      row["last"] = state.last.value;
      row["leader"] = state.leader.value;
      row["lag"] = lag(state, commit);
    } else {
      row["error"] = x.error;
    }
    result.push_back(std::move(row));
  }
  return result.dump(2) + "\n";
}

verdict judge(const std::vector<cluster::server_state>& servers) {
  term_number term;
  for (const auto& x : servers)
    if (x.error.empty())
      term = std::max(term, x.state.term);
  for (const auto& x : servers)
    if (x.error.empty() && x.state.role == peer_role::leader
        && x.state.term == term)
      return {};
  return {exit_code::unreachable,
          "there is no leader: a majority of the peers must run and reach each "
          "other"};
}

} // namespace raft::tools
