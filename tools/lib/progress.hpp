// Shows how far something is: a bar that redraws itself on a terminal, a line
// now and then elsewhere.

#pragma once

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>

namespace raft::tools {

/// One state of the bar, without line ends.
/// @param columns Width of the terminal; the text is never longer.
std::string progress_bar(std::size_t done, std::size_t total,
                         std::chrono::duration<double> elapsed,
                         std::size_t columns);

/// One line of progress, without its end.
std::string progress_line(std::size_t done, std::size_t total,
                          std::chrono::duration<double> elapsed);

/// Decides when to show what.
class progress {
public:
  /// @param columns Width of the terminal; 0 if there is none.
  progress(std::ostream& out, std::size_t total, std::size_t columns);

  /// Call often. `elapsed` counts from the start.
  void update(std::size_t done, std::chrono::duration<double> elapsed);

  /// Call once, at the end: leaves the last state on the screen.
  void finish(std::size_t done, std::chrono::duration<double> elapsed);

private:
  std::ostream& out_;
  std::size_t total_;
  std::size_t columns_;
  /// When the next update shows, in elapsed time.
  std::chrono::duration<double> next_{0};
};

} // namespace raft::tools
