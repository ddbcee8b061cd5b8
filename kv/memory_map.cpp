#include <raft/kv/memory_map.hpp>

#include <utility>

namespace raft::kv {

namespace {

/// So many changes that were kept apart are settled with each new one.
constexpr std::size_t settled_per_change = 16;

constexpr std::size_t settled_per_freeze = 10'000;

} // namespace

map::~map() {
  // nop
}

void map::prefetch(std::span<const std::string_view>) const {
  // nop
}

std::optional<std::string> map::read(std::string_view key) const {
  auto found = find(key);
  if (!found)
    return std::nullopt;
  return std::string{*found};
}

memory_map::moment::~moment() {
  pairs_ = nullptr;
  in_use_->store(false, std::memory_order_release);
}

void memory_map::moment::visit(const visitor& f) const {
  for (const auto& [key, value] : *pairs_)
    if (!f(key, value))
      return;
}

std::optional<std::string_view> memory_map::find(std::string_view key) const {
  if (!changes_.empty()) {
    auto changed = changes_.find(key);
    if (changed != changes_.end())
      return changed->second;
  }
  auto i = data_->find(key);
  if (i == data_->end())
    return std::nullopt;
  return i->second;
}

bool memory_map::contains(std::string_view key) const {
  return find(key).has_value();
}

void memory_map::put(std::string_view key, std::string value) {
  value_of(key) = std::move(value);
}

std::size_t memory_map::append(std::string_view key, std::string_view what) {
  auto& value = value_of(key);
  value += what;
  return value.size();
}

bool memory_map::erase(std::string_view key) {
  settle(settled_per_change);
  if (!contains(key))
    return false;
  --count_;
  auto changed = changes_.find(key);
  if (changed != changes_.end())
    changed->second = std::nullopt;
  else if (is_frozen())
    changes_.emplace(key, std::nullopt);
  else
    data_->erase(data_->find(key));
  return true;
}

std::string& memory_map::value_of(std::string_view key) {
  settle(settled_per_change);
  auto changed = changes_.find(key);
  if (changed != changes_.end()) {
    if (!changed->second) {
      ++count_;
      changed->second.emplace();
    }
    return *changed->second;
  }
  auto i = data_->lower_bound(key);
  auto found = i != data_->end() && i->first == key;
  count_ += !found;
  if (is_frozen())
    return *changes_.emplace(key, found ? i->second : std::string{})
              .first->second;
  if (!found)
    i = data_->emplace_hint(i, key, std::string{});
  return i->second;
}

std::uint64_t memory_map::count() const {
  return count_;
}

void memory_map::visit(std::string_view first, const visitor& f) const {
  auto changed = changes_.lower_bound(first);
  auto more = true;
  // Those up to a key of the pairs.
  auto pass = [&](const std::string* end) {
    for (; more && changed != changes_.end() && (!end || changed->first < *end);
         ++changed)
      if (changed->second)
        more = f(changed->first, *changed->second);
  };
  for (auto i = data_->lower_bound(first); more && i != data_->end(); ++i) {
    pass(&i->first);
    if (more && (changed == changes_.end() || changed->first != i->first))
      more = f(i->first, i->second);
  }
  pass(nullptr);
}

std::unique_ptr<memory_map::moment> memory_map::freeze() {
  settle(settled_per_freeze);
  if (is_frozen() || !changes_.empty())
    return nullptr;
  in_use_ = std::make_shared<std::atomic<bool>>(true);
  return std::unique_ptr<moment>{new moment{data_, in_use_}};
}

bool memory_map::is_frozen() const noexcept {
  return in_use_ && in_use_->load(std::memory_order_acquire);
}

void memory_map::settle(std::size_t changes_max) {
  if (changes_.empty() || is_frozen())
    return;
  for (; changes_max > 0 && !changes_.empty(); --changes_max) {
    auto next = changes_.extract(changes_.begin());
    if (next.mapped())
      data_->insert_or_assign(std::move(next.key()), *std::move(next.mapped()));
    else
      data_->erase(next.key());
  }
}

} // namespace raft::kv
