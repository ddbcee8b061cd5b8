#include <raft/transport/tally.hpp>

namespace raft::transport {

void tally::note(const std::string& what, const std::string& once,
                 const std::string& again, moment now) {
  tell(now);
  auto [i, is_new] = counts_.try_emplace(what);
  auto& x = i->second;
  x.again = again;
  if (!is_new) {
    ++x.times;
    return;
  }
  x.until = now + pause;
  if (say_)
    say_({what, once});
}

void tally::tell(moment now) {
  for (auto i = counts_.begin(); i != counts_.end();) {
    auto& x = i->second;
    if (x.until > now) {
      ++i;
    } else if (x.times == 0) {
      i = counts_.erase(i);
    } else {
      if (say_)
        say_({i->first, x.again, x.times});
      x.times = 0;
      x.until = now + pause;
      ++i;
    }
  }
}

std::optional<moment> tally::next() const {
  std::optional<moment> result;
  for (auto& [what, x] : counts_)
    if (!result || x.until < *result)
      result = x.until;
  return result;
}

} // namespace raft::transport
