#include <raft/client/connect.hpp>
#include <raft/tools/lib/leader.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace raft::tools {

namespace {

void take_if_leads(const client::server_state& x,
                   std::optional<client::server_state>& best) {
  if (x.error.empty() && x.state.role == peer_role::leader
      && (!best || x.state.term > best->state.term))
    best = x;
}

} // namespace

std::optional<client::server_state> find_leader(client::blocking_client& who) {
  std::optional<client::server_state> result;
  std::map<std::string, bool> hints;
  const auto all = who.states();
  for (const auto& x : all) {
    take_if_leads(x, result);
    if (!x.error.empty())
      continue;
    // Who is asked knows all others; one hop is enough.
    const auto& known = x.state.configuration;
    for (const auto& y : known.details)
      if (!y.address.empty())
        hints[y.address] = hints[y.address] || y.peer == x.state.leader;
  }
  if (result)
    return result;
  for (const auto leads : {true, false})
    for (const auto& [text, hinted] : hints) {
      if (result || hinted != leads)
        continue;
      try {
        const auto where = links::parse_address(text);
        take_if_leads({where, who.state(where), {}}, result);
      } catch (const std::exception&) {
        // Another one may answer.
      }
    }
  return result;
}

} // namespace raft::tools
