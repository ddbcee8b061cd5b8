// States of machines as texts.

#pragma once

#include <raft/machine/durability.hpp>
#include <raft/machine/snapshot.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace raft::test {

struct text_sink final : machine::state_sink {
  void write(std::string_view data) override {
    text += data;
  }

  std::string text;
};

/// Gives a text, some bytes at a time.
class text_source final : public machine::state_source {
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

/// A snapshot as a value.
struct copied_state {
  machine::checkpointed_state what;
  std::string format;
  std::string state;
};

inline copied_state written(machine::snapshot x) {
  copied_state result;
  result.what = {x.applied, x.sessions()};
  result.format = x.format;
  text_sink out;
  x.state->write(out);
  result.state = out.text;
  return result;
}

} // namespace raft::test
