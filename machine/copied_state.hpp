// Snapshots as values, for whoever has no files.

#pragma once

#include <raft/machine/durability.hpp>
#include <raft/machine/snapshot.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace raft::machine {

struct text_sink final : state_sink {
  void write(std::string_view data) override {
    text += data;
  }

  std::string text;
};

/// Gives a text, some bytes at a time.
class text_source final : public state_source {
public:
  explicit text_source(std::string text, std::size_t step = 7)
    : text_{std::move(text)}, step_{step} {
    // nop
  }

  std::size_t read(char* to, std::size_t size) override {
    auto n = std::min({size, step_, text_.size() - at_});
    std::copy_n(text_.data() + at_, n, to);
    at_ += n;
    return n;
  }

private:
  std::string text_;
  std::size_t step_;
  std::size_t at_ = 0;
};

/// A snapshot that was written.
struct copied_state {
  checkpointed_state what;
  std::string format;
  std::string state;
};

inline copied_state written(snapshot x) {
  copied_state result;
  result.what = {x.applied, x.sessions()};
  result.format = x.format;
  text_sink out;
  x.state->write(out);
  result.state = out.text;
  return result;
}

} // namespace raft::machine
