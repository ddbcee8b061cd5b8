#include <raft/consensus/log.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace raft::consensus {

log::log(const durable_state& recovered, std::vector<entry> tail)
  : compacted_{recovered.compacted},
    last_{recovered.last},
    durable_{recovered.last.index},
    handed_to_disk_{recovered.last.index},
    disk_end_{recovered.last.index},
    disk_end_after_{recovered.last.index},
    term_starts_{recovered.term_starts} {
  assert(compacted_.index <= last_.index);
  assert(tail.empty() || tail.back().index == last_.index);
  const auto before
    = tail.empty() ? last_.index : tail.front().index.previous();
  marks_.push_back({compacted_.index, 0});
  bytes_up_to_evicted_ = (before - compacted_.index) * cost(entry{});
  if (before > compacted_.index)
    marks_.push_back({before, bytes_up_to_evicted_});
  for (auto& x : tail) {
    assert(term_at(x.index) == x.term);
    assert(slots_.empty() || slots_.back().value.index.next() == x.index);
    const auto sum = bytes_up_to_last() + cost(x);
    slots_.push_back({std::move(x), sum});
  }
}

log_position log::compacted() const noexcept {
  return compacted_;
}

log_position log::last() const noexcept {
  return last_;
}

log_index log::durable() const noexcept {
  return durable_;
}

log_index log::handed_to_disk() const noexcept {
  return handed_to_disk_;
}

log_index log::first_in_memory() const noexcept {
  return slots_.empty() ? last_.index.next() : slots_.front().value.index;
}

std::optional<term_number> log::term_at(log_index index) const noexcept {
  if (index > last_.index || index < compacted_.index)
    return std::nullopt;
  if (index == compacted_.index)
    return compacted_.term;
  if (index >= term_starts_.back().index)
    return term_starts_.back().term; // nearly all questions are about the end
  const auto after
    = std::ranges::upper_bound(term_starts_, index, {}, &log_position::index);
  assert(after != term_starts_.begin());
  return std::prev(after)->term;
}

bool log::holds(const log_position& x) const noexcept {
  return term_at(x.index) == x.term;
}

log_index log::first_of_term_at(log_index index) const noexcept {
  assert(term_at(index));
  const auto after
    = std::ranges::upper_bound(term_starts_, index, {}, &log_position::index);
  return after == term_starts_.begin() ? index : std::prev(after)->index;
}

log_index log::last_not_above(term_number term, log_index from) const noexcept {
  assert(compacted_.index <= from && from <= last_.index);
  const auto above
    = std::ranges::upper_bound(term_starts_, term, {}, &log_position::term);
  return above == term_starts_.end() ? from
                                     : std::min(from, above->index.previous());
}

const entry* log::find(log_index index) const noexcept {
  const auto* x = find_slot(index);
  return x ? &x->value : nullptr;
}

std::vector<entry> log::slice(log_index first, log_index last,
                              std::size_t bytes_max) const {
  std::vector<entry> result;
  last = std::min(last, last_.index);
  if (first > last || !find_slot(first))
    return result;
  const auto begin
    = slots_.begin() + static_cast<std::ptrdiff_t>(first - first_in_memory());
  const auto past = begin + static_cast<std::ptrdiff_t>(last - first) + 1;
  const auto bound = begin->bytes_up_to - cost(begin->value) + bytes_max;
  auto end = std::ranges::upper_bound(std::next(begin), past, bound, {},
                                      &slot::bytes_up_to);
  result.reserve(static_cast<std::size_t>(end - begin));
  for (auto it = begin; it != end; ++it)
    result.push_back(it->value);
  return result;
}

std::size_t log::bytes_in_memory() const noexcept {
  return bytes_up_to_last() - bytes_up_to_evicted_;
}

std::size_t log::bytes_after(log_index index) const noexcept {
  if (index >= last_.index)
    return 0;
  const auto* x = find_slot(index);
  return bytes_up_to_last() - (x ? x->bytes_up_to : bytes_up_to_evicted_);
}

std::size_t log::bytes_between(log_index before,
                               log_index last) const noexcept {
  assert(before <= last);
  return bytes_up_to(last) - bytes_up_to(before);
}

log_index log::followed_by(std::size_t bytes) const noexcept {
  const auto all = bytes_up_to_last();
  if (all < bytes)
    return compacted_.index;
  const auto most = all - bytes;
  const auto slot
    = std::ranges::upper_bound(slots_, most, {}, &log::slot::bytes_up_to);
  if (slot != slots_.begin())
    return std::prev(slot)->value.index;
  const auto after
    = std::ranges::upper_bound(marks_, most, {}, &mark::bytes_up_to);
  return after == marks_.begin() ? compacted_.index : std::prev(after)->index;
}

bool log::unwritten(log_index end) const noexcept {
  return truncate_disk_from_ || std::min(end, last_.index) > handed_to_disk_;
}

bool log::needs_space(log_index end) const noexcept {
  for (auto i = handed_to_disk_.next(); i <= std::min(end, last_.index); ++i)
    if (raft::needs_space(*find(i)))
      return true;
  return false;
}

void log::append(entry x) {
  assert(x.index == last_.index.next());
  assert(x.term >= last_.term);
  if (term_starts_.empty() || x.term != term_starts_.back().term)
    term_starts_.push_back({x.index, x.term});
  last_ = {x.index, x.term};
  const auto sum = bytes_up_to_last() + cost(x);
  slots_.push_back({std::move(x), sum});
}

void log::truncate(log_index from) {
  assert(compacted_.index < from && from <= last_.index);
  const auto size = bytes_up_to(from.previous());
  while (!slots_.empty() && slots_.back().value.index >= from)
    slots_.pop_back();
  while (!term_starts_.empty() && term_starts_.back().index >= from)
    term_starts_.pop_back();
  while (!marks_.empty() && marks_.back().index >= from)
    marks_.pop_back();
  if (slots_.empty())
    bytes_up_to_evicted_ = size; // the log may now end among those evicted
  last_.index = from.previous();
  last_.term
    = term_starts_.empty() ? compacted_.term : term_starts_.back().term;
  // What is on the disk, or on its way there, is no longer what we hold.
  if (from <= handed_to_disk_) {
    truncate_disk_from_
      = truncate_disk_from_ ? std::min(truncate_disk_from_, from) : from;
    handed_to_disk_ = from.previous();
    durable_ = std::min(durable_, handed_to_disk_);
  }
}

void log::fill(durable_batch& batch, log_index end, std::size_t bytes_max) {
  batch.truncate_from = std::exchange(truncate_disk_from_, log_index{});
  batch.entries = slice(handed_to_disk_.next(), end, bytes_max);
  if (!batch.entries.empty())
    handed_to_disk_ = batch.entries.back().index;
  disk_end_after_ = handed_to_disk_;
}

void log::wrote() noexcept {
  durable_ = handed_to_disk_;
  disk_end_ = disk_end_after_;
}

void log::refused() noexcept {
  // What is durable and still ours ends at `durable_`; whatever the disk has
  // behind it is left over from another leader.
  handed_to_disk_ = durable_;
  truncate_disk_from_ = disk_end_ > durable_ ? durable_.next() : log_index{};
  disk_end_after_ = disk_end_;
}

void log::compact(log_index index) {
  assert(index <= durable_);
  if (index <= compacted_.index)
    return;
  const auto size = bytes_up_to(index);
  const auto first = index.next();
  const auto next_term = term_at(first);
  compacted_ = {index, *term_at(index)};
  std::erase_if(term_starts_,
                [first](const auto& x) { return x.index <= first; });
  // The first entry of a log begins a term, also where it goes on with that of
  // the dropped ones.
  if (next_term)
    term_starts_.insert(term_starts_.begin(), {first, *next_term});
  while (!slots_.empty() && slots_.front().value.index <= index) {
    bytes_up_to_evicted_ = slots_.front().bytes_up_to;
    slots_.pop_front();
  }
  while (!marks_.empty() && marks_.front().index <= index)
    marks_.pop_front();
  marks_.push_front({index, size});
}

void log::reset(const log_position& to) {
  const auto size = bytes_up_to_last();
  slots_.clear();
  term_starts_.clear();
  bytes_up_to_evicted_ = size;
  marks_ = {{to.index, size}};
  compacted_ = last_ = to;
  durable_ = handed_to_disk_ = disk_end_ = disk_end_after_ = to.index;
  truncate_disk_from_ = {};
}

void log::evict(std::size_t bytes_max, log_index keep_above,
                std::size_t bytes_per_mark) {
  const auto end = std::min(keep_above, durable_);
  while (!slots_.empty() && slots_.front().value.index <= end
         && bytes_in_memory() > bytes_max) {
    remember_size(slots_.front(), bytes_per_mark);
    bytes_up_to_evicted_ = slots_.front().bytes_up_to;
    slots_.pop_front();
  }
}

void log::remember_size(const slot& x, std::size_t bytes_per_mark) {
  if (marks_.empty()
      || x.bytes_up_to - marks_.back().bytes_up_to >= bytes_per_mark)
    marks_.push_back({x.value.index, x.bytes_up_to});
}

const log::slot* log::find_slot(log_index index) const noexcept {
  if (slots_.empty() || index < first_in_memory() || index > last_.index)
    return nullptr;
  return &slots_[index - first_in_memory()];
}

std::uint64_t log::bytes_up_to(log_index index) const noexcept {
  if (const auto* x = find_slot(index))
    return x->bytes_up_to;
  if (index >= first_in_memory().previous())
    return bytes_up_to_evicted_;
  const auto after = std::ranges::upper_bound(marks_, index, {}, &mark::index);
  return after == marks_.begin() ? 0 : std::prev(after)->bytes_up_to;
}

std::uint64_t log::bytes_up_to_last() const noexcept {
  return slots_.empty() ? bytes_up_to_evicted_ : slots_.back().bytes_up_to;
}

} // namespace raft::consensus
