#include <raft/simulation/snapshots.hpp>
#include <raft/simulation/violation.hpp>

#include <algorithm>
#include <utility>

namespace raft::simulation {

shared_snapshot
make_snapshot(const std::vector<entry>& applied, const membership& members,
              cluster_id cluster,
              std::shared_ptr<const machine::copied_state> state) {
  constexpr std::uint64_t bytes_at_least = 100;
  constexpr std::uint64_t bytes_per_entry = 3;
  auto result = std::make_shared<snapshot_content>();
  result->entries = applied;
  result->state = std::move(state);
  const auto& last = applied.back();
  auto& head = result->head;
  head.last = {last.index, last.term};
  head.time_ms = last.time_ms;
  head.members = members;
  head.cluster = cluster;
  head.size = bytes_at_least + bytes_per_entry * applied.size();
  head.checksum = (last.index.value * 0x9e3779b97f4a7c15U) ^ last.term.value;
  return result;
}

void take_back(machine::executor& to, const machine::copied_state& from) {
  machine::text_source in{from.state};
  try {
    to.restore(from.what, from.format, in);
  } catch (const machine::bad_state& e) {
    throw violation{"a state machine does not take back the state after entry "
                    + to_text(from.what.applied) + ": " + e.what()};
  }
}

std::string bytes_of(const snapshot_head& x, std::uint64_t offset,
                     std::uint64_t size) {
  std::string result;
  result.reserve(size);
  for (auto i = offset; i < offset + size; ++i)
    result.push_back(
      static_cast<char>(((x.checksum + i) * 0xd1342543de82ef95U) >> 56));
  return result;
}

void snapshot_files::keep(shared_snapshot x) {
  if (!find(x->head))
    whole_.push_back(std::move(x));
}

void snapshot_files::store(const consensus::chunk_to_store& x) {
  if (x.offset == 0 || x.snapshot != coming_) {
    coming_ = x.snapshot;
    bytes_.clear();
  }
  if (x.offset != bytes_.size())
    throw violation{"a part of a snapshot does not follow what is there"};
  bytes_ += x.data.view();
}

bool snapshot_files::complete(const shared_snapshot& content) {
  const auto& head = content->head;
  if (coming_ != head || bytes_ != bytes_of(head, 0, head.size))
    return false;
  keep(content);
  coming_ = {};
  bytes_.clear();
  return true;
}

shared_snapshot snapshot_files::find(const snapshot_head& x) const {
  auto at = std::ranges::find_if(whole_,
                                 [&x](const auto& y) { return y->head == x; });
  return at == whole_.end() ? nullptr : *at;
}

shared_snapshot snapshot_files::newest(
  const std::function<bool(const snapshot_head&)>& counts) const {
  shared_snapshot result;
  for (const auto& x : whole_)
    if (counts(x->head)
        && (!result || x->head.last.index > result->head.last.index))
      result = x;
  return result;
}

void snapshot_files::erase_unless(
  const std::function<bool(const snapshot_head&)>& needed) {
  std::erase_if(whole_, [&](const auto& x) { return !needed(x->head); });
  if (!bytes_.empty() && !needed(coming_)) {
    coming_ = {};
    bytes_.clear();
  }
}

} // namespace raft::simulation
