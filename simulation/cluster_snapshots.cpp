// The snapshots of a simulated cluster: what a shell does to take, send, keep
// and install them.

#include <raft/machine/durability.hpp>
#include <raft/simulation/cluster.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace raft::simulation {

using std::chrono::milliseconds;
using disk_mode = disk_profile::mode;

namespace {

/// How long it takes to write a snapshot, or to give one to a state machine.
constexpr duration snapshot_time_max = milliseconds{50};

using copied_state = std::shared_ptr<const machine::copied_state>;

/// What a machine in memory writes of itself; null if it cannot.
copied_state copy_of(const machine::executor& x) {
  if (x.keeps_state() || !x.has_snapshots())
    return nullptr;
  auto frozen = x.begin_snapshot();
  return frozen ? std::make_shared<const machine::copied_state>(
           machine::written(std::move(*frozen)))
                : nullptr;
}

} // namespace

void cluster::carry_out_snapshots(peer_id who, const consensus::output& out) {
  for (const auto& x : out.install_replies)
    send(x);
  for (const auto& x : out.chunks_to_send) {
    auto msg = x.request;
    if (!peer(who).disk().files().find(msg.snapshot))
      throw violation{"a snapshot is to be sent that is not on the disk"};
    msg.data = bytes{bytes_of(msg.snapshot, msg.offset, x.size)};
    msg.snapshot.members.level = 0; // which does not travel
    send(std::move(msg));
  }
  for (std::size_t i = 0; i < out.chunks_to_store.size(); ++i)
    schedule_store(who);
  if (out.take_snapshot)
    schedule_snapshot(who);
  if (out.install)
    schedule_install(who);
}

void cluster::emit_snapshot(event_kind what, peer_id who,
                            const log_position& last) {
  event x;
  x.what = what;
  x.peer = who;
  x.index = last.index;
  x.term = last.term;
  emit(std::move(x));
}

// -- those that are taken -----------------------------------------------------

void cluster::snapshot(peer_id who) {
  if (acts(who))
    schedule_snapshot(who);
}

void cluster::schedule_snapshot(peer_id who) {
  if (std::exchange(around(who).snapshotting, true))
    return;
  // It holds what is applied now, however long it takes.
  auto applied = around(who).delivered.size();
  auto state = copy_of(*around(who).executor);
  at(now() + random_.between(duration{0}, snapshot_time_max), who,
     [this, who, applied, state] { take_snapshot(who, applied, state); });
}

void cluster::take_snapshot(peer_id who, std::size_t count,
                            const copied_state& state) {
  auto& x = around(who);
  const auto& core = peer(who).core();
  x.snapshotting = false;
  // Another one may have been installed meanwhile.
  count = std::min(count, x.delivered.size());
  // A machine that starts from it must not be ahead of its log.
  if (count == 0
      || (!core.config().machine_keeps_state
          && core.log().durable().value < count))
    return;
  // Who was a member then is not known any more.
  if (count < core.log().compacted().index.value)
    return schedule_snapshot(who);
  auto end = x.delivered.begin() + static_cast<std::ptrdiff_t>(count);
  const auto fits = state && state->what.applied.value == count;
  auto made
    = make_snapshot({x.delivered.begin(), end}, core.members_at({count}),
                    core.cluster(), fits ? state : nullptr);
  vault_.try_emplace(made->head.checksum, made);
  emit_snapshot(event_kind::snapshot, who, made->head.last);
  step(who,
       [&made](virtual_peer& p) { return p.snapshot_taken(std::move(made)); });
}

// -- those that come ----------------------------------------------------------

void cluster::schedule_store(peer_id who) {
  after_log_disk(who, [this, who] {
    // What was under way may have gone with another one.
    if (peer(who).storing().empty())
      return;
    auto mode = around(who).disk.now;
    if (mode == disk_mode::full || mode == disk_mode::used_up) {
      step(who, [](virtual_peer& p) { return p.refuse_chunk(); });
      return;
    }
    auto content = vault_.at(peer(who).storing().front().snapshot.checksum);
    step(who,
         [&content](virtual_peer& p) { return p.complete_chunk(content); });
  });
}

void cluster::schedule_install(peer_id who) {
  at(now() + random_.between(duration{0}, snapshot_time_max), who, [this, who] {
    auto content = peer(who).disk().files().find(peer(who).disk().installing());
    give_to_machine(who, content);
    schedule_apply(who);
    step(who, [&content](virtual_peer& p) { return p.installed(*content); });
  });
}

/// The state machine has the state of a snapshot from now on, on its disk as
/// well if it keeps anything there.
void cluster::give_to_machine(peer_id who, const shared_snapshot& content) {
  auto& x = around(who);
  if (!content)
    throw violation{"peer " + to_text(who)
                    + " has no snapshot for its state machine"};
  emit_snapshot(event_kind::installed, who, content->head.last);
  ++x.data_epoch; // no checkpoint of the old state is written any more
  x.checkpointing.reset();
  x.kept.reset();
  x.executor.reset();
  auto made = options_.machine(x.kept, random_);
  x.machine = made.get();
  x.executor = std::make_unique<machine::executor>(std::move(made),
                                                   options_.session_bounds);
  x.log_durable = content->head.last.index;
  auto put_on_disk = [&x] {
    auto job = x.executor->take_checkpoint(x.log_durable, true);
    if (!job)
      return false;
    job->run();
    x.executor->checkpoint_done();
    return true;
  };
  if (content->state)
    take_back(*x.executor, *content->state);
  else
    for (const auto& e : content->entries) {
      compare_results(who, x.executor->apply(e));
      while (x.executor->must_wait() && put_on_disk())
        ;
    }
  if (x.executor->keeps_state())
    while (x.executor->checkpointed() < x.log_durable && put_on_disk())
      ;
  x.checkpointed = x.executor->checkpointed();
  x.delivered = content->entries;
}

/// A process that starts does first what the one before was about to do, or
/// what a machine needs that keeps nothing.
void cluster::finish_install(peer_id who) {
  const auto& disk = peer(who).disk();
  const auto& installing = disk.installing();
  auto found = around(who).executor->applied();
  shared_snapshot content;
  if (found < installing.last.index)
    content = disk.files().find(installing);
  else if (!options_.settings.machine_keeps_state
           || found < disk.compacted().index)
    content = disk.newest_snapshot();
  if (!content && found >= disk.compacted().index
      && found >= installing.last.index)
    return;
  give_to_machine(who, content);
  peer(who).found_snapshot(*content);
}

} // namespace raft::simulation
