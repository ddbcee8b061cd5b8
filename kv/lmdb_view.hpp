// What an engine has on the disk at some moment.

#pragma once

#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/map.hpp>
#include <raft/kv/overlay.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace raft::kv {

/// How much is visited at a time.
struct visit_bounds {
  std::size_t pairs_max = 10'000;
  std::size_t bytes_max = 4 << 20;
};

struct lmdb_view {
  const overlay::slot* staged_slot(std::string_view key) const {
    return staged ? staged->find(key) : nullptr;
  }

  /// Visits some pairs.
  /// @param next The first key to visit, as in the table; then the one to go on
  ///        with.
  /// @returns whether there may be more to visit.
  bool step(const lmdb_files& files, std::string& next, const visitor& f,
            const visit_bounds& bounds) const;

  lmdb::transaction txn;
  /// Changes that count as written and may not all be among the pairs yet.
  std::shared_ptr<const overlay> staged;

private:
  std::optional<std::string> step_pairs(const lmdb_files& files,
                                        std::string_view first,
                                        const visitor& f,
                                        const visit_bounds& bounds) const;
};

/// The value that a record of `pairs` holds.
/// @param key As in the table.
/// @throws persistence::store_error `corrupt`.
std::string_view value_of(const lmdb_files& files, std::string_view key,
                          std::string_view record);

} // namespace raft::kv
