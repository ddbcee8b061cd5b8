#include <raft/kv/lmdb_view.hpp>
#include <raft/kv/sealed_record.hpp>

#include <utility>

namespace raft::kv {

bool lmdb_view::step(const lmdb_files& files, std::string& next,
                     const visitor& f, const visit_bounds& bounds) const {
  static const overlay nothing;
  auto more = true;
  auto key = std::string_view{next}.substr(1);
  overlay_cursor changes{staged ? *staged : nothing, nothing, key};
  // The pairs of this step end here; so must the changes.
  std::optional<std::string> end;
  visit_merged(
    changes,
    [&](const visitor& g) { end = step_pairs(files, next, g, bounds); },
    [&](std::string_view found, std::string_view value) {
      if (end && found >= std::string_view{*end}.substr(1))
        return false;
      return more = f(found, value);
    });
  if (end)
    next = std::move(*end);
  return more && end;
}

/// @returns where to go on, if there may be more pairs.
std::optional<std::string>
lmdb_view::step_pairs(const lmdb_files& files, std::string_view first,
                      const visitor& f, const visit_bounds& bounds) const {
  lmdb::cursor place{txn, files.pairs};
  std::size_t pairs = 0;
  std::size_t bytes = 0;
  for (auto more = place.at_or_above(first); more; more = place.next()) {
    if (pairs == bounds.pairs_max || bytes >= bounds.bytes_max)
      return std::string{place.key()};
    auto value = value_of(files, place.key(), place.data());
    if (!f(place.key().substr(1), value))
      return std::nullopt;
    ++pairs;
    bytes += place.data().size();
  }
  return std::nullopt;
}

std::string_view value_of(const lmdb_files& files, std::string_view key,
                          std::string_view record) {
  const char* fault = nullptr;
  auto result = unseal(files.group(), key, record, fault);
  if (!result)
    files.corrupt("key " + printable(key.substr(1)), fault);
  return *result;
}

} // namespace raft::kv
