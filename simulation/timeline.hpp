// A run as a page that people can look at: a lane for each peer, time to the
// right, messages as arrows, and the logs at the moment under the mouse.

#pragma once

#include <raft/simulation/event.hpp>

#include <string>
#include <vector>

namespace raft::simulation {

/// What the events do not say.
struct timeline_caption {
  std::string title;
  /// One line, such as how to make this page again.
  std::string subtitle;
  /// What was violated, if it is not among the events; it is shown at the end.
  std::string violation;
};

/// The whole page, as HTML in UTF-8, with style, program and data in it: a
/// browser opens it without a server and loads nothing else. The same events
/// give the same page, byte for byte.
/// @param events All of a run of a `cluster`, in the order of time.
std::string timeline_page(const std::vector<event>& events,
                          const timeline_caption& caption);

/// A file for a page. Finds out before a run whether it can be written.
class timeline_file {
public:
  /// Empty: no file is wanted, and nothing is ever written.
  /// @throws std::runtime_error if it cannot be written. What it holds stays
  ///         until `write`.
  explicit timeline_file(std::string name);

  /// Takes the file away again if there was none before and none was written.
  ~timeline_file();
  timeline_file(const timeline_file&) = delete;
  timeline_file& operator=(const timeline_file&) = delete;

  bool wanted() const noexcept {
    return !name_.empty();
  }

  /// @throws std::runtime_error if it cannot be written.
  void write(const std::string& page);

private:
  std::string name_;
  bool made_ = false;
};

} // namespace raft::simulation
