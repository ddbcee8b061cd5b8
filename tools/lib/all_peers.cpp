#include <raft/tools/lib/all_peers.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace raft::tools {

namespace {

/// The members as of the last change that anybody tells; null if nobody does.
const membership* newest_members(const server_states& all) {
  const membership* result = nullptr;
  for (const auto& x : all)
    if (x.error.empty() && !x.state.members.empty()
        && (!result || x.state.configuration.index > result->index))
      result = &x.state.configuration;
  return result;
}

bool answers(const server_states& all, peer_id who) {
  return std::ranges::any_of(
    all, [who](const auto& x) { return x.error.empty() && x.state.id == who; });
}

bool is_at(const membership& members, const links::address& where) {
  return std::ranges::any_of(members.details, [&](const auto& x) {
    return is_member(members, x.peer) && x.address == links::to_text(where);
  });
}

} // namespace

std::vector<links::address> not_asked(const server_states& all) {
  std::vector<links::address> result;
  const auto* members = newest_members(all);
  if (!members)
    return result;
  for (const auto who : members_of(*members)) {
    const auto address = details_of(*members, who).address;
    const auto was_asked = std::ranges::any_of(
      all, [&](const auto& x) { return links::to_text(x.where) == address; });
    if (!address.empty() && !was_asked && !answers(all, who))
      result.push_back(links::parse_address(address));
  }
  return result;
}

void leave_out_gone(server_states& all) {
  const auto* newest = newest_members(all);
  if (!newest)
    return;
  const auto members = *newest;
  const auto known = std::ranges::all_of(members_of(members), [&](auto who) {
    return answers(all, who) || !details_of(members, who).address.empty();
  });
  if (known)
    std::erase_if(all, [&](const auto& x) {
      return !x.error.empty() && !is_at(members, x.where);
    });
}

server_states ask_all(client::blocking_client& who) {
  auto result = who.states();
  for (auto more = not_asked(result); !more.empty(); more = not_asked(result))
    for (auto& x : who.states(more))
      result.push_back(std::move(x));
  leave_out_gone(result);
  return result;
}

} // namespace raft::tools
