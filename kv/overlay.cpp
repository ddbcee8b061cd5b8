#include <raft/kv/overlay.hpp>

#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <random>
#include <utility>

namespace raft::kv {

namespace {

/// What a change costs beside the bytes in it: two strings, its places in the
/// tables, and what the allocator keeps for itself.
constexpr std::size_t change_overhead = 144;

constexpr std::size_t places_min = 64;

std::size_t size_of(const overlay::slot& x) {
  return x ? x->size() : 0;
}

/// So that no client can know which keys share a place. Nothing that comes out
/// of an overlay depends on it.
std::uint64_t secret() {
  static const auto drawn = [] {
    std::random_device source;
    return std::uint64_t{source()} << 32 | source();
  }();
  return drawn;
}

std::uint32_t hash_of(std::string_view key) {
  return static_cast<std::uint32_t>(
    XXH3_64bits_withSeed(key.data(), key.size(), secret()));
}

bool comes_first(const change* x, const change* y) {
  return x->key < y->key;
}

/// For heaps of what is left of runs.
constexpr auto comes_later = [](const auto& x, const auto& y) {
  return comes_first(*y.first, *x.first);
};

} // namespace

const overlay::slot* overlay::find(std::string_view key) const {
  if (places_.empty())
    return nullptr;
  auto number = places_[place_of(key, hash_of(key))].number;
  return number == 0 ? nullptr : &changes_[number - 1].value;
}

/// All misses of a step are under way at once; the next one needs what they
/// bring.
void overlay::prefetch(std::span<const std::string_view> keys) const noexcept {
  if (places_.empty())
    return;
  auto mask = places_.size() - 1;
  for (auto key : keys)
    __builtin_prefetch(&places_[hash_of(key) & mask]);
  for (auto key : keys)
    if (auto number = places_[hash_of(key) & mask].number)
      __builtin_prefetch(&changes_[number - 1], 1);
  for (auto key : keys)
    if (auto number = places_[hash_of(key) & mask].number)
      __builtin_prefetch(changes_[number - 1].key.data());
}

void overlay::put(std::string_view key, std::string value,
                  std::optional<bool> was_there) {
  assign(change_of(key, was_there), std::move(value));
}

std::size_t overlay::append(std::string_view key, std::string_view what) {
  auto& x = change_of(key, std::nullopt);
  assert(x.value);
  *x.value += what;
  bytes_ += what.size();
  return x.value->size();
}

void overlay::erase(std::string_view key, std::optional<bool> was_there) {
  assign(change_of(key, was_there), std::nullopt);
}

std::size_t overlay::content_bytes() const noexcept {
  return bytes_ - change_overhead * changes_.size();
}

std::vector<std::string_view> overlay::unknown() const {
  std::vector<std::string_view> result;
  result.reserve(unknown_.size());
  for (auto i : unknown_)
    result.push_back(changes_[i].key);
  return result;
}

void overlay::know(const std::vector<bool>& there) {
  assert(there.size() == unknown_.size());
  for (std::size_t i = 0; i < there.size(); ++i) {
    changes_[unknown_[i]].was_there = there[i];
    replaced_ += there[i];
  }
  unknown_.clear();
}

overlay::iterator& overlay::iterator::operator++() {
  std::pop_heap(rests_.begin(), rests_.end(), comes_later);
  auto x = rests_.back();
  rests_.pop_back();
  next_ = nullptr;
  if (++x.first != x.last)
    add(x);
  else if (!rests_.empty())
    next_ = *rests_.front().first;
  return *this;
}

void overlay::iterator::add(rest x) {
  rests_.push_back(x);
  std::push_heap(rests_.begin(), rests_.end(), comes_later);
  next_ = *rests_.front().first;
}

overlay::iterator overlay::from(std::string_view key) const {
  iterator result;
  for (const auto& x : in_order()) {
    auto first = std::lower_bound(
      x.begin(), x.end(), key,
      [](const auto* y, std::string_view wanted) { return y->key < wanted; });
    if (first != x.end())
      result.add({&*first, x.data() + x.size()});
  }
  return result;
}

overlay::iterator overlay::begin() const {
  return from({});
}

overlay::iterator overlay::end() const {
  return {};
}

overlay::key_order::key_order(const key_order&) {
  // nop
}

overlay::key_order& overlay::key_order::operator=(const key_order&) {
  runs.clear();
  count = 0;
  return *this;
}

std::size_t overlay::place_of(std::string_view key, std::uint32_t hash) const {
  auto mask = places_.size() - 1;
  for (auto i = hash & mask;; i = (i + 1) & mask) {
    const auto& x = places_[i];
    if (x.number == 0 || (x.hash == hash && changes_[x.number - 1].key == key))
      return i;
  }
}

change& overlay::change_of(std::string_view key,
                           std::optional<bool> was_there) {
  make_room();
  auto hash = hash_of(key);
  auto& place = places_[place_of(key, hash)];
  if (place.number != 0)
    return changes_[place.number - 1];
  auto& result = changes_.emplace_back();
  result.key = key;
  result.was_there = was_there;
  if (!was_there)
    unknown_.push_back(static_cast<std::uint32_t>(changes_.size() - 1));
  replaced_ += was_there.value_or(false);
  bytes_ += key.size() + change_overhead;
  place = {hash, static_cast<std::uint32_t>(changes_.size())};
  if (changes_.size() - order_.count >= run_length)
    in_order();
  return result;
}

/// For one more change.
void overlay::make_room() {
  if (4 * (changes_.size() + 1) <= 3 * places_.size())
    return;
  auto old = std::exchange(
    places_, std::vector<place>(std::max(places_min, 2 * places_.size())));
  auto mask = places_.size() - 1;
  for (const auto& x : old) {
    auto i = x.hash & mask;
    while (places_[i].number != 0)
      i = (i + 1) & mask;
    if (x.number != 0)
      places_[i] = x;
  }
}

void overlay::assign(change& x, slot value) {
  bytes_ += size_of(value);
  bytes_ -= size_of(x.value);
  values_ += value.has_value();
  values_ -= x.value.has_value();
  x.value = std::move(value);
}

const std::vector<overlay::run>& overlay::in_order() const {
  std::lock_guard guard{order_.mutex};
  auto& runs = order_.runs;
  if (order_.count == changes_.size())
    return runs;
  if (runs.empty() || runs.back().size() >= run_length)
    runs.emplace_back();
  auto& last = runs.back();
  auto sorted = static_cast<std::ptrdiff_t>(last.size());
  for (; order_.count < changes_.size(); ++order_.count)
    last.push_back(&changes_[order_.count]);
  std::sort(last.begin() + sorted, last.end(), comes_first);
  std::inplace_merge(last.begin(), last.begin() + sorted, last.end(),
                     comes_first);
  return runs;
}

overlay_cursor::overlay_cursor(const overlay& newer, const overlay& older,
                               std::string_view first)
  : newer_{newer.from(first)},
    newer_end_{newer.end()},
    older_{older.from(first)},
    older_end_{older.end()} {
  // nop
}

std::string_view overlay_cursor::key() const {
  return order() <= 0 ? newer_->key : older_->key;
}

const overlay::slot& overlay_cursor::value() const {
  return order() <= 0 ? newer_->value : older_->value;
}

void overlay_cursor::next() {
  auto which = order();
  if (which <= 0)
    ++newer_;
  if (which >= 0)
    ++older_;
}

int overlay_cursor::order() const {
  assert(!at_end());
  if (newer_ == newer_end_)
    return 1;
  if (older_ == older_end_)
    return -1;
  return newer_->key.compare(older_->key);
}

void visit_merged(overlay_cursor changes,
                  const std::function<void(const visitor&)>& below,
                  const visitor& f) {
  auto more = true;
  // Passes on what the overlays hold up to a key of the pairs below.
  auto pass = [&](std::optional<std::string_view> end) {
    while (more && !changes.at_end() && (!end || changes.key() < *end)) {
      if (changes.value())
        more = f(changes.key(), *changes.value());
      changes.next();
    }
  };
  below([&](std::string_view key, std::string_view value) {
    pass(key);
    // A key that the overlays know comes from them, when its turn is.
    if (more && (changes.at_end() || changes.key() != key))
      more = f(key, value);
    return more;
  });
  pass(std::nullopt);
}

} // namespace raft::kv
