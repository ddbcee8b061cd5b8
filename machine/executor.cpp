#include <raft/machine/durability.hpp>
#include <raft/machine/executor.hpp>
#include <raft/machine/sessions.hpp>
#include <raft/machine/snapshot.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace raft::machine {

std::size_t checkpoint_share(peer_id self) {
  // Multiples of the golden ratio, without what is before the point, are far
  // from each other, however many there are (Knuth, volume 3, section 6.4).
  constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
  return 1 + ((self.value * golden_ratio) >> 56);
}

executor::executor(std::unique_ptr<state_machine> what)
  : executor{std::move(what), session_bounds{}} {
  // nop
}

executor::executor(std::unique_ptr<state_machine> what,
                   const session_bounds& bounds)
  : machine_{std::move(what)}, sessions_{std::make_unique<sessions>(bounds)} {
  if (!machine_)
    throw std::invalid_argument{"executor: there is no state machine"};
  disk_ = machine_->durability();
  if (disk_ == nullptr)
    return;
  auto found = disk_->recovered();
  sessions_->restore(found.sessions);
  applied_ = found.applied;
  checkpointed_ = found.applied;
}

executor::~executor() {
  // nop
}

apply_result executor::apply(const entry& x, std::size_t reply_max) {
  if (x.index != applied_.next())
    throw std::logic_error{"executor: entry " + to_text(x.index)
                           + " does not follow entry " + to_text(applied_)};
  sessions_->advance(x.time_ms);
  apply_result result;
  switch (x.kind) {
    case entry_kind::command:
      result = apply_command(x, reply_max);
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
  log_bytes_ += cost(x);
  if (frozen_)
    disk_->set_urgency(urgency());
  return result;
}

apply_result executor::read(const bytes& command, std::size_t reply_max) {
  if (!machine_->only_reads(command))
    return {applied_, apply_status::not_a_read, {}};
  return run_read({applied_, sessions_->now_ms()}, command, reply_max);
}

std::shared_ptr<slow_query> executor::begin_query(const bytes& request) {
  return machine_->begin_query(request);
}

bytes executor::query(const bytes& request) const {
  return machine_->query(request);
}

bool executor::is_prompt() const noexcept {
  return machine_->is_prompt();
}

space_estimate executor::estimate_of_space() const noexcept {
  return machine_->estimate_of_space();
}

log_index executor::applied() const noexcept {
  return applied_;
}

bool executor::keeps_state() const noexcept {
  return disk_ != nullptr;
}

log_index executor::checkpointed() const noexcept {
  return checkpointed_;
}

space_left executor::look_for_space(std::uint64_t following) {
  if (disk_ == nullptr)
    return {};
  auto result = disk_->space({sessions_->changed_sizes(), following});
  short_of_room_ = result.any != space_left::unlimited;
  return result;
}

bool executor::must_wait() const {
  return frozen_
      && (disk_->dirty_bytes() >= dirty_bytes_allowed()
          || frozen_->log_bytes + log_bytes_
               >= logs_since_checkpoint_max * log_since_checkpoint_max());
}

bool executor::may_go_on_soon() const {
  return frozen_ && disk_->progress() < 1;
}

std::size_t executor::dirty_bytes_allowed() const {
  const auto all = disk_->dirty_bytes_max();
  const auto ahead = static_cast<double>(all / 4) * (1 - disk_->progress());
  return all - static_cast<std::size_t>(ahead);
}

std::shared_ptr<checkpoint_job> executor::take_checkpoint(log_index log_durable,
                                                          bool now) {
  if (disk_ == nullptr)
    return nullptr;
  if (frozen_ && now) {
    ++frozen_->reminders;
    disk_->set_urgency(urgency());
  } else if (!frozen_ && applied_ > checkpointed_
             && (now || checkpoint_is_due())) {
    frozen_ = {applied_, disk_->freeze(applied_, sessions_->take_changes()),
               std::exchange(log_bytes_, 0), 0};
    disk_->set_urgency(urgency());
    // Time comes to all peers alike.
    due_share_ = now ? first_share_ : checkpoint_share_max;
  }
  if (!frozen_ || frozen_->applied > log_durable)
    return nullptr;
  return std::exchange(frozen_->job, nullptr);
}

void executor::checkpoint_done() {
  if (!frozen_ || frozen_->job)
    throw std::logic_error{"executor: no checkpoint is under way"};
  checkpointed_ = frozen_->applied;
  frozen_.reset();
  disk_->checkpointed();
}

bool executor::has_snapshots() const noexcept {
  return machine_->snapshotting() != nullptr;
}

std::optional<snapshot> executor::begin_snapshot() const {
  auto* how = machine_->snapshotting();
  if (how == nullptr)
    throw std::logic_error{"executor: the state cannot be copied"};
  snapshot result{applied_, how->state_format(), how->begin_snapshot(), {}};
  if (!result.state)
    return std::nullopt;
  if (auto earlier = result.state->checkpoint())
    result.applied = *earlier;
  else
    result.kept_sessions = sessions_->all_records();
  return result;
}

void executor::restore(const checkpointed_state& what,
                       const std::string& format, state_source& from) {
  auto* how = machine_->snapshotting();
  if (how == nullptr || disk_ != nullptr || applied_)
    throw std::logic_error{"executor: no state can be taken over here"};
  if (format != how->state_format())
    throw bad_state{"this is a state of '" + format
                    + "', and the state machine reads '" + how->state_format()
                    + "'"};
  how->read_state(from);
  expect_end(from);
  sessions_->restore(what.sessions);
  applied_ = what.applied;
}

bool executor::checkpoint_is_due() const {
  if (short_of_room_ && disk_->dirty_bytes() > 0)
    return true;
  // From half of the room on: the other half is for what arrives during the
  // checkpoint.
  auto due = [this](std::size_t bytes, std::size_t bytes_max) {
    return bytes * checkpoint_share_max >= bytes_max * due_share_;
  };
  return due(disk_->dirty_bytes(), disk_->dirty_bytes_max() / 2)
      || due(log_bytes_, log_since_checkpoint_max());
}

double executor::urgency() const {
  if (must_wait())
    return 1;
  // Without reminders it has time until half of the memory is taken again,
  // which makes the next one due, or half of the log that would: the log has to
  // keep those entries beside the entries of this checkpoint.
  auto beyond_half = [](std::size_t bytes, std::size_t bytes_max) {
    return 2 * static_cast<double>(bytes)
           / static_cast<double>(std::max<std::size_t>(bytes_max, 1))
         - 1;
  };
  auto reminded
    = static_cast<double>(frozen_->reminders) / checkpoint_reminders_max;
  return std::min(
    1.0, std::max({reminded,
                   beyond_half(disk_->dirty_bytes(), dirty_bytes_allowed()),
                   beyond_half(log_bytes_, log_since_checkpoint_max())}));
}

std::size_t executor::log_since_checkpoint_max() const {
  return std::max(log_since_checkpoint_bytes_max, disk_->dirty_bytes_max());
}

void executor::stagger_checkpoints(std::size_t share) {
  first_share_ = share;
  due_share_ = share;
}

apply_result executor::apply_command(const entry& x, std::size_t reply_max) {
  auto run = [&] { return machine_->apply({x.index, x.time_ms}, x.data); };
  auto repeatable = machine_->only_reads(x.data);
  if (!x.tag.session)
    return repeatable ? run_read({x.index, x.time_ms}, x.data, reply_max)
                      : apply_result{x.index, apply_status::done, run()};
  auto admission = sessions_->admit(x.tag, x.index, repeatable);
  switch (admission.what) {
    case sessions::verdict::kept:
      return {x.index, apply_status::done, std::move(admission.reply)};
    case sessions::verdict::stale:
      return {x.index, apply_status::stale, {}};
    case sessions::verdict::expired:
      return {x.index, apply_status::session_expired, {}};
    case sessions::verdict::pending: // Nothing is, here.
    case sessions::verdict::fresh:
      break;
  }
  if (repeatable) {
    // The same on all peers, also where there is no reply.
    sessions_->keep_no_reply(x.tag);
    return run_read({x.index, x.time_ms}, x.data, reply_max);
  }
  auto reply = run();
  sessions_->keep(x.tag, reply);
  return {x.index, apply_status::done, std::move(reply)};
}

apply_result executor::run_read(const apply_context& where,
                                const bytes& command, std::size_t reply_max) {
  if (reply_max == 0)
    return {where.index, apply_status::no_space, {}};
  auto reply = machine_->apply(where, command);
  if (reply.size() > reply_max)
    return {where.index, apply_status::no_space, {}};
  return {where.index, apply_status::done, std::move(reply)};
}

} // namespace raft::machine
