#include <raft/persistence/founding.hpp>

#include <algorithm>
#include <span>

namespace raft::persistence {

namespace {

std::vector<peer_id> sorted(std::vector<peer_id> xs) {
  std::sort(xs.begin(), xs.end());
  return xs;
}

void commit_one(store& to, group_id group, durable_batch what) {
  persist batch{group, {}, std::move(what)};
  to.commit(std::span{&batch, 1});
}

bool is_known(const durable_state& x) {
  return x != durable_state{};
}

/// The entries from here to the end of the log, all of them.
std::vector<entry> all_from(const store& from, group_id group, log_index first,
                            log_index last) {
  constexpr std::uint64_t bytes_at_once = 4 << 20;
  std::vector<entry> result;
  while (first <= last) {
    auto some = from.read(group, first, last, bytes_at_once);
    if (some.empty())
      throw store_error{store_errc::corrupt,
                        "entry " + to_text(first) + " is missing"};
    first = some.back().index.next();
    for (auto& x : some)
      result.push_back(std::move(x));
  }
  return result;
}

/// Takes the id of the cluster before out of the log: whoever gets the log
/// later would take it for that of the new one. The entry that has it is
/// dropped with those before it, or, while the state machine needs it, written
/// anew with the new id.
void replace_proposed(const store& from, group_id group,
                      const durable_state& known, log_index applied,
                      durable_batch& to) {
  const auto at = known.proposed_at;
  if (!at)
    return;
  if (at <= applied) {
    to.compacted = {at, all_from(from, group, at, at).front().term};
    return;
  }
  to.truncate_from = at;
  to.entries = all_from(from, group, at, known.last.index);
  to.entries.front().data = to_bytes(to.cluster);
}

} // namespace

bool found_group(store& to, group_id group,
                 const std::vector<peer_id>& members) {
  if (is_known(to.load(group)))
    return false;
  durable_batch first;
  first.members_changed = true;
  first.members.founding.voters = sorted(members);
  commit_one(to, group, std::move(first));
  return true;
}

std::uint64_t origin_from(std::uint64_t checksum) {
  return founded_from(checksum).incarnation.value;
}

std::uint64_t origin_of(const store& x) {
  return origin_in(x.memory().others);
}

void begin_founding(store& to, std::uint64_t checksum) {
  if (!origin_of(to))
    to.remember({{founded_from(checksum)}, false});
}

void found_behind(store& to, group_id group, const snapshot_head& snapshot,
                  const std::vector<peer_id>& members) {
  if (is_known(to.load(group)))
    return;
  auto head = snapshot;
  head.members = {};
  head.members.voters = sorted(members);
  head.cluster = {};
  commit_one(to, group, reset_to(head, {head.last.term, {}}, {}));
}

void end_installing(store& to, group_id group) {
  auto known = to.load(group);
  if (!known.installing.last.index)
    return;
  durable_batch done;
  done.hard = known.hard;
  done.installed = true;
  commit_one(to, group, std::move(done));
}

void found_alone(store& to, group_id group, cluster_id fresh,
                 log_index applied) {
  auto known = to.load(group);
  durable_batch result;
  result.hard = known.hard;
  result.members_changed = true;
  result.members.founding.voters = {to.identity().peer};
  result.members.founding.level = known.members.current().level;
  result.cluster = fresh;
  replace_proposed(to, group, known, applied, result);
  commit_one(to, group, std::move(result));
}

bool is_alone(const store& from, group_id group) {
  const auto voters = from.load(group).members.current().voters;
  return voters == std::vector{from.identity().peer};
}

bool is_being_founded(const store& from, group_id group) {
  auto origin = origin_of(from);
  if (!origin)
    return false;
  auto known = from.load(group);
  const auto& under_way = known.installing;
  return !is_known(known)
      || (under_way.last.index && origin_from(under_way.checksum) == origin);
}

std::string unfinished_founding(const store& from, group_id group) {
  if (!is_being_founded(from, group))
    return {};
  return "the directory was being restored from the snapshot with the checksum "
       + checksum_text(origin_of(from))
       + ", and that did not come to its end: start with --restore and the "
         "same file again, which finishes it. Nothing else is in the directory";
}

} // namespace raft::persistence
