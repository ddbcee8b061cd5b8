// What a journal adds to the tables, for whoever only looks at a store.

#pragma once

#include <raft/persistence/indexed_logs.hpp>
#include <raft/persistence/journal_directory.hpp>
#include <raft/persistence/lmdb_database.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace raft::persistence {

/// The records of a journal, and the state of all groups after the last one.
class journal_view {
public:
  /// Reads them all; none if the store has no journal. A process may write it
  /// meanwhile.
  /// @param db Outlives this object.
  /// @throws store_error `corrupt`, `no_access`.
  explicit journal_view(const lmdb_database& db);

  /// What the tables say of it; nothing if there is none.
  const std::optional<journal_mark>& mark() const noexcept {
    return mark_;
  }

  /// How many records it holds that the tables do not.
  std::uint64_t records() const noexcept {
    return records_.size();
  }

  const indexed_logs& logs() const noexcept {
    return logs_;
  }

  /// Reads the records once more.
  /// @throws store_error `corrupt`, `no_access`.
  void visit(
    const std::function<void(const std::string& where, std::uint64_t sequence,
                             std::size_t bytes,
                             const std::vector<journaled_batch>&)>& how) const;

  /// The record of an entry of the journal.
  /// @throws store_error `no_access`; nothing if it is there no more.
  std::optional<std::string> read(const journal_place& place) const;

private:
  struct known_record {
    std::uint64_t sequence = 0;
    journal_place place;
  };

  void load();

  const lmdb_database* db_;
  std::optional<journal_mark> mark_;
  indexed_logs logs_;
  std::optional<journal_directory> files_;
  std::optional<journal> journal_;
  std::vector<known_record> records_;
};

} // namespace raft::persistence
