#include <raft/programs/line_writer.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <mutex>
#include <poll.h>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

namespace raft::programs {

namespace {

/// @returns whether all of it was written. May block forever.
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(fd, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      // Somebody made it so, perhaps another process that shares it.
      pollfd out{fd, POLLOUT, 0};
      if (::poll(&out, 1, -1) < 0 && errno != EINTR)
        return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

} // namespace

struct line_writer::state {
  struct item {
    std::string text;
    std::uint64_t dropped_before = 0;
  };

  state(int file, std::size_t max, std::string what)
    : fd{file}, bytes_max{max}, of{std::move(what)} {
    // nop
  }

  void run() {
    std::unique_lock guard{mutex};
    for (;;) {
      changed.wait(guard,
                   [this] { return ending || !lines.empty() || dropped > 0; });
      if (lines.empty() && dropped == 0)
        return;
      // Without a line, it is time to say what was dropped since the last one.
      auto next = lines.empty() ? item{{}, std::exchange(dropped, 0)}
                                : std::move(lines.front());
      if (!lines.empty())
        lines.pop_front();
      auto lost = failed + next.dropped_before;
      auto text = (torn ? "\n" : "") + words_of_loss(lost) + next.text;
      writing = true;
      guard.unlock();
      auto written = write_all(fd, text);
      guard.lock();
      writing = false;
      // What failed may have been written in part.
      torn = !written;
      failed = written ? 0 : lost + !next.text.empty();
      bytes -= next.text.size();
      if (is_done())
        idle.notify_all();
    }
  }

  std::string words_of_loss(std::uint64_t count) const {
    if (count == 0)
      return {};
    return fmt::format("{} line{}{}{} lost\n", count, count == 1 ? "" : "s",
                       of.empty() ? "" : " of " + of,
                       count == 1 ? " was" : " were");
  }

  bool is_done() const {
    return lines.empty() && !writing && dropped == 0;
  }

  const int fd;
  const std::size_t bytes_max;
  const std::string of;

  std::mutex mutex; // guards all below
  std::condition_variable changed;
  std::condition_variable idle;
  std::deque<item> lines;
  std::size_t bytes = 0; // with those of the line that is being written
  std::uint64_t dropped = 0; // after the last of the lines
  std::uint64_t failed = 0; // that nobody was told of
  bool writing = false;
  bool torn = false;
  bool ending = false;
};

line_writer::line_writer(int fd, std::size_t bytes_max, std::string of)
  : state_{std::make_shared<state>(fd, bytes_max, std::move(of))} {
  // Signals are for the threads of the program.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread{[x = state_] { x->run(); }}.detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

line_writer::~line_writer() {
  drain();
  std::lock_guard guard{state_->mutex};
  state_->ending = true;
  state_->changed.notify_one();
}

void line_writer::put(std::string line, bool important) {
  auto& x = *state_;
  std::lock_guard guard{x.mutex};
  if (!important && x.bytes + line.size() > x.bytes_max) {
    ++x.dropped;
    return;
  }
  x.bytes += line.size();
  x.lines.push_back({std::move(line), std::exchange(x.dropped, 0)});
  x.changed.notify_one();
}

bool line_writer::drain(std::chrono::milliseconds patience) {
  auto& x = *state_;
  std::unique_lock guard{x.mutex};
  return x.idle.wait_for(guard, patience, [&] { return x.is_done(); });
}

} // namespace raft::programs
