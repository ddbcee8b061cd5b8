#include <raft/consensus/note.hpp>
#include <raft/events/event.hpp>
#include <raft/programs/table.hpp>
#include <raft/tools/lib/status.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace raft::tools {

namespace {

/// The highest commit index that any peer knows of.
log_index last_commit(const std::vector<client::server_state>& servers) {
  log_index result;
  for (const auto& x : servers)
    if (x.error.empty())
      result = std::max(result, x.state.commit);
  return result;
}

/// The log as one word, so that scripts see one column.
std::string kept_log(const peer_state& x) {
  auto result = events::text_of_bytes(x.log_bytes);
  result.erase(std::remove(result.begin(), result.end(), ' '), result.end());
  return result;
}

nlohmann::ordered_json others_json(const peer_state& x) {
  auto result = nlohmann::ordered_json::array();
  for (const auto& y : x.others)
    result.push_back({{"peer", y.peer.value},
                      {"match", y.match.value},
                      {"next", y.next.value},
                      {"lag", x.last > y.match ? x.last - y.match : 0},
                      {"connected", y.connected}});
  return result;
}

std::string name_of(peer_id x) {
  return x ? to_text(x) : "-";
}

} // namespace

std::string status_table(const std::vector<client::server_state>& servers) {
  programs::table result{{"peer", "address", "role", "term", "commit",
                          "applied", "leader", "lag", "log"}};
  auto commit = last_commit(servers);
  std::string problems;
  for (const auto& x : servers) {
    auto where = links::to_text(x.where);
    const auto& state = x.state;
    if (x.error.empty()) {
      result.add({to_text(state.id), where, consensus::to_text(state.role),
                  to_text(state.term), to_text(state.commit),
                  to_text(state.applied), name_of(state.leader),
                  std::to_string(lag(state, commit)), kept_log(state)});
    } else {
      result.add({"-", where, "no answer", "-", "-", "-", "-", "-", "-"});
      problems += x.error + "\n";
    }
  }
  return result.to_text() + problems;
}

std::string status_json(const std::vector<client::server_state>& servers) {
  auto result = nlohmann::ordered_json::array();
  auto commit = last_commit(servers);
  for (const auto& x : servers) {
    nlohmann::ordered_json row{{"address", links::to_text(x.where)}};
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
      row["incarnation"] = fmt::format("{:016x}", state.incarnation.value);
      // As text: many readers of JSON would round such numbers.
      row["cluster"] = fmt::format("{:016x}", state.cluster.value);
      row["kept_out"] = state.kept_out.text;
      row["first"] = state.first.value;
      row["log_bytes"] = state.log_bytes;
      row["level"] = state.level;
      row["members"] = nlohmann::ordered_json::array();
      for (auto member : state.members)
        row["members"].push_back(member.value);
      if (state.role == peer_role::leader)
        row["others"] = others_json(state);
    } else {
      row["error"] = x.error;
    }
    result.push_back(std::move(row));
  }
  return result.dump(2) + "\n";
}

} // namespace raft::tools
