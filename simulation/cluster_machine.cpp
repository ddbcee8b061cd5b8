// The state machines of a simulated cluster: what the applier and the
// checkpointer do, in virtual time.

#include <raft/consensus/durable_commit.hpp>
#include <raft/machine/durability.hpp>
#include <raft/simulation/cluster.hpp>

#include <algorithm>
#include <utility>

namespace raft::simulation {

using disk_mode = disk_profile::mode;

namespace {

std::string told(const apply_result& x) {
  switch (x.status) {
    case apply_status::done:
      break;
    case apply_status::session_expired:
      return "that its session has expired";
    case apply_status::stale:
      return "that its reply is forgotten";
    case apply_status::no_space:
      return "that there is no room for its reply";
    case apply_status::not_a_read:
      return "that it does not only read";
  }
  return readable(x.reply);
}

} // namespace

void cluster::wake_machine(peer_id who) {
  auto& x = around(who);
  auto made = options_.machine(x.kept, random_);
  x.machine = made.get();
  x.executor = std::make_unique<machine::executor>(std::move(made),
                                                   options_.session_bounds);
  x.applying = false;
  x.checkpoint_armed = false;
  x.log_durable = {};
  auto found = x.executor->applied();
  if (found < x.checkpointed || found.value > x.delivered.size())
    throw violation{"the state machine of peer " + to_text(who)
                    + " came back with entries up to " + to_text(found)
                    + "; checkpointed were those up to "
                    + to_text(x.checkpointed) + ", applied those up to "
                    + std::to_string(x.delivered.size())};
  x.delivered.resize(found.value);
}

/// What a crash leaves of a checkpoint under way, all of it or nothing.
void cluster::end_machine(peer_id who) {
  auto& x = around(who);
  if (x.checkpointing && has_space_for_state(who) && random_.per_mille(500))
    x.checkpointing->run();
  x.checkpointing.reset();
  x.executor.reset();
  x.machine = nullptr;
}

// -- applying -----------------------------------------------------------------

void cluster::schedule_apply(peer_id who) {
  auto& x = around(who);
  if (x.applying || x.stuck || peer(who).applying().empty()
      || x.executor->must_wait())
    return;
  x.applying = true;
  at(now() + random_.between(options_.apply_min, apply_max_), who,
     [this, who] { apply_some(who); });
}

void cluster::apply_some(peer_id who) {
  constexpr std::size_t entries_max = 10;
  auto& x = around(who);
  x.applying = false;
  if (x.stuck)
    return;
  auto count = std::min(entries_max, peer(who).applying().size());
  std::size_t done = 0;
  for (; done < count && !x.executor->must_wait(); ++done) {
    apply_one(who, peer(who).applying()[done]);
    checkpoint_if_due(who, false);
  }
  if (done == 0)
    return;
  step(who, [done](virtual_peer& p) { return p.apply(done); });
  const auto& core = peer(who).core();
  for (const auto& lost : x.waiting.take_replaced(core.applied()))
    send_answer(who, lost.ticket,
                machine::answer_unknown(lost.where, core.leader()));
  event what;
  what.what = event_kind::applied;
  what.peer = who;
  what.index = core.applied();
  emit(std::move(what));
  arm_checkpoint(who);
}

void cluster::apply_one(peer_id who, const entry& e) {
  auto& x = around(who);
  apply_result result;
  try {
    result = x.executor->apply(e);
  } catch (const std::exception& error) {
    throw violation{"the state machine of peer " + to_text(who)
                    + " failed at entry " + to_text(e.index) + ": "
                    + error.what()};
  }
  compare_results(who, result);
  x.delivered.push_back(e);
  if (on_delivery_)
    on_delivery_(who, e);
  answer_applied(who, e, result);
  if (!options_.inspect)
    return;
  if (auto complaint = options_.inspect(*x.machine); !complaint.empty())
    throw violation{"the state machine of peer " + to_text(who)
                    + " after entry " + to_text(e.index) + ": " + complaint
                    + described(e)};
}

/// What an entry asks for, as a line of its own: what is in the first line says
/// which kind of violation it is. Nothing if it is no command.
std::string cluster::described(const entry& x) const {
  if (x.kind != entry_kind::command)
    return {};
  client_operation asked;
  asked.command = x.data;
  return "\n  entry " + to_text(x.index) + " is " + options_.describe(asked);
}

/// All state machines are given the same, so they must answer the same.
void cluster::compare_results(peer_id who, const apply_result& x) {
  results_.resize(std::max<std::size_t>(results_.size(), x.index.value));
  auto& known = results_[x.index.value - 1];
  if (!known.index)
    known = x;
  else if (known != x)
    throw violation{"the state machine of peer " + to_text(who)
                    + " answers entry " + to_text(x.index)
                    + " in another way than that of another peer\n  with "
                    + told(x) + ", the other one with " + told(known)};
}

void cluster::answer_applied(peer_id who, const entry& x,
                             const apply_result& result) {
  auto item = around(who).waiting.take({x.index, x.term});
  if (item)
    send_answer(
      who, item->ticket,
      machine::answer_applied(result, item->where, peer(who).core().leader()));
}

void cluster::stick_machine(peer_id who) {
  if (!std::exchange(around(who).stuck, true))
    tell("the state machine is stuck", who);
}

void cluster::free_machine(peer_id who) {
  if (!std::exchange(around(who).stuck, false))
    return;
  tell("the state machine goes on", who);
  if (runs(who))
    schedule_apply(who);
}

// -- checkpointing ------------------------------------------------------------

/// Lets the machine know how far the log is durable, as a peer does with the
/// entries that it hands out, and when the disk has caught up with them.
void cluster::tell_machine(peer_id who, bool committed) {
  auto& x = around(who);
  if (!x.executor->keeps_state())
    return;
  const auto& core = peer(who).core();
  auto durable = consensus::durable_commit(core);
  auto waits = durable > x.log_durable && core.handed_out() > x.log_durable;
  if (!committed && !waits)
    return;
  x.log_durable = std::max(x.log_durable, durable);
  checkpoint_if_due(who, false);
}

void cluster::checkpoint_if_due(peer_id who, bool now) {
  auto& x = around(who);
  auto job = x.executor->take_checkpoint(x.log_durable, now);
  if (!job)
    return;
  x.checkpointing = std::move(job);
  schedule_checkpoint(who);
}

/// Sees to it that what was applied is checkpointed some time.
void cluster::arm_checkpoint(peer_id who) {
  auto& x = around(who);
  if (x.checkpoint_armed || !x.executor->keeps_state()
      || x.executor->applied() == x.executor->checkpointed())
    return;
  x.checkpoint_armed = true;
  at(now() + options_.checkpoint_after, who, [this, who] {
    around(who).checkpoint_armed = false;
    checkpoint_if_due(who, true);
    arm_checkpoint(who);
  });
}

bool cluster::has_space_for_state(peer_id who) const {
  auto mode = around(who).data_disk.now;
  return mode != disk_mode::full && mode != disk_mode::used_up;
}

void cluster::schedule_checkpoint(peer_id who, duration delay) {
  auto& x = around(who);
  if (x.data_disk.now == disk_mode::hangs)
    return;
  auto when = now() + delay + disk_delay(x.data_disk);
  at(when, who, [this, who, epoch = x.data_epoch] {
    if (around(who).data_epoch != epoch)
      return;
    if (around(who).data_disk.now == disk_mode::fails)
      return fail_disk(who);
    if (has_space_for_state(who))
      checkpoint(who);
    else
      schedule_checkpoint(who, std::chrono::seconds{1});
  });
}

void cluster::checkpoint(peer_id who) {
  auto& x = around(who);
  try {
    std::exchange(x.checkpointing, nullptr)->run();
  } catch (const std::exception& error) {
    throw violation{"the state machine of peer " + to_text(who)
                    + " could not be checkpointed: " + error.what()};
  }
  x.executor->checkpoint_done();
  x.checkpointed = x.executor->checkpointed();
  tell("the state is checkpointed up to " + to_text(x.checkpointed), who);
  step(who, [index = x.checkpointed](virtual_peer& p) {
    return p.checkpointed(index);
  });
  checkpoint_if_due(who, false);
  schedule_apply(who);
}

} // namespace raft::simulation
