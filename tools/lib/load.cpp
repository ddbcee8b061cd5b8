#include <raft/kv/command.hpp>
#include <raft/tools/lib/load.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

namespace raft::tools {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds progress_interval{50};

/// How often to look whether the next pair is due.
constexpr std::chrono::milliseconds pace_interval{5};

/// Runs one load. The caller's thread submits and waits; threads of the client
/// report answers.
class loader {
public:
  loader(const std::vector<key_value>& pairs, const submit_function& submit,
         const load_options& options)
    : pairs_{pairs}, submit_{submit}, options_{options} {
    // nop
  }

  load_result run() {
    std::size_t next = 0;
    while (next < pairs_.size() && wait_for_turn(next))
      submit(next++);
    std::unique_lock guard{mutex_};
    wait(guard, [this] { return keys_.empty(); });
    result_.skipped = pairs_.size() - next;
    result_.elapsed = clock::now() - began_;
    std::sort(result_.failures.begin(), result_.failures.end(),
              [](const auto& x, const auto& y) { return x.line < y.line; });
    return std::move(result_);
  }

private:
  /// When a pair may go out at the earliest.
  clock::time_point due(std::size_t i) const {
    if (options_.per_second_max <= 0)
      return began_;
    auto offset = std::chrono::duration<double>{static_cast<double>(i)
                                                / options_.per_second_max};
    return began_ + std::chrono::duration_cast<clock::duration>(offset);
  }

  /// @returns false if there was a failure, and nothing more should go out.
  bool wait_for_turn(std::size_t i) {
    std::unique_lock guard{mutex_};
    wait(guard, [&] {
      return !result_.failures.empty()
          || (keys_.size() < options_.outstanding_max
              && keys_.count(pairs_[i].first) == 0 && clock::now() >= due(i));
    });
    return result_.failures.empty();
  }

  /// Bounded, because every answer comes within the deadline of its command.
  template <class Predicate>
  void wait(std::unique_lock<std::mutex>& guard, Predicate done) {
    for (;;) {
      auto finished = changed_.wait_for(
        guard, options_.per_second_max > 0 ? pace_interval : progress_interval,
        done);
      auto acknowledged = result_.acknowledged;
      if (clock::now() >= progress_at_) {
        progress_at_ = clock::now() + progress_interval;
        guard.unlock();
        options_.on_progress(acknowledged, clock::now() - began_);
        guard.lock();
      }
      if (finished)
        return;
    }
  }

  void submit(std::size_t i) {
    {
      std::lock_guard guard{mutex_};
      if (keys_.empty())
        last_answer_ = clock::now();
      keys_.insert(pairs_[i].first);
    }
    submit_(kv::encode(kv::command{kv::put{pairs_[i].first, pairs_[i].second}}),
            [this, i](const executed& x) { on_answer(i, read_answer(x).why); });
  }

  void on_answer(std::size_t i, verdict what) {
    std::lock_guard guard{mutex_};
    if (what.code == exit_code::ok) {
      ++result_.acknowledged;
      auto now = clock::now();
      result_.longest_gap = std::max<std::chrono::duration<double>>(
        result_.longest_gap, now - last_answer_);
      last_answer_ = now;
    } else {
      result_.failures.push_back({i + 1, pairs_[i].first, std::move(what)});
    }
    keys_.erase(pairs_[i].first);
    // Inside the lock: when `run` sees the last answer, this object ends.
    changed_.notify_one();
  }

  const std::vector<key_value>& pairs_;
  const submit_function& submit_;
  const load_options& options_;
  const clock::time_point began_ = clock::now();
  clock::time_point progress_at_ = began_;

  std::mutex mutex_; // guards all below
  std::condition_variable changed_;
  std::set<std::string> keys_; // outstanding
  clock::time_point last_answer_ = began_;
  load_result result_;
};

} // namespace

load_result load(const std::vector<key_value>& pairs,
                 const submit_function& submit, const load_options& options) {
  return loader{pairs, submit, options}.run();
}

exit_code judge(const load_result& x) {
  auto code = exit_code::ok;
  for (const auto& failure : x.failures) {
    if (failure.why.code == exit_code::unknown)
      return exit_code::unknown;
    if (code != exit_code::unreachable)
      code = failure.why.code;
  }
  return code;
}

std::string advice(const load_result& x) {
  auto hopeless
    = std::count_if(x.failures.begin(), x.failures.end(), [](const auto& y) {
        return y.why.code == exit_code::usage;
      });
  auto what = hopeless == 0
              ? std::string{"load the file again to complete it"}
              : fmt::format("{} of them can never be loaded: correct or remove "
                            "{}, then load the file again to complete it",
                            hopeless, hopeless == 1 ? "it" : "them");
  return fmt::format("{} lines failed and {} were not sent; {}",
                     x.failures.size(), x.skipped, what);
}

} // namespace raft::tools
