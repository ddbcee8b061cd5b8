#include <raft/actors/caf/act.hpp>
#include <raft/actors/machine_copies.hpp>
#include <raft/snapshots/snapshot_reader.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <stdexcept>
#include <utility>

namespace raft::actors {

namespace {

/// How many bytes of a state go in one message.
constexpr std::size_t piece_bytes = 64 << 10;

class set_aside final : public machine::frozen_state {
public:
  set_aside(caf::actor_system& system, copied_machine_actor machine,
            group_id group, log_index applied,
            std::chrono::milliseconds piece_within)
    : system_{system},
      machine_{std::move(machine)},
      next_{group, applied, 0},
      piece_within_{piece_within} {
    // nop
  }

  void write(machine::state_sink& to) override {
    caf::scoped_actor self{system_};
    for (;;) {
      state_piece piece;
      ask(self, machine_, piece_within_, next_)
        .receive([&](state_piece& x) { piece = std::move(x); },
                 [&](const caf::error& why) {
                   throw std::runtime_error{
                     "the state machine of group " + to_text(next_.group)
                     + " does not give the state that it set aside after entry "
                     + to_text(next_.applied) + ": " + caf::to_string(why)};
                 });
      if (piece.data.size() == 0)
        return;
      to.write(piece.data.view());
      next_.offset += piece.data.size();
    }
  }

private:
  caf::actor_system& system_;
  copied_machine_actor machine_;
  read_state next_;
  std::chrono::milliseconds piece_within_;
};

} // namespace

std::unique_ptr<machine::frozen_state>
state_set_aside(caf::actor_system& system, const copied_machine_actor& machine,
                group_id group, log_index applied,
                std::chrono::milliseconds piece_within) {
  return std::make_unique<set_aside>(system, machine, group, applied,
                                     piece_within);
}

recovered take_over(caf::actor_system& system, const machine_actor& machine,
                    group_id group, const recovered& found,
                    const std::string& path,
                    std::chrono::milliseconds piece_within) {
  snapshots::snapshot_reader in{path};
  if (in.about().format != found.state_format)
    throw machine::bad_state{
      "'" + path + "' has a state of '" + in.about().format
      + "', and the state machine reads '" + found.state_format + "'"};
  auto result = found;
  result.applied = in.about().last.index;
  result.sessions = in.sessions();
  const auto to = caf::actor_cast<copied_machine_actor>(machine);
  caf::scoped_actor self{system};
  take_state next{group, result.applied, 0, {}};
  for (auto at_end = false; !at_end;) {
    std::string piece(piece_bytes, '\0');
    piece.resize(in.read(piece.data(), piece.size()));
    at_end = piece.empty();
    next.data = bytes{std::move(piece)};
    const auto size = next.data.size();
    ask(self, to, piece_within, next)
      .receive([](const state_taken&) {},
               [&](const caf::error& why) {
                 throw machine::bad_state{"the state machine of group "
                                          + to_text(group)
                                          + " does not take over the state in '"
                                          + path + "': " + caf::to_string(why)};
               });
    next.offset += size;
  }
  return result;
}

} // namespace raft::actors
