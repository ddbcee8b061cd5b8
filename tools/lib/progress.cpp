#include <raft/tools/lib/progress.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace raft::tools {

namespace {

using seconds = std::chrono::duration<double>;

constexpr seconds bar_interval{0.1};
constexpr seconds line_interval{5};

double rate(std::size_t done, seconds elapsed) {
  return elapsed.count() > 0 ? static_cast<double>(done) / elapsed.count() : 0;
}

double share(std::size_t done, std::size_t total) {
  return total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1;
}

/// As minutes and seconds, or dashes while it cannot be known.
std::string time_left(std::size_t done, std::size_t total, seconds elapsed) {
  if (done == 0)
    return "-:--";
  auto left
    = std::lround(static_cast<double>(total - done) / rate(done, elapsed));
  return fmt::format("{}:{:02}", left / 60, left % 60);
}

} // namespace

std::string progress_bar(std::size_t done, std::size_t total, seconds elapsed,
                         std::size_t columns) {
  auto percent = static_cast<int>(100 * share(done, total));
  auto figures
    = fmt::format("{:3} %  {}/{}  {:.0f}/s  {} left", percent, done, total,
                  rate(done, elapsed), time_left(done, total, elapsed));
  auto around = figures.size() + 3; // brackets and a blank
  if (columns < around + 8)
    return figures.substr(0, columns);
  auto width = std::min<std::size_t>(columns - around, 40);
  auto filled
    = static_cast<std::size_t>(static_cast<double>(width) * share(done, total));
  return fmt::format("[{}{}] {}", std::string(filled, '#'),
                     std::string(width - filled, '.'), figures);
}

std::string progress_line(std::size_t done, std::size_t total,
                          seconds elapsed) {
  return fmt::format("{} of {} ({} %), {:.1f} s, {:.0f} a second", done, total,
                     static_cast<int>(100 * share(done, total)),
                     elapsed.count(), rate(done, elapsed));
}

progress::progress(std::ostream& out, std::size_t total, std::size_t columns)
  : out_{out}, total_{total}, columns_{columns} {
  // nop
}

void progress::update(std::size_t done, seconds elapsed) {
  if (elapsed < next_)
    return;
  if (columns_ > 0) {
    // Back to the first column, and clear what a longer text left behind.
    out_ << '\r' << progress_bar(done, total_, elapsed, columns_ - 1)
         << "\x1b[K" << std::flush;
    next_ = elapsed + bar_interval;
  } else {
    if (next_ > seconds{0})
      out_ << progress_line(done, total_, elapsed) << std::endl;
    next_ = elapsed + line_interval;
  }
}

void progress::finish(std::size_t done, seconds elapsed) {
  next_ = seconds{0};
  if (columns_ > 0) {
    update(done, elapsed);
    out_ << std::endl;
  }
}

} // namespace raft::tools
