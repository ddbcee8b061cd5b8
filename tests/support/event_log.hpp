// What peers, nodes and servers told, for tests to ask.

#pragma once

#include <raft/events/event.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace raft::test {

/// Keeps all events, with the seconds since it was made. May be told by any
/// thread; does not end the process when a peer has failed.
class event_log {
public:
  events::sink sink() {
    return [this](const events::event& x) {
      std::lock_guard guard{mutex_};
      events_.emplace_back(std::chrono::steady_clock::now() - begin_, x);
    };
  }

  /// All events of one type, in order.
  template <class Event>
  std::vector<Event> of() const {
    std::vector<Event> result;
    std::lock_guard guard{mutex_};
    for (const auto& [age, x] : events_)
      if (const auto* found = std::get_if<Event>(&x))
        result.push_back(*found);
    return result;
  }

  template <class Event>
  std::size_t count() const {
    return of<Event>().size();
  }

  /// How many events have a text that holds `part`.
  std::size_t count(const std::string& part) const {
    std::lock_guard guard{mutex_};
    return static_cast<std::size_t>(
      std::count_if(events_.begin(), events_.end(), [&](const auto& x) {
        return to_text(x.second).find(part) != std::string::npos;
      }));
  }

  /// Why peers failed.
  std::vector<std::string> failures() const {
    std::vector<std::string> result;
    for (auto& x : of<events::failed>())
      result.push_back(std::move(x.reason));
    return result;
  }

  /// All of it, for people.
  std::string text() const {
    std::lock_guard guard{mutex_};
    std::string result;
    for (const auto& [age, x] : events_)
      result += std::to_string(age.count()) + ' ' + to_text(x) + '\n';
    return result;
  }

private:
  using age = std::chrono::duration<double>;

  const std::chrono::steady_clock::time_point begin_
    = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::vector<std::pair<age, events::event>> events_;
};

} // namespace raft::test
