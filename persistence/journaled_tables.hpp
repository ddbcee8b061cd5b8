// The tables of a store and the journal before them, as one.

#pragma once

#include <raft/persistence/indexed_logs.hpp>
#include <raft/persistence/journal_step.hpp>
#include <raft/persistence/lmdb_log.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace raft::persistence {

/// Threads: `commit` and `conclude` are called by one thread at a time, the
/// other members by any.
class journaled_tables {
public:
  /// @throws store_error, std::invalid_argument: as `open_journal_store`.
  journaled_tables(const lmdb_options& options, const journal_options& journal);

  const lmdb_log& tables() const noexcept {
    return tables_;
  }

  const indexed_logs& logs() const noexcept {
    return logs_;
  }

  /// As `store::commit`.
  void commit(std::span<const persist> batches);

  /// As `store::remember`.
  void remember(const raft::remember& what) {
    tables_.remember(what);
  }

  /// As `store::conclude`.
  void conclude();

  /// Whether segments are to be freed, see `journal::is_due`.
  bool is_due() const {
    return journal_->is_due(journal_->oldest());
  }

  /// Moves some of the oldest records to the tables, if that is due.
  /// @returns whether it was.
  /// @throws store_error as `store::commit`.
  bool move_if_due();

  /// As `store::read`.
  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const;

private:
  using batches_of_record = std::vector<journaled_batch>;

  // Opening.
  std::uint32_t wanted_segments() const {
    return static_cast<std::uint32_t>(journal_options_.segments);
  }
  void recover();
  void open_journal();
  void make_journal();
  void replay(const journal_record& at, std::string_view body);
  void make_files();
  void note_journal();

  // Committing.
  std::uint64_t time_of_compacted(const persist& x) const;
  void assure_room(const batches_of_record& batches);
  bool find_room(std::uint64_t body_bytes);
  void write_to_tables(std::string body, const batches_of_record& batches,
                       bool may_use_reserve);
  void apply(const batches_of_record& batches, const journal_record* at);

  // Moving records to the tables. The caller holds `moving_`.
  void move(std::size_t bytes_max);
  void move_some();
  void move_all();
  void write(const journal_step& step, const journal_mark& mark,
             bool may_use_reserve);

  std::optional<std::vector<entry>> try_to_read(group_id group,
                                                const indexed_log::plan& plan,
                                                std::uint64_t bytes_max) const;
  entry decoded(group_id group, log_index index, std::string_view data) const;

  lmdb_options options_;
  journal_options journal_options_;
  lmdb_log tables_;
  indexed_logs logs_;
  std::optional<journal_directory> files_; // none in an old store that is read
  std::optional<journal> journal_; // likewise

  /// Held by whoever moves records to the tables.
  std::mutex moving_;
  journal_mark mark_; // guarded by `moving_`
};

} // namespace raft::persistence
