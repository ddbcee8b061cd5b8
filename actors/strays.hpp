// Counts what other processes send to actors that do not take it from them.

#pragma once

#include <raft/events/event.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace raft::actors {

/// Messages that were dropped before they got into a mailbox. Thread safe; the
/// actors of a node share one.
class strays {
public:
  explicit strays(events::sink tell = {}) : tell_{std::move(tell)} {
    // nop
  }

  strays(const strays&) = delete;
  strays& operator=(const strays&) = delete;

  /// Notes one. Whoever listens is told of the first, the second, the fourth
  /// and so on, in any thread, so that nobody can fill a log.
  /// @param actor For whom it was. @param from The process that sent it.
  void count(const char* actor, const std::string& from);

  std::uint64_t total() const noexcept {
    return total_;
  }

  /// Nobody listens any more. Waits for who is being told.
  void mute();

private:
  std::mutex mutex_;
  events::sink tell_;
  std::atomic<std::uint64_t> total_{0};
};

using strays_ptr = std::shared_ptr<strays>;

} // namespace raft::actors
