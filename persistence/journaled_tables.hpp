// The tables of a store on the disk and the journal before them, as one.

#pragma once

#include <raft/persistence/journal_directory.hpp>
#include <raft/persistence/journaled_log.hpp>
#include <raft/persistence/lmdb_log.hpp>

#include <optional>

namespace raft::persistence {

/// Threads: as `journaled_log`; `remember` is called by one thread at a time.
class journaled_tables {
public:
  /// @throws store_error, std::invalid_argument: as `open_journal_store`.
  journaled_tables(const lmdb_options& options, const journal_options& journal);

  const lmdb_log& tables() const noexcept {
    return tables_;
  }

  journaled_log& log() noexcept {
    return log_;
  }

  const journaled_log& log() const noexcept {
    return log_;
  }

  /// As `store::remember`.
  void remember(const raft::remember& what) {
    tables_.remember(what);
  }

private:
  std::uint32_t wanted_segments() const {
    return static_cast<std::uint32_t>(journal_options_.segments);
  }
  void recover();
  void open_journal();
  void make_files();
  void note_journal();

  lmdb_options options_;
  journal_options journal_options_;
  lmdb_log tables_;
  std::optional<journal_directory> files_; // none in an old store that is read
  journaled_log log_;
};

} // namespace raft::persistence
