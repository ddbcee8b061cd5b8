#include <raft/simulation/liveness.hpp>

#include <algorithm>
#include <string>

namespace raft::simulation {

void liveness_checker::look_at(const cluster& x) {
  const auto now = x.context_hash();
  if (now != context_) {
    context_ = now;
    since_ = x.now();
  }
  // Over links that carry little at a time it takes as long as it takes.
  constexpr std::size_t frame_bytes_min = 1000;
  const auto who = x.able_majority();
  if (who.empty() || x.network_now().bytes_per_second != 0
      || x.options().settings.frame_bytes_max < frame_bytes_min)
    return;
  log_index lowest = x.state(who.front()).durable;
  log_index highest;
  for (auto y : who) {
    lowest = std::min(lowest, x.state(y).durable);
    highest = std::max(highest, x.state(y).last);
  }
  // Whoever is behind is brought up to date first; new entries do not count.
  if (since_ == x.now() || x.served_at() > since_) {
    since_ = std::max(since_, x.served_at());
    lowest_ = lowest;
    target_ = highest;
  } else if (lowest > lowest_ && lowest_ < target_) {
    since_ = x.now();
    lowest_ = lowest;
  }
  const auto since = since_;
  const duration timeout = x.options().settings.election_timeout_max;
  duration slowest{0};
  for (auto y : who)
    slowest
      = std::max({slowest, x.log_disk(y).delay_max, x.data_disk(y).delay_max});
  const auto limit = timeouts * (timeout + slowest);
  if (x.now() - since < limit)
    return;
  std::string text = "nobody was served for "
                   + std::to_string(limit.count() / 1000) + " ms though peers";
  for (auto y : who)
    text += " " + to_text(y);
  throw violation{text + " could"};
}

} // namespace raft::simulation
