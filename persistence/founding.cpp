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

} // namespace

bool found_group(store& to, group_id group,
                 const std::vector<peer_id>& members) {
  if (is_known(to.load(group)))
    return false;
  durable_batch first;
  first.members_changed = true;
  first.members.voters = sorted(members);
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
  head.members = {{}, sorted(members), {}};
  head.cluster = {};
  commit_one(to, group, reset_to(head, {head.last.term, {}}));
}

void end_founding(store& to, group_id group) {
  auto known = to.load(group);
  if (!known.installing.last.index)
    return;
  durable_batch done;
  done.hard = known.hard;
  done.installed = true;
  commit_one(to, group, std::move(done));
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
