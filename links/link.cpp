#include <raft/links/link.hpp>

#include <fmt/format.h>

#include <utility>

namespace raft::links {

events::remote title_of(const link& x) {
  return {x.to.id, to_text(x.to.where)};
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
  std::size_t linked = 1;
  for (auto& x : links) {
    if (x.state.stage() == link_stage::up)
      ++linked;
    else if (x.against.blames_us && result.reason != exclusion::not_founded
             && x.against.reason != exclusion::restored)
      result = {x.against.reason, x.against.text};
  }
  // Others that do not belong to us matter only if too few do.
  if (result.reason != exclusion::none || linked > us.founders().size() / 2)
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
