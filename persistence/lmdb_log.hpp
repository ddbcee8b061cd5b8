// The tables of a store on the disk: what reads them and what changes them,
// one transaction at a time.

#pragma once

#include <raft/persistence/lmdb_memory.hpp>
#include <raft/persistence/lmdb_reader.hpp>
#include <raft/persistence/lmdb_writer.hpp>

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <type_traits>

namespace raft::persistence {

/// Threads: any, beside each other; those that write wait for each other.
class lmdb_log final : public log_tables {
public:
  /// Opens or makes it.
  /// @param journal Whether a journal may stand before it.
  /// @throws store_error as `open_lmdb_store`.
  lmdb_log(const lmdb_options& options, bool journal);

  /// Notes a new start, if it is opened for writing. Comes before anything else
  /// is written.
  /// @throws store_error as `open_lmdb_store`.
  void begin_start() {
    if (options_.writable)
      memory_.begin_start();
  }

  std::uint64_t page_bytes() const override;

  const std::string& directory() const override {
    return options_.directory;
  }

  const lmdb_database& db() const noexcept {
    return db_;
  }

  const lmdb_memory& memory() const noexcept {
    return memory_;
  }

  void assure(const lmdb::page_need& need) override {
    db_.space().assure(need);
  }

  void look(const std::function<void(const table_view&)>& what) const override {
    reading([&what](const lmdb_reader& x) { what(x); });
  }

  template <class F>
  std::invoke_result_t<F, const lmdb_reader&> reading(F f) const {
    try {
      auto txn = db_.begin_read();
      return f(lmdb_reader{db_, txn});
    } catch (const lmdb::error& e) {
      lmdb::rethrow(e, options_.directory);
    }
  }

  /// Carries out one transaction.
  /// @throws store_error as `store::commit`.
  void change(
    const std::function<void(const lmdb_writer&, const lmdb_reader&)>& what);

  void write(const planner& plan, const journal_mark& mark,
             bool may_use_reserve) override;
  void write(const journal_mark& mark) override;

  /// Uses the reserve for that.
  bool make_room(std::span<const group_id> groups) override;

  void remember(const raft::remember& what);

  void conclude(const journal_mark* mark) override;

private:
  using transaction = lmdb::transaction;

  [[noreturn]] void fail(const lmdb::error& e, bool committing);
  void carry_out(const std::function<void(transaction&)>& what);
  bool erase_compacted(std::span<const group_id> groups, std::size_t count_max,
                       bool in_any_case);
  bool release_freed_pages(std::span<const group_id> groups);

  lmdb_options options_;
  lmdb_database db_;
  lmdb_memory memory_;
  std::atomic<bool> failed_ = false;
};

} // namespace raft::persistence
