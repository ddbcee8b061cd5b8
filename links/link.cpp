#include <raft/links/link.hpp>

#include <fmt/format.h>

#include <utility>

namespace raft::links {

std::string title_of(const link& x) {
  auto where = to_text(x.to.where);
  return x.to.id ? fmt::format("peer {} at {}", x.to.id.value, where)
                 : fmt::format("the server at {}", where);
}

std::string text_of_fallback(const link& x, peer_id self,
                             std::chrono::milliseconds after) {
  return fmt::format("peer {0} has not connected to this peer for {1} ms, as "
                     "the lower id should, so this peer tries to connect to "
                     "it. Unless peer {0} does not run, see whether it can "
                     "reach the address that its --members name for peer {2}",
                     x.to.id.value, after.count(), self.value);
}

std::string reason_to_shun(const link& x, instant now) {
  auto left = x.state.shunned_for(now).count();
  if (left == 0)
    return {};
  return fmt::format("what peer {} sent cannot be true, see this peer's "
                     "log; it may come again in {} ms",
                     x.to.id.value, left);
}

void refusals_told::tell(const log_function& log, peer_id from,
                         const consensus::finding& why) {
  auto& told = told_[from];
  auto soon_over = why.reason == exclusion::restored
                || why.reason == exclusion::second_process;
  auto how = std::exchange(told, why.text) == why.text ? severity::debug
           : soon_over                                 ? severity::warning
                                                       : severity::error;
  auto who = from ? fmt::format("peer {}", from.value) : "a client";
  if (log)
    log(how, fmt::format("refused {}: {}", who, why.text));
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

void standing_told::tell(const log_function& log, instant now,
                         std::chrono::milliseconds every) {
  if (now_.reason == exclusion::none || now < next_)
    return;
  next_ = now + every;
  if (log)
    log(severity::warning, "does not take part: " + now_.text);
}

} // namespace raft::links
