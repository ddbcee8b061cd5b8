#include <raft/links/link.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace raft::links {

address place_of(peer_id who, const membership& now,
                 const std::vector<member>& configured) {
  try {
    const auto moved = details_of(now, who).address;
    if (!moved.empty())
      return parse_address(moved);
  } catch (const configuration_error&) {
    // Whoever wrote that has to write it anew.
    return {};
  }
  const auto at = std::ranges::find(configured, who, &member::id);
  return at == configured.end() ? address{} : at->where;
}

bool connects_first(peer_id self, peer_id other, const membership& now) {
  const auto us = is_voter(now, self), them = is_voter(now, other);
  return us == them ? self < other : us;
}

events::remote title_of(const link& x) {
  return {x.to.id, x.to.where.port ? to_text(x.to.where) : std::string{}};
}

std::string reason_to_shun(const link& x, instant now) {
  auto left = x.state.shunned_for(now).count();
  if (left == 0)
    return {};
  return fmt::format("what peer {} sent cannot be true, see this peer's "
                     "log; it may come again in {} ms",
                     x.to.id.value, left);
}

standing find_standing(const consensus::acquaintances& us,
                       const std::deque<link>& links) {
  auto result = us.own_standing();
  std::string removed;
  std::size_t linked = 1;
  for (auto& x : links) {
    if (x.state.stage() == link_stage::up)
      ++linked;
    else if (x.against.reason == exclusion::removed)
      removed = x.against.text;
    else if (x.against.blames_us && result.reason != exclusion::not_founded
             && x.against.reason != exclusion::restored)
      result = {x.against.reason, x.against.text};
  }
  // Who knows better may be the one that does not.
  if (result.reason == exclusion::none && linked == 1 && !removed.empty())
    return {exclusion::removed, removed};
  // Others that do not belong to us matter only if too few do.
  if (result.reason != exclusion::none || linked > us.voters() / 2)
    return result;
  for (auto& x : links)
    if (x.state.stage() != link_stage::up && !x.against
        && x.against.reason != exclusion::restored)
      return {x.against.reason, x.against.text};
  return result;
}

void refusals_told::tell(const events::sink& to, peer_id from,
                         const consensus::finding& why) {
  auto& told = told_[from];
  auto passing = why.reason == exclusion::restored
              || why.reason == exclusion::second_process;
  auto repeated = std::exchange(told, why.text) == why.text;
  events::tell(to, events::link_refused{from, why.text, passing, repeated});
  // Strangers choose their ids; do not remember all of them.
  if (told_.size() > 100)
    told_.clear();
}

bool standing_told::change(standing now, instant at) {
  if (now == now_)
    return false;
  if (now.reason != now_.reason)
    next_ = at;
  now_ = std::move(now);
  return true;
}

void standing_told::tell(const events::sink& to, instant now,
                         std::chrono::milliseconds every) {
  if (now_.reason == exclusion::none || now < next_)
    return;
  next_ = now + every;
  events::tell(to, events::kept_out{now_});
}

} // namespace raft::links
