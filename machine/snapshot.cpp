#include <raft/machine/snapshot.hpp>

#include <utility>

namespace raft::machine {

namespace {

/// Keeps what is written, in pieces, so that it is never copied again.
class memory_sink final : public state_sink {
public:
  static constexpr std::size_t piece_bytes = 1 << 20;

  void write(std::string_view data) override {
    if (pieces.empty() || pieces.back().size() + data.size() > piece_bytes)
      pieces.emplace_back();
    pieces.back() += data;
  }

  std::vector<std::string> pieces;
};

class copied_state final : public frozen_state {
public:
  explicit copied_state(std::vector<std::string> pieces)
    : pieces_{std::move(pieces)} {
    // nop
  }

  void write(state_sink& to) override {
    for (auto& piece : pieces_) {
      to.write(piece);
      std::string{}.swap(piece);
    }
  }

private:
  std::vector<std::string> pieces_;
};

} // namespace

state_sink::~state_sink() {
  // nop
}

state_source::~state_source() {
  // nop
}

void read_exactly(state_source& from, char* to, std::size_t size) {
  while (size > 0) {
    auto n = from.read(to, size);
    if (n == 0)
      throw bad_state{"the state ends too early"};
    to += n;
    size -= n;
  }
}

void expect_end(state_source& from) {
  char more = 0;
  if (from.read(&more, 1) != 0)
    throw bad_state{"the state is longer than the state machine takes it to "
                    "be"};
}

std::string read_rest(state_source& from, std::size_t size_max) {
  constexpr std::size_t step = 64 << 10;
  std::string result;
  for (;;) {
    auto size = result.size();
    result.resize(size + step);
    auto n = from.read(result.data() + size, step);
    result.resize(size + n);
    if (n == 0)
      return result;
    if (result.size() > size_max)
      throw bad_state{"the state has more than " + std::to_string(size_max)
                      + " bytes"};
  }
}

frozen_state::~frozen_state() {
  // nop
}

std::optional<log_index> frozen_state::checkpoint() const noexcept {
  return std::nullopt;
}

std::vector<session_record> frozen_state::sessions() {
  return {};
}

snapshotting::~snapshotting() {
  // nop
}

std::unique_ptr<frozen_state> snapshotting::begin_snapshot() {
  memory_sink all;
  write_state(all);
  return std::make_unique<copied_state>(std::move(all.pieces));
}

std::vector<session_record> snapshot::sessions() {
  return state->checkpoint() ? state->sessions() : std::move(kept_sessions);
}

restoration::~restoration() {
  // nop
}

} // namespace raft::machine
