#include <raft/machine/executor.hpp>
#include <raft/machine/sessions.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace raft::machine {

executor::executor(std::unique_ptr<state_machine> what)
  : executor{std::move(what), session_bounds{}} {
  // nop
}

executor::executor(std::unique_ptr<state_machine> what,
                   const session_bounds& bounds)
  : machine_{std::move(what)}, sessions_{std::make_unique<sessions>(bounds)} {
  if (!machine_)
    throw std::invalid_argument{"executor: there is no state machine"};
}

executor::~executor() {
  // nop
}

apply_result executor::apply(const entry& x) {
  if (x.index != applied_.next())
    throw std::logic_error{"executor: entry " + to_text(x.index)
                           + " does not follow entry " + to_text(applied_)};
  sessions_->advance(x.time_ms);
  apply_result result;
  switch (x.kind) {
    case entry_kind::command:
      result = apply_command(x);
      break;
    case entry_kind::open_session:
      sessions_->open(x.index);
      break;
    case entry_kind::empty:
    case entry_kind::configuration:
      break;
    default:
      // Another version of this library may know what it means; going on
      // without it would make this peer differ from the others.
      throw std::runtime_error{
        "executor: entry " + to_text(x.index) + " has the unknown kind "
        + std::to_string(static_cast<int>(x.kind)) + "; update this peer"};
  }
  result.index = x.index;
  applied_ = x.index;
  return result;
}

bytes executor::query(const bytes& request) const {
  return machine_->query(request);
}

log_index executor::applied() const noexcept {
  return applied_;
}

apply_result executor::apply_command(const entry& x) {
  auto run = [&] { return machine_->apply({x.index, x.time_ms}, x.data); };
  if (!x.tag.session)
    return {x.index, apply_status::done, run()};
  auto admission = sessions_->admit(x.tag, x.index);
  switch (admission.what) {
    case sessions::verdict::kept:
      return {x.index, apply_status::done, std::move(admission.reply)};
    case sessions::verdict::stale:
      return {x.index, apply_status::stale, {}};
    case sessions::verdict::expired:
      return {x.index, apply_status::session_expired, {}};
    case sessions::verdict::fresh:
      break;
  }
  auto reply = run();
  sessions_->keep(x.tag, reply);
  return {x.index, apply_status::done, std::move(reply)};
}

} // namespace raft::machine
