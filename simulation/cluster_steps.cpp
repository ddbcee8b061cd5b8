// Gives peers their inputs and does what comes out, as the actors do.

#include <raft/persistence/dump_text.hpp>
#include <raft/simulation/cluster.hpp>

#include <algorithm>
#include <utility>

namespace raft::simulation {

using std::chrono::microseconds;
using disk_mode = disk_profile::mode;

void cluster::at(instant when, peer_id who, std::function<void()> what) {
  auto process = around(who).process;
  events_.at(when, [this, who, process, what = std::move(what)]() mutable {
    auto& x = around(who);
    if (x.process != process)
      return;
    if (x.paused)
      x.mail.push_back(std::move(what));
    else
      what();
  });
}

void cluster::boot(peer_id who) {
  auto& x = around(who);
  if (x.swapped)
    return tell(
      "does not start: its directory is that of " + to_text(x.swapped), who);
  peer(who).speak(x.release);
  if (peer(who).is_too_old())
    return tell("does not start: its release is too old for its log", who);
  ++x.process;
  x.links.clear();
  x.turned_away.clear();
  x.retrying.clear();
  x.reads.clear();
  x.leads = {};
  x.replayed = {};
  x.received = {};
  x.role = peer_role::follower;
  x.term = {};
  x.commit = {};
  x.durable = {};
  x.members.reset();
  x.level = 0;
  wake_machine(who);
  x.snapshotting = false;
  finish_install(who);
  safety_.process_started(peer(who));
  emit(event_kind::started, who);
  carry_out(who, peer(who).boot(x.clock.at(now()), options_.tail,
                                x.executor->applied()));
  connections_changed(who);
}

/// As the actor does: whatever is due waits for the alarm, whose message lies
/// behind the mail that came before it.
void cluster::step(peer_id who, const input& what) {
  auto& x = peer(who);
  auto clock = around(who).clock.at(now());
  auto local = std::min(clock, x.wake_at() - microseconds{1});
  x.tell_clock(clock);
  if (local > x.now())
    carry_out(who, x.advance(local));
  carry_out(who, what(x));
}

void cluster::advance(peer_id who) {
  auto& x = peer(who);
  carry_out(who, x.advance(std::max(x.now(), around(who).clock.at(now()))));
}

void cluster::carry_out(peer_id who, consensus::output out) {
  auto& x = peer(who);
  note_step(x, out);
  if (watching_)
    observe(who);
  safety_.after_step(x, peers_, now());
  look_at_level(who);
  end_outgrown_links(who, out);
  for (auto& msg : out.messages)
    send(widened(std::move(msg)));
  if (out.batch)
    schedule_write(who);
  carry_out_snapshots(who, out);
  for (std::size_t i = 0; i < out.reads.size(); ++i)
    schedule_read(who);
  for (const auto& which : out.verdicts)
    end_reads(who, which);
  tell_machine(who, !out.committed.empty());
  schedule_apply(who);
  give_up_if_deposed(who);
  replay(who);
  schedule_alarm(who);
}

// -- time ---------------------------------------------------------------------

void cluster::schedule_alarm(peer_id who) {
  auto alarm = ++around(who).alarm;
  auto due = peer(who).wake_at();
  if (due == instant::max())
    return;
  auto when = std::max(around(who).clock.when(due), now())
            + random_.between(microseconds{0}, options_.alarm_late_max);
  at(when, who, [this, who, alarm] {
    if (around(who).alarm == alarm)
      advance(who);
  });
}

// -- disks --------------------------------------------------------------------

duration cluster::disk_delay(const disk_profile& of) {
  return random_.between(of.delay_min, of.delay_max);
}

/// As persistence/store.hpp promises: commits without commands have a reserve.
bool cluster::has_space_for_write(peer_id who) const {
  auto mode = around(who).disk.now;
  const auto& write = peer(who).writing();
  if (!write || (mode != disk_mode::full && mode != disk_mode::used_up))
    return true;
  return mode == disk_mode::full
      && std::ranges::none_of(write->batch.entries, needs_space);
}

/// What the log's disk does after a while, unless it hangs, fails or changes.
void cluster::after_log_disk(peer_id who, std::function<void()> then) {
  auto& x = around(who);
  if (x.disk.now == disk_mode::hangs)
    return;
  at(now() + disk_delay(x.disk), who,
     [this, who, epoch = x.disk_epoch, then = std::move(then)] {
       if (around(who).disk_epoch != epoch)
         return;
       if (around(who).disk.now == disk_mode::fails)
         return fail_disk(who);
       then();
     });
}

void cluster::schedule_write(peer_id who) {
  after_log_disk(who, [this, who] {
    if (!has_space_for_write(who)) {
      step(who, [](virtual_peer& p) { return p.refuse_write(); });
      return;
    }
    step(who, [](virtual_peer& p) { return p.complete_write(); });
    safety_.check_disks(peers_);
  });
}

void cluster::schedule_read(peer_id who) {
  after_log_disk(who, [this, who] {
    auto early = random_.per_mille(500);
    step(who, [early](virtual_peer& p) { return p.complete_read(early); });
  });
}

/// What a write that failed has left behind is not known: the process ends.
void cluster::fail_disk(peer_id who) {
  tell("disk has failed", who);
  crash(who, random_.per_mille(500) ? unfinished_write::kept
                                    : unfinished_write::lost);
}

// -- clients that wait --------------------------------------------------------

void cluster::give_up_if_deposed(peer_id who) {
  const auto& core = peer(who).core();
  auto leads = core.leads() ? core.term() : term_number{};
  auto& x = around(who);
  if (std::exchange(x.leads, leads) == leads)
    return;
  for (const auto& lost : x.waiting.take_lost(leads, core.commit()))
    send_answer(who, lost.ticket,
                machine::answer_unknown(lost.where, core.leader()));
}

// -- what observers see -------------------------------------------------------

void cluster::mix(std::uint64_t x) noexcept {
  fingerprint_ = (fingerprint_ ^ x) * 1099511628211U; // FNV-1a, by words
}

void cluster::note_step(const virtual_peer& x, const consensus::output& out) {
  ++steps_;
  const auto& core = x.core();
  for (auto value : {static_cast<std::uint64_t>(now().count()), x.id().value,
                     core.term().value, static_cast<std::uint64_t>(core.role()),
                     core.commit().value, core.log().last().index.value,
                     core.log().durable().value,
                     static_cast<std::uint64_t>(out.messages.size()),
                     static_cast<std::uint64_t>(out.wake_at.count())})
    mix(value);
}

void cluster::observe(peer_id who) {
  const auto& core = peer(who).core();
  auto& x = around(who);
  event what;
  what.peer = who;
  observe_log(who);
  if (x.role != core.role() || x.term != core.term()) {
    what.what = event_kind::role;
    what.role = x.role = core.role();
    what.term = x.term = core.term();
    emit(what);
  }
  what.role = peer_role::follower;
  what.term = {};
  if (x.durable != core.log().durable()) {
    what.what = event_kind::durable;
    what.index = x.durable = core.log().durable();
    emit(what);
  }
  const auto& members = core.members();
  if (std::exchange(x.members, members.index) != members.index) {
    event change;
    change.what = event_kind::members;
    change.peer = who;
    change.index = members.index;
    change.text = persistence::text(members);
    emit(std::move(change));
  }
  if (x.commit != core.commit()) {
    what.what = event_kind::committed;
    what.index = x.commit = core.commit();
    emit(what);
  }
}

void cluster::observe_log(peer_id who) {
  const auto& log = peer(who).core().log();
  auto& known = around(who).log;
  auto first = log.compacted().index.value;
  auto same = std::min<std::size_t>(known.size(), log.last().index.value);
  while (same > first && log.term_at({same}) != known[same - 1])
    --same;
  event what;
  what.peer = who;
  if (same < known.size()) {
    what.what = event_kind::truncated;
    what.index = {same + 1};
    emit(what);
  }
  known.resize(same);
  for (log_index i{same + 1}; i <= log.last().index; ++i) {
    if (i.value <= first) {
      known.push_back({}); // a snapshot stands for it
      continue;
    }
    known.push_back(log.term_at(i).value_or(term_number{}));
    what.what = event_kind::appended;
    what.index = i;
    what.term = known.back();
    emit(what);
  }
}

} // namespace raft::simulation
