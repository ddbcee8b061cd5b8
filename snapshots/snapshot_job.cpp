#include <raft/machine/durability.hpp>
#include <raft/machine/executor.hpp>
#include <raft/snapshots/snapshot_job.hpp>
#include <raft/snapshots/snapshot_reader.hpp>

#include <stdexcept>
#include <utility>

namespace raft::snapshots {

namespace {

/// @pre Some record is that of the clock, if any time has passed.
std::uint64_t time_of(const std::vector<machine::session_record>& sessions) {
  for (const auto& x : sessions)
    if (!x.id)
      return machine::decode_clock(x.data).value_or(0);
  return 0;
}

description completed(description about, const machine::snapshot& what,
                      const std::vector<machine::session_record>& sessions) {
  if (about.last.index != what.applied)
    throw std::logic_error{"a snapshot of entry " + to_text(what.applied)
                           + " is no snapshot of entry "
                           + to_text(about.last.index)};
  about.format = what.format;
  about.time_ms = time_of(sessions);
  return about;
}

} // namespace

snapshot_job::snapshot_job(std::string path, description about,
                           machine::snapshot what, const write_options& options)
  : what_{std::move(what)},
    sessions_{what_.sessions()},
    about_{completed(std::move(about), what_, sessions_)},
    out_{std::move(path), about_, options} {
  // nop
}

totals snapshot_job::run() {
  out_.write_sessions(std::exchange(sessions_, {}));
  what_.state->write(out_);
  return out_.finish();
}

description restore(machine::executor& to, const std::string& path) {
  snapshot_reader in{path};
  machine::checkpointed_state what{in.about().last.index, in.sessions()};
  to.restore(what, in.about().format, in);
  return in.about();
}

description build(machine::restoration& to, const std::string& format,
                  const std::string& path) {
  snapshot_reader in{path};
  if (in.about().format != format)
    throw machine::bad_state{
      "'" + path + "' has a state of '" + in.about().format
      + "', and the state machine reads '" + format + "'"};
  machine::checkpointed_state what{in.about().last.index, in.sessions()};
  to.build(what, in);
  return in.about();
}

} // namespace raft::snapshots
