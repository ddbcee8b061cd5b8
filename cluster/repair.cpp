#include <raft/cluster/repair.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/snapshots/snapshot_job.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>

namespace raft::cluster {

namespace {

constexpr std::uint64_t bytes_at_once = 4 << 20;

/// Which of two logs is more up to date (paper, section 5.4.1).
auto rank(const log_position& x) {
  return std::tuple{x.term, x.index};
}

void reset(persistence::store& log, group_id group, const durable_state& known,
           const snapshot_head& head) {
  auto hard = known.hard;
  if (hard.term < head.last.term)
    hard = {head.last.term, {}};
  persist batch{group, {}, reset_to(head, hard, known.members.founding)};
  log.commit(std::span{&batch, 1});
}

} // namespace

std::string damage_of_log(const persistence::store& log, group_id group) {
  try {
    const auto known = log.load(group);
    for (auto at = known.compacted.index.next(); at <= known.last.index;) {
      const auto some = log.read(group, at, known.last.index, bytes_at_once);
      if (some.empty())
        return fmt::format("entry {} of the log is missing", to_text(at));
      at = some.back().index.next();
    }
  } catch (const persistence::store_error& e) {
    if (e.code() != persistence::store_errc::corrupt)
      throw;
    return e.what();
  }
  return {};
}

std::string objection_to(const durable_state& log, const snapshot_head& head) {
  const auto ours = log.cluster ? log.cluster : log.proposed;
  if (ours && head.cluster && ours != head.cluster)
    return fmt::format("it is of the cluster with the id {}, and this peer of "
                       "that with the id {}",
                       to_text(head.cluster), to_text(ours));
  // What this log has was perhaps promised to a leader, and committed because
  // of that; a snapshot that ends later holds it then. One of a higher term
  // ends later as well: its last entry was committed, so whatever was committed
  // before that term comes before it.
  if (rank(head.last) < rank(log.last))
    return fmt::format("it ends with entry {}, and the log of this peer with "
                       "{}, which others may count on",
                       to_text(head.last), to_text(log.last));
  return {};
}

void repair(persistence::store& log, group_id group, const snapshot_head& head,
            const restoration_source& from) {
  const auto known = log.load(group);
  if (auto why = objection_to(known, head); !why.empty())
    throw restoration_error{
      fmt::format("the snapshot '{}' cannot be used: {}", from.file, why)};
  const auto& owner = log.identity();
  auto to = from.make(
    {group, owner.cluster, owner.peer, owner.incarnation, head.last.index});
  snapshots::build(*to, from.format, from.file);
  // If an earlier attempt, or the log itself, has come that far, there is
  // nothing that an interruption could leave undone.
  if (known.compacted != head.last)
    reset(log, group, known, head);
  to->install();
  persistence::end_installing(log, group);
}

} // namespace raft::cluster
