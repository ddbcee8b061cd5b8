#include <raft/simulation/liveness.hpp>

#include <algorithm>
#include <string>

namespace raft::simulation {

void liveness_judge::look_at(const cluster& x) {
  const auto now = x.surroundings();
  if (now != surroundings_) {
    surroundings_ = now;
    since_ = x.now();
  }
  const auto since = std::max(since_, x.served_at());
  const duration timeout = x.options().settings.election_timeout_max;
  if (x.now() - since < timeouts * timeout)
    return;
  const auto who = x.able_majority();
  if (who.empty())
    return;
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
