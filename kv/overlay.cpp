#include <raft/kv/overlay.hpp>

#include <cassert>
#include <utility>

namespace raft::kv {

namespace {

/// What a node of the map costs beside the bytes in it: links, two strings, and
/// what the allocator keeps for itself.
constexpr std::size_t overhead = 144;

std::size_t size_of(const overlay::slot& x) {
  return x ? x->size() : 0;
}

} // namespace

const overlay::slot* overlay::find(std::string_view key) const {
  auto i = slots_.find(key);
  return i == slots_.end() ? nullptr : &i->second;
}

void overlay::put(std::string key, std::string value) {
  auto& x = slot_of(std::move(key));
  bytes_ -= size_of(x);
  bytes_ += value.size();
  x = std::move(value);
}

std::size_t overlay::append(std::string_view key, std::string_view what) {
  auto i = slots_.find(key);
  assert(i != slots_.end() && i->second);
  *i->second += what;
  bytes_ += what.size();
  return i->second->size();
}

void overlay::erase(std::string_view key) {
  auto& x = slot_of(std::string{key});
  bytes_ -= size_of(x);
  x.reset();
}

std::size_t overlay::content_bytes() const noexcept {
  return bytes_ - overhead * slots_.size();
}

overlay::slot& overlay::slot_of(std::string key) {
  auto size = key.size();
  auto [i, added] = slots_.try_emplace(std::move(key));
  if (added)
    bytes_ += size + overhead;
  return i->second;
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
  return order() <= 0 ? newer_->first : older_->first;
}

const overlay::slot& overlay_cursor::value() const {
  return order() <= 0 ? newer_->second : older_->second;
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
  return newer_->first.compare(older_->first);
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
