#include <raft/persistence/log_change.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace raft::persistence {

namespace {

[[noreturn]] void refuse(const persist& x, const std::string& why) {
  throw std::logic_error{"batch " + to_text(x.number) + " of group "
                         + to_text(x.group) + ' ' + why};
}

void check_hard_state(const group_summary& now, const persist& x) {
  const auto& next = x.batch.hard;
  if (next.term < now.hard.term)
    refuse(x, "goes back from term " + to_text(now.hard.term) + " to "
                + to_text(next.term));
  if (next.term == now.hard.term && now.hard.vote && next.vote != now.hard.vote)
    refuse(x, "changes the vote of term " + to_text(next.term) + " from peer "
                + to_text(now.hard.vote) + " to " + to_text(next.vote));
}

/// Checks that the entries follow `base`. Returns where they end.
log_position check_entries(const persist& x, log_position base) {
  for (auto& entry : x.batch.entries) {
    log_position here{entry.index, entry.term};
    if (here.index != base.index.next())
      refuse(x, "leaves a gap: entry " + to_text(here) + " after "
                  + to_text(base));
    if (here.term < base.term)
      refuse(x, "lowers the term: entry " + to_text(here) + " after "
                  + to_text(base));
    if (here.term > x.batch.hard.term)
      refuse(x, "has entry " + to_text(here) + " in term "
                  + to_text(x.batch.hard.term));
    base = here;
  }
  return base;
}

void check_install(const persist& x) {
  const auto& batch = x.batch;
  const auto& head = batch.install;
  if (batch != reset_to(head, batch.hard, batch.members.founding))
    refuse(x, "installs a snapshot up to " + to_text(head.last)
                + " and does something else as well");
}

} // namespace

log_change change_for(const group_summary& now, const persist& x,
                      const std::function<term_number(log_index)>& term_at) {
  check_hard_state(now, x);
  const auto& batch = x.batch;
  const auto installs = static_cast<bool>(batch.install.last.index);
  if (installs)
    check_install(x);
  log_change result;
  auto kept = now.last;
  if (batch.truncate_from) {
    auto from = batch.truncate_from;
    if (from <= now.compacted.index)
      refuse(x, "truncates from " + to_text(from) + " on, but "
                  + to_text(now.compacted) + " is compacted");
    if (from <= now.last.index) {
      result.truncate_from = from;
      kept.index = from.previous();
      kept.term = kept.index == now.compacted.index ? now.compacted.term
                                                    : term_at(kept.index);
    }
  }
  const auto& point = batch.compacted;
  if (point.index
      && (point.index < now.compacted.index
          || (point.index == now.compacted.index
              && (installs || point.term != now.compacted.term))))
    refuse(x, "compacts to " + to_text(point) + ", but "
                + to_text(now.compacted) + " is compacted");
  // A snapshot from elsewhere may replace all that we have; the log then goes
  // on behind it.
  auto jumps = point.index > kept.index && !batch.entries.empty()
            && batch.entries.front().index == point.index.next();
  result.base = jumps ? point : kept;
  result.last = check_entries(x, result.base);
  result.compacted = point.index ? point : now.compacted;
  if (installs) {
    result.base = result.last = point; // whatever was there
  } else if (point.index > result.last.index) {
    result.last = point;
  } else if (point.index > now.compacted.index && !jumps) {
    auto term = point.index <= kept.index
                ? term_at(point.index)
                : batch.entries[point.index - kept.index - 1].term;
    if (term != point.term)
      refuse(x, "compacts to " + to_text(point)
                  + ", but the entry there has term " + to_text(term));
  }
  if (point.term > batch.hard.term)
    refuse(x, "compacts to " + to_text(point) + " in term "
                + to_text(batch.hard.term));
  return result;
}

std::vector<group_id> groups_of(std::span<const persist> batches) {
  std::vector<group_id> result;
  result.reserve(batches.size());
  for (const auto& x : batches)
    result.push_back(x.group);
  return result;
}

void check_groups(std::span<const persist> batches) {
  auto groups = groups_of(batches);
  std::sort(groups.begin(), groups.end());
  auto twice = std::adjacent_find(groups.begin(), groups.end());
  if (twice != groups.end())
    throw std::logic_error{"group " + to_text(*twice) + " appears twice"};
}

} // namespace raft::persistence
