// The store on the disk.

#include <raft/persistence/lmdb_memory.hpp>
#include <raft/persistence/lmdb_reader.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <type_traits>

namespace raft::persistence {

namespace {

/// How many compacted entries one commit erases at least. A large deletion
/// would make LMDB slow for long; what is left is invisible already.
constexpr std::size_t erased_per_commit = 256;

/// How many go at once when there is no room for a commit.
constexpr std::size_t erased_for_room = 1024;

// Bytes of keys and records, for estimates.
constexpr std::size_t group_key_bytes = 8;
constexpr std::size_t log_key_bytes = 16;
constexpr std::size_t small_record_bytes = 40;
/// An entry's record without its data, and a little more.
constexpr std::size_t entry_record_bytes = 96;

/// Adds what it takes to put a record in the place of one that is there.
void estimate_replaced(lmdb::page_estimate& pages, MDB_dbi table,
                       std::size_t key_bytes, std::size_t bytes) {
  pages.place(table);
  pages.put(table, key_bytes, bytes);
  pages.erase(table, key_bytes, bytes);
}

class lmdb_store : public store {
public:
  explicit lmdb_store(const lmdb_options& options)
    : directory_{options.directory},
      writable_{options.writable},
      db_{options},
      memory_{db_, directory_, writable_} {
    // nop
  }

  const store_identity& identity() const noexcept override {
    return db_.identity();
  }

  void commit(std::span<const persist> batches) override;

  store_memory memory() const override {
    return memory_.known();
  }

  void remember(const raft::remember& what) override;
  void conclude() override;

  durable_state load(group_id group) const override {
    return reading([&](const lmdb_reader& x) { return x.load(group); });
  }

  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override {
    return reading([&](const lmdb_reader& x) {
      return x.read(group, first, last, bytes_max);
    });
  }

  std::vector<group_id> groups() const override {
    return reading([](const lmdb_reader& x) { return x.groups(); });
  }

private:
  using transaction = lmdb::transaction;

  template <class F>
  std::invoke_result_t<F, const lmdb_reader&> reading(F f) const {
    try {
      auto txn = db_.begin_read();
      return f(lmdb_reader{db_, txn});
    } catch (const lmdb::error& e) {
      lmdb::rethrow(e, directory_);
    }
  }

  [[noreturn]] void fail(const lmdb::error& e, bool committing);
  void change(const std::function<void(transaction&)>& what);
  void write(std::span<const persist> batches);
  bool make_room(std::span<const persist> batches);
  bool release_freed_pages(std::span<const persist> batches);
  bool erase_compacted(std::span<const persist> batches, std::size_t count_max,
                       bool in_any_case);

  // Steps of `commit`, within its transaction.
  log_change change(const transaction& txn, const persist& x) const;
  void reserve_space(const transaction& txn, std::span<const persist> batches,
                     std::span<const log_change> changes);
  void estimate_erased(const transaction& txn, lmdb::page_estimate& pages,
                       MDB_dbi table, group_id group, log_index first,
                       log_index last, std::size_t count_max) const;
  void estimate(const transaction& txn, lmdb::page_estimate& pages,
                const persist& x, const log_change& change) const;
  void write(transaction& txn, const persist& x, const log_change& change);
  void erase_from(transaction& txn, MDB_dbi table, group_id group,
                  log_index first);
  void append(transaction& txn, const persist& x, const log_change& change);
  void compact(transaction& txn, group_id group, const log_change& change);
  std::size_t drop_compacted(transaction& txn, group_id group, log_index last,
                             std::size_t count_max);

  std::string directory_;
  bool writable_;
  lmdb_database db_;
  lmdb_memory memory_;
  std::atomic<bool> failed_ = false;
};

/// Carries out one transaction.
void lmdb_store::change(const std::function<void(transaction&)>& what) {
  if (!writable_)
    throw std::logic_error{"the store was opened for reading only"};
  if (failed_)
    throw store_error{store_errc::write_failed,
                      "an earlier write to '" + directory_
                        + "' failed: what is on the disk is not known; end the "
                          "process, check the disk, start again"};
  auto committing = false;
  try {
    db_.forget_dead_readers();
    auto txn = db_.begin_write();
    what(txn);
    committing = true;
    txn.commit();
    db_.space().after_commit();
  } catch (const lmdb::error& e) {
    fail(e, committing);
  } catch (const store_error& e) {
    // Pages may be gone that LMDB counts on: it must not even read them.
    if (e.code() == store_errc::write_failed)
      failed_ = true;
    throw;
  }
}

void lmdb_store::commit(std::span<const persist> batches) {
  check_groups(batches);
  for (;;)
    try {
      write(batches);
      return;
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space || !make_room(batches))
        throw;
    }
}

void lmdb_store::write(std::span<const persist> batches) {
  change([&](transaction& txn) {
    std::vector<log_change> changes;
    for (auto& x : batches)
      changes.push_back(change(txn, x));
    reserve_space(txn, batches, changes);
    for (std::size_t i = 0; i < batches.size(); ++i)
      write(txn, batches[i], changes[i]);
  });
}

/// Erases some of what is compacted, by means of the reserve.
/// @returns whether there was any.
bool lmdb_store::make_room(std::span<const persist> batches) {
  for (auto count = erased_for_room; count > 0; count /= 4)
    try {
      if (!erase_compacted(batches, count, false))
        return release_freed_pages(batches);
      // The pages can be used by the next transaction but one.
      erase_compacted(batches, 1, true);
      return true;
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space)
        throw;
    }
  return false;
}

bool lmdb_store::erase_compacted(std::span<const persist> batches,
                                 std::size_t count_max, bool in_any_case) {
  std::size_t erased = 0;
  change([&](transaction& txn) {
    lmdb_reader reader{db_, txn};
    lmdb::page_estimate pages{txn};
    for (const auto& x : batches) {
      auto point = encode(x.group, reader.compaction(x.group));
      estimate_replaced(pages, db_.compaction, group_key_bytes, point.size());
      pages.place(db_.log);
      estimate_erased(txn, pages, db_.log, x.group, {},
                      reader.compacted(x.group).index, count_max);
    }
    db_.space().before_changes(pages.total(), true);
    for (const auto& x : batches)
      if (auto point = reader.compaction(x.group); point.where.index) {
        erased += drop_compacted(txn, x.group, point.where.index, count_max);
        if (in_any_case)
          txn.put(db_.compaction, group_key(x.group), encode(x.group, point));
      }
  });
  return erased > 0;
}

/// Makes a commit that changes nothing, if the last one freed pages: they can
/// be used by the next transaction but one.
/// @returns whether there is more to use now.
bool lmdb_store::release_freed_pages(std::span<const persist> batches) {
  // Such a commit frees some itself.
  constexpr std::uint64_t few_pages = 16;
  if (db_.space().pages_freed_last() <= few_pages)
    return false;
  auto written = false;
  change([&](transaction& txn) {
    lmdb_reader reader{db_, txn};
    lmdb::page_estimate pages{txn};
    for (std::size_t i = 0; i < batches.size(); ++i)
      estimate_replaced(pages, db_.hard_state_table, group_key_bytes,
                        small_record_bytes);
    db_.space().before_changes(pages.total(), true);
    for (const auto& x : batches)
      if (reader.knows(x.group)) {
        txn.put(db_.hard_state_table, group_key(x.group),
                encode(x.group, reader.summary(x.group).hard));
        written = true;
      }
  });
  return written;
}

void lmdb_store::remember(const raft::remember& what) {
  change([&](transaction& txn) {
    lmdb::page_estimate pages{txn};
    memory_.estimate(pages, what.whom.size());
    db_.space().before_changes(pages.total(), true);
    memory_.write(txn, what);
  });
  memory_.wrote(what);
}

void lmdb_store::conclude() {
  change([&](transaction& txn) {
    lmdb::page_estimate pages{txn};
    memory_.estimate(pages, 0);
    db_.space().before_changes(pages.total(), true);
    memory_.write_end(txn);
  });
}

log_change lmdb_store::change(const transaction& txn, const persist& x) const {
  lmdb_reader reader{db_, txn};
  return change_for(reader.summary(x.group), x, [&](log_index i) {
    return reader.term_start(x.group, i).term;
  });
}

/// Sees to it that the commit will not meet a full disk.
void lmdb_store::reserve_space(const transaction& txn,
                               std::span<const persist> batches,
                               std::span<const log_change> changes) {
  lmdb::page_estimate pages{txn};
  auto needed = false;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    estimate(txn, pages, batches[i], changes[i]);
    needed = needed
          || std::ranges::any_of(batches[i].batch.entries, raft::needs_space);
  }
  db_.space().before_changes(pages.total(), !needed);
}

/// Adds what it takes to write a batch.
void lmdb_store::estimate(const transaction& txn, lmdb::page_estimate& pages,
                          const persist& x, const log_change& change) const {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  auto put = [&](MDB_dbi table, std::size_t key_bytes, std::size_t bytes) {
    estimate_replaced(pages, table, key_bytes, bytes);
  };
  put(db_.hard_state_table, group_key_bytes, small_record_bytes);
  if (x.batch.members_changed)
    put(db_.members, group_key_bytes, encode(x.group, x.batch.members).size());
  if (x.batch.cluster)
    put(db_.meta, log_key_bytes, small_record_bytes);
  pages.place(db_.log);
  pages.place(db_.term_starts);
  if (change.truncate_from)
    for (auto table : {db_.log, db_.term_starts}) {
      pages.place(table);
      estimate_erased(txn, pages, table, x.group, change.truncate_from,
                      last_index, all);
    }
  for (auto& e : x.batch.entries) {
    pages.put(db_.log, log_key_bytes, e.data.size() + entry_record_bytes);
    pages.put(db_.term_starts, log_key_bytes, small_record_bytes);
  }
  if (!change.compacted.index)
    return;
  put(db_.compaction, group_key_bytes, small_record_bytes);
  put(db_.term_starts, log_key_bytes, small_record_bytes);
  estimate_erased(txn, pages, db_.term_starts, x.group, {},
                  change.compacted.index, all);
  pages.place(db_.log);
  estimate_erased(txn, pages, db_.log, x.group, {}, change.compacted.index,
                  erased_per_commit + 2 * x.batch.entries.size());
}

void lmdb_store::estimate_erased(const transaction& txn,
                                 lmdb::page_estimate& pages, MDB_dbi table,
                                 group_id group, log_index first,
                                 log_index last, std::size_t count_max) const {
  lmdb::cursor place{txn, table};
  auto more = place.at_or_above(log_key(group, first));
  for (std::size_t n = 0;
       n < count_max && more && group_of(place.key()) == group
       && index_of(place.key()) <= last;
       ++n, more = place.next())
    pages.erase(table, log_key_bytes, place.data().size());
}

/// Decides what an error while writing means.
void lmdb_store::fail(const lmdb::error& e, bool committing) {
  auto why = std::string{e.what()} + " ('" + directory_ + "'): ";
  // LMDB finds the map full before it writes anything.
  if (e.code() == MDB_MAP_FULL)
    throw store_error{store_errc::no_space,
                      why + "nothing was written; set a larger map"};
  // Until the commit, only pages that nothing refers to can have been written.
  if (lmdb::means_full(e.code()) && !committing)
    throw store_error{store_errc::no_space,
                      why + "nothing was written; make room on the disk"};
  failed_ = true;
  throw store_error{store_errc::write_failed,
                    why
                      + "what is on the disk is not known; end the process, "
                        "check the disk and its free space, start again"};
}

void lmdb_store::write(transaction& txn, const persist& x,
                       const log_change& change) {
  auto group = x.group;
  lmdb_reader reader{db_, txn};
  auto known = reader.knows(group);
  auto now = reader.summary(group);
  if (!known || now.hard != x.batch.hard)
    txn.put(db_.hard_state_table, group_key(group),
            encode(group, x.batch.hard));
  if (x.batch.members_changed)
    txn.put(db_.members, group_key(group), encode(group, x.batch.members));
  if (change.truncate_from) {
    erase_from(txn, db_.log, group, change.truncate_from);
    erase_from(txn, db_.term_starts, group, change.truncate_from);
  }
  if (x.batch.cluster)
    txn.put(db_.meta, cluster_key(group), encode(group, x.batch.cluster));
  append(txn, x, change);
  if (change.compacted.index > now.compacted.index)
    compact(txn, group, change);
  if (change.compacted.index)
    drop_compacted(txn, group, change.compacted.index,
                   erased_per_commit + 2 * x.batch.entries.size());
}

void lmdb_store::erase_from(transaction& txn, MDB_dbi table, group_id group,
                            log_index first) {
  lmdb::cursor place{txn, table};
  auto more = place.at_or_above(log_key(group, first));
  for (; more && group_of(place.key()) == group; more = place.next())
    place.erase();
}

void lmdb_store::append(transaction& txn, const persist& x,
                        const log_change& change) {
  auto& entries = x.batch.entries;
  if (entries.empty())
    return;
  auto at_end = [&] {
    lmdb::cursor place{txn, db_.log};
    return !place.last()
        || place.key() < log_key(x.group, entries.front().index);
  };
  // Without it LMDB leaves every page half empty.
  auto flags = at_end() ? unsigned{MDB_APPEND} : 0u;
  auto previous = change.base;
  for (auto& e : entries) {
    auto key = log_key(x.group, e.index);
    txn.put(db_.log, key, encode(x.group, e), flags);
    // The first entry of a log begins a term, also where it goes on with that
    // of the compacted ones.
    if (e.term != previous.term || previous.index == change.compacted.index)
      txn.put(db_.term_starts, key,
              encode(x.group, log_position{e.index, e.term}));
    previous = {e.index, e.term};
  }
}

/// Moves the beginning of the log. The entries before it stay, unseen, until
/// `drop_compacted` comes to them.
void lmdb_store::compact(transaction& txn, group_id group,
                         const log_change& change) {
  auto first = change.compacted.index.next();
  log_position start;
  if (change.last.index > change.compacted.index)
    start = {first, lmdb_reader{db_, txn}.term_start(group, first).term};
  {
    lmdb::cursor place{txn, db_.term_starts};
    auto more = place.at_or_above(log_key(group, {}));
    for (; more && group_of(place.key()) == group
           && index_of(place.key()) < first;
         more = place.next())
      place.erase();
  }
  if (start.index)
    txn.put(db_.term_starts, log_key(group, first), encode(group, start));
  lmdb_reader reader{db_, txn};
  compaction_point point{change.compacted, reader.compaction(group).time_ms};
  point.time_ms
    = std::max(point.time_ms, reader.time_at(group, change.compacted.index));
  txn.put(db_.compaction, group_key(group), encode(group, point));
}

/// @returns how many it erased.
std::size_t lmdb_store::drop_compacted(transaction& txn, group_id group,
                                       log_index last, std::size_t count_max) {
  lmdb::cursor place{txn, db_.log};
  auto more = place.at_or_above(log_key(group, {}));
  std::size_t result = 0;
  for (; result < count_max && more && group_of(place.key()) == group
         && index_of(place.key()) <= last;
       ++result, more = place.next())
    place.erase();
  return result;
}

} // namespace

std::unique_ptr<store> open_lmdb_store(const lmdb_options& options) {
  return std::make_unique<lmdb_store>(options);
}

} // namespace raft::persistence
