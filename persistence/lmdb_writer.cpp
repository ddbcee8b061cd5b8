#include <raft/persistence/lmdb_memory.hpp>
#include <raft/persistence/lmdb_reader.hpp>
#include <raft/persistence/lmdb_writer.hpp>

#include <algorithm>
#include <limits>

namespace raft::persistence {

namespace {

/// How many compacted entries one commit erases at least. A large deletion
/// would make LMDB slow for long; what is left is invisible already.
constexpr std::size_t erased_per_commit = 256;

// Bytes of keys and records, for estimates.
constexpr std::size_t group_key_bytes = 8;
constexpr std::size_t log_key_bytes = 16;
constexpr std::size_t small_record_bytes = 40;

} // namespace

// -- room ---------------------------------------------------------------------

void lmdb_writer::reserve(std::span<const group_write> all,
                          bool may_use_reserve, bool mark) const {
  lmdb::page_estimate pages{*txn_};
  for (const auto& x : all)
    estimate(pages, x);
  if (mark)
    estimate_replaced(pages, db_->meta, log_key_bytes, small_record_bytes);
  db_->space().before_changes(pages.total(), may_use_reserve);
}

/// Adds what it takes to put a record in the place of one that is there.
void lmdb_writer::estimate_replaced(lmdb::page_estimate& pages, MDB_dbi table,
                                    std::size_t key_bytes,
                                    std::size_t bytes) const {
  pages.place(table);
  pages.put(table, key_bytes, bytes);
  pages.erase(table, key_bytes, bytes);
}

void lmdb_writer::estimate_erased(lmdb::page_estimate& pages, MDB_dbi table,
                                  group_id group, log_index first,
                                  log_index last, std::size_t count_max) const {
  lmdb::cursor place{*txn_, table};
  auto more = place.at_or_above(log_key(group, first));
  for (std::size_t n = 0;
       n < count_max && more && group_of(place.key()) == group
       && index_of(place.key()) <= last;
       ++n, more = place.next())
    pages.erase(table, log_key_bytes, place.data().size());
}

/// Adds what it takes to write a batch.
void lmdb_writer::estimate(lmdb::page_estimate& pages,
                           const group_write& x) const {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  auto put = [&](MDB_dbi table, std::size_t key_bytes, std::size_t bytes) {
    estimate_replaced(pages, table, key_bytes, bytes);
  };
  const auto& change = x.change;
  put(db_->hard_state_table, group_key_bytes, small_record_bytes);
  if (x.members != nullptr)
    put(db_->members, group_key_bytes, encode(x.group, *x.members).size());
  if (x.cluster)
    put(db_->meta, log_key_bytes, small_record_bytes);
  if (x.installing != nullptr)
    put(
      db_->meta, log_key_bytes,
      std::max(
        encode(x.group, *x.installing).size(),
        encode(x.group, lmdb_reader{*db_, *txn_}.installing(x.group)).size()));
  pages.place(db_->log);
  pages.place(db_->term_starts);
  if (change.truncate_from)
    for (auto table : {db_->log, db_->term_starts}) {
      pages.place(table);
      estimate_erased(pages, table, x.group, change.truncate_from, last_index,
                      all);
    }
  for (const auto& e : x.entries) {
    pages.put(db_->log, log_key_bytes, e.record.size() + small_record_bytes);
    pages.put(db_->term_starts, log_key_bytes, small_record_bytes);
  }
  if (!change.compacted.index)
    return;
  put(db_->compaction, group_key_bytes, small_record_bytes);
  put(db_->term_starts, log_key_bytes, small_record_bytes);
  estimate_erased(pages, db_->term_starts, x.group, {}, change.compacted.index,
                  all);
  pages.place(db_->log);
  estimate_erased(pages, db_->log, x.group, {}, change.compacted.index,
                  erased_per_commit + 2 * x.entries.size());
}

std::size_t lmdb_writer::erase_compacted(std::span<const group_id> groups,
                                         std::size_t count_max,
                                         bool in_any_case) const {
  lmdb_reader reader{*db_, *txn_};
  lmdb::page_estimate pages{*txn_};
  for (auto group : groups) {
    auto point = encode(group, reader.compaction(group));
    estimate_replaced(pages, db_->compaction, group_key_bytes, point.size());
    pages.place(db_->log);
    estimate_erased(pages, db_->log, group, {}, reader.compacted(group).index,
                    count_max);
  }
  db_->space().before_changes(pages.total(), true);
  std::size_t erased = 0;
  for (auto group : groups)
    if (auto point = reader.compaction(group); point.where.index) {
      erased += drop_compacted(group, point.where.index, count_max);
      if (in_any_case)
        txn_->put(db_->compaction, group_key(group), encode(group, point));
    }
  return erased;
}

bool lmdb_writer::write_nothing_new(std::span<const group_id> groups) const {
  lmdb_reader reader{*db_, *txn_};
  lmdb::page_estimate pages{*txn_};
  for (std::size_t i = 0; i < groups.size(); ++i)
    estimate_replaced(pages, db_->hard_state_table, group_key_bytes,
                      small_record_bytes);
  db_->space().before_changes(pages.total(), true);
  auto written = false;
  for (auto group : groups)
    if (reader.knows(group)) {
      txn_->put(db_->hard_state_table, group_key(group),
                encode(group, reader.summary(group).hard));
      written = true;
    }
  return written;
}

// -- changes ------------------------------------------------------------------

void lmdb_writer::write(const journal_mark& x) const {
  txn_->put(db_->meta, journal_key_name, encode({}, x));
}

void lmdb_writer::write(const group_write& x) const {
  auto group = x.group;
  const auto& change = x.change;
  lmdb_reader reader{*db_, *txn_};
  auto known = reader.knows(group);
  auto now = reader.summary(group);
  if (!known || now.hard != x.hard)
    txn_->put(db_->hard_state_table, group_key(group), encode(group, x.hard));
  if (x.members != nullptr)
    txn_->put(db_->members, group_key(group), encode(group, *x.members));
  if (change.truncate_from) {
    erase_from(db_->log, group, change.truncate_from);
    erase_from(db_->term_starts, group, change.truncate_from);
  }
  if (x.cluster)
    txn_->put(db_->meta, cluster_key(group), encode(group, x.cluster));
  if (x.installing != nullptr)
    txn_->put(db_->meta, install_key(group), encode(group, *x.installing));
  append(x);
  if (change.compacted.index > now.compacted.index)
    compact(x);
  if (change.compacted.index)
    drop_compacted(group, change.compacted.index,
                   erased_per_commit + 2 * x.entries.size());
}

void lmdb_writer::erase_from(MDB_dbi table, group_id group,
                             log_index first) const {
  lmdb::cursor place{*txn_, table};
  auto more = place.at_or_above(log_key(group, first));
  for (; more && group_of(place.key()) == group; more = place.next())
    place.erase();
}

void lmdb_writer::append(const group_write& x) const {
  const auto& entries = x.entries;
  if (entries.empty())
    return;
  auto at_end = [&] {
    lmdb::cursor place{*txn_, db_->log};
    return !place.last()
        || place.key() < log_key(x.group, entries.front().where.index);
  };
  // Without it LMDB leaves every page half empty.
  auto flags = at_end() ? unsigned{MDB_APPEND} : 0u;
  auto previous = x.change.base;
  for (const auto& e : entries) {
    auto key = log_key(x.group, e.where.index);
    txn_->put(db_->log, key, e.record, flags);
    // The first entry of a log begins a term, also where it goes on with that
    // of the compacted ones.
    if (e.where.term != previous.term
        || previous.index == x.change.compacted.index)
      txn_->put(db_->term_starts, key, encode(x.group, e.where));
    previous = e.where;
  }
}

/// Moves the beginning of the log. The entries before it stay, unseen, until
/// `drop_compacted` comes to them.
void lmdb_writer::compact(const group_write& x) const {
  auto group = x.group;
  const auto& change = x.change;
  auto first = change.compacted.index.next();
  log_position start;
  if (change.last.index > change.compacted.index)
    start = {first, lmdb_reader{*db_, *txn_}.term_start(group, first).term};
  {
    lmdb::cursor place{*txn_, db_->term_starts};
    auto more = place.at_or_above(log_key(group, {}));
    for (; more && group_of(place.key()) == group
           && index_of(place.key()) < first;
         more = place.next())
      place.erase();
  }
  if (start.index)
    txn_->put(db_->term_starts, log_key(group, first), encode(group, start));
  lmdb_reader reader{*db_, *txn_};
  compaction_point point{change.compacted, reader.compaction(group).time_ms};
  // The entry there may be another one, if the log was reset.
  point.time_ms = std::max(point.time_ms,
                           x.compacted_time_ms > 0
                             ? x.compacted_time_ms
                             : reader.time_at(group, change.compacted.index));
  txn_->put(db_->compaction, group_key(group), encode(group, point));
}

/// @returns how many it erased.
std::size_t lmdb_writer::drop_compacted(group_id group, log_index last,
                                        std::size_t count_max) const {
  lmdb::cursor place{*txn_, db_->log};
  auto more = place.at_or_above(log_key(group, {}));
  std::size_t result = 0;
  for (; result < count_max && more && group_of(place.key()) == group
         && index_of(place.key()) <= last;
       ++result, more = place.next())
    place.erase();
  return result;
}

} // namespace raft::persistence
