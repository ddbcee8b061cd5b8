// Makes a schedule smaller for as long as it ends in the same violation.

#include <raft/simulation/fuzz.hpp>

#include <algorithm>
#include <cctype>

namespace raft::simulation {

namespace {

/// The kind of a violation: its first line without numbers.
std::string kind_of(const std::string& violation) {
  std::string result;
  for (char c : violation) {
    if (c == '\n')
      break;
    if (!std::isdigit(static_cast<unsigned char>(c)))
      result += c;
  }
  return result;
}

class shrinker {
public:
  shrinker(const workload& what, schedule x, std::size_t tries_max,
           const shrink_watcher& watch)
    : workload_{what},
      best_{std::move(x)},
      tries_max_{tries_max},
      watch_{watch} {
    auto first = play(workload_, best_);
    kind_ = kind_of(first.violation.value_or(""));
    end_ = first.played;
  }

  schedule run() {
    end_early();
    drop_faults();
    for (std::size_t n = 1; n < best_.clients; ++n) {
      auto x = best_;
      x.clients = n;
      if (take(std::move(x)))
        break;
    }
    shorten_faults();
    drop_faults();
    return best_;
  }

private:
  bool take(schedule x) {
    if (tries_ == tries_max_)
      return false;
    ++tries_;
    auto result = play(workload_, x);
    auto same = result.violation && kind_of(*result.violation) == kind_;
    if (same) {
      best_ = std::move(x);
      end_ = result.played;
    }
    if (watch_)
      watch_(tries_, best_);
    return same;
  }

  /// What comes after the violation has no part in it.
  void end_early() {
    auto x = best_;
    x.length = std::min(x.length, end_);
    std::erase_if(x.faults, [&x](const fault& y) { return y.when > x.length; });
    take(std::move(x));
  }

  /// Many at once first, then fewer.
  void drop_faults() {
    for (auto size = best_.faults.size(); size > 0; size /= 2)
      for (auto end = best_.faults.size(); end > 0;) {
        auto begin = end > size ? end - size : 0;
        auto x = best_;
        auto first = x.faults.begin();
        x.faults.erase(first + static_cast<std::ptrdiff_t>(begin),
                       first + static_cast<std::ptrdiff_t>(end));
        take(std::move(x));
        end = std::min(begin, best_.faults.size());
      }
    end_early();
  }

  void shorten_faults() {
    for (std::size_t i = 0; i < best_.faults.size(); ++i)
      for (auto tries = 0; tries < 4; ++tries) {
        auto x = best_;
        x.faults[i].length /= 2;
        if (!take(std::move(x)))
          break;
      }
  }

  const workload& workload_;
  schedule best_;
  std::size_t tries_max_;
  const shrink_watcher& watch_;
  std::size_t tries_ = 0;
  std::string kind_;
  instant end_{0};
};

} // namespace

schedule shrink(const workload& what, schedule x, std::size_t tries_max,
                const shrink_watcher& watch) {
  return shrinker{what, std::move(x), tries_max, watch}.run();
}

} // namespace raft::simulation
