// What is taken from a cluster while it runs, and how one begins with what
// another one has left.

#include <raft/machine/durability.hpp>
#include <raft/simulation/cluster.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace raft::simulation {

using std::chrono::milliseconds;

namespace {

/// How long it takes to write a backup.
constexpr duration backup_time_max = milliseconds{200};

} // namespace

bool cluster::back_up(peer_id who) {
  if (!acts(who) || !around(who).executor->has_snapshots())
    return false;
  auto frozen = around(who).executor->begin_snapshot();
  if (!frozen || !frozen->applied)
    return false;
  auto shared = std::make_shared<machine::snapshot>(std::move(*frozen));
  at(now() + random_.between(duration{0}, backup_time_max), who,
     [this, who, shared] { keep_backup(who, std::move(*shared)); });
  return true;
}

void cluster::keep_backup(peer_id who, machine::snapshot&& frozen) {
  const auto& x = around(who);
  const auto& core = peer(who).core();
  auto state = std::make_shared<machine::copied_state>(
    machine::written(std::move(frozen)));
  const auto last = state->what.applied;
  // Who was a member then is not known any more.
  if (last < core.log().compacted().index || last.value > x.delivered.size())
    return;
  const auto end
    = x.delivered.begin() + static_cast<std::ptrdiff_t>(last.value);
  auto made = make_snapshot({x.delivered.begin(), end}, core.members_at(last),
                            core.cluster(), std::move(state));
  tell("gives a backup of " + to_text(made->head.last), who);
  bequest_.backups.push_back({std::move(made), {}});
}

void cluster::back_up_more(peer_id who) {
  if (bequest_.backups.empty() || !acts(who))
    return;
  auto& to = bequest_.backups.back();
  const auto& core = peer(who).core();
  const auto end = std::min(core.applied(), core.log().durable());
  constexpr std::uint64_t bytes_at_once = 1000;
  for (;;) {
    const auto first
      = (to.more.empty() ? to.content->head.last.index : to.more.back().index)
          .next();
    if (first > end)
      break;
    if (first <= peer(who).disk().compacted().index)
      return tell("has no increment to the backup any more", who);
    for (auto& x :
         peer(who).disk().read({{1}, who, first, end, bytes_at_once}).entries)
      to.more.push_back(std::move(x));
  }
  tell("gives an increment up to " + to_text(end), who);
}

remains cluster::remains_of(peer_id who) const {
  const auto& x = around(who);
  return {who, peer(who).disk(), x.checkpointed};
}

void cluster::lose_majority(const std::vector<peer_id>& survivors) {
  lost_majority result;
  for (const auto who : ids())
    if (!wiped(who) && !around(who).swapped
        && !peer(who).disk().founders().empty())
      (is_in(survivors, who) ? result.survivors : result.dead)
        .push_back(remains_of(who));
  if (result.survivors.empty())
    return;
  tell("what if all were lost but " + std::to_string(result.survivors.size())
       + "?");
  bequest_.losses.push_back(std::move(result));
}

/// Before any process starts.
void cluster::inherit(const estate& x) {
  for (const auto& from : x.peers) {
    const auto who = from.peer;
    auto entries = from.disk.entries();
    peer(who).exchange_disk(from.disk);
    ++around(who).directories;
    for (const auto& y : from.disk.files().whole())
      vault_.try_emplace(y->head.checksum, y);
    if (!from.checkpointed)
      continue;
    entries.resize(from.checkpointed.value);
    auto kept = make_snapshot(entries, {}, {});
    give_to_machine(who, kept);
    end_machine(who);
    peer(who).found_snapshot(*kept);
  }
  for (const auto who : x.gone) {
    around(who).wiped = true;
    safety_.disk_was_lost(who);
  }
  const auto& longest = std::ranges::max(
    x.peers, {}, [](const remains& y) { return y.disk.last().index; });
  safety_.inherit(x.founders, longest.disk.entries());
}

} // namespace raft::simulation
