// The store on the disk.

#include <raft/persistence/lmdb_database.hpp>
#include <raft/persistence/plan.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>

namespace raft::persistence {

namespace {

constexpr log_index no_index{std::numeric_limits<std::uint64_t>::max()};

/// How many compacted entries one commit erases at least. A large deletion
/// would make LMDB slow for long; what is left is invisible already.
constexpr std::size_t erased_per_commit = 256;

class lmdb_store : public store {
public:
  explicit lmdb_store(const lmdb_options& options)
    : directory_{options.directory}, db_{options} {
    writable_ = options.writable;
  }

  const store_identity& identity() const noexcept override {
    return db_.identity();
  }

  void commit(std::span<const persist> batches) override;
  durable_state load(group_id group) const override;
  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override;
  std::vector<group_id> groups() const override;

private:
  using transaction = lmdb::transaction;

  // -- reading, within a transaction ------------------------------------------

  log_position compacted(const transaction& txn, group_id group) const;
  log_position last_of(const transaction& txn, group_id group,
                       const log_position& compacted) const;
  log_position term_start_of(const transaction& txn, group_id group,
                             log_index index) const;
  entry entry_at(lmdb::cursor& place, group_id group) const;
  void check_log(const transaction& txn, group_id group,
                 durable_state& state) const;

  // -- writing, within a transaction ------------------------------------------

  [[noreturn]] void fail(const lmdb::error& e, bool committing);
  void write(transaction& txn, const persist& x);
  void erase_from(transaction& txn, MDB_dbi table, group_id group,
                  log_index first);
  void append(transaction& txn, const persist& x, const log_plan& plan);
  void compact(transaction& txn, group_id group, const log_plan& plan);
  void drop_compacted(transaction& txn, group_id group, log_index last,
                      std::size_t count_max);

  std::string directory_;
  lmdb_database db_;
  bool writable_ = false;
  std::atomic<bool> failed_ = false;
};

// -- reading ------------------------------------------------------------------

log_position lmdb_store::compacted(const transaction& txn,
                                   group_id group) const {
  auto data = txn.get(db_.compaction, group_key(group));
  if (!data)
    return {};
  return db_.decoded<log_position>(group, *data,
                                   record_name("compaction", group));
}

log_position lmdb_store::last_of(const transaction& txn, group_id group,
                                 const log_position& compacted) const {
  lmdb::cursor place{txn, db_.log};
  if (!place.at_or_below(log_key(group, no_index))
      || group_of(place.key()) != group
      || index_of(place.key()) <= compacted.index)
    return compacted;
  auto index = index_of(place.key());
  return {index, term_start_of(txn, group, index).term};
}

/// Finds the beginning of the term that an entry belongs to.
log_position lmdb_store::term_start_of(const transaction& txn, group_id group,
                                       log_index index) const {
  lmdb::cursor place{txn, db_.term_starts};
  auto name = record_name("term_starts", group, index);
  if (!place.at_or_below(log_key(group, index))
      || group_of(place.key()) != group)
    db_.corrupt(name, "missing");
  auto result = db_.decoded<log_position>(group, place.data(), name);
  if (result.index != index_of(place.key()))
    db_.corrupt(name, "belongs to another index");
  return result;
}

entry lmdb_store::entry_at(lmdb::cursor& place, group_id group) const {
  auto index = index_of(place.key());
  auto name = record_name("log", group, index);
  auto result = db_.decoded<entry>(group, place.data(), name);
  if (result.index != index)
    db_.corrupt(name, "belongs to another index");
  return result;
}

durable_state lmdb_store::load(group_id group) const {
  try {
    auto txn = db_.begin_read();
    durable_state result;
    auto hard = txn.get(db_.hard_state_table, group_key(group));
    if (hard)
      result.hard = db_.decoded<hard_state>(group, *hard,
                                            record_name("hard_state", group));
    auto members = txn.get(db_.members, group_key(group));
    if (members)
      result.members = db_.decoded<membership>(group, *members,
                                               record_name("members", group));
    result.compacted = compacted(txn, group);
    check_log(txn, group, result);
    return result;
  } catch (const lmdb::error& e) {
    rethrow(e, directory_);
  }
}

/// Loads where the log begins and ends and where its terms begin, and checks
/// that this agrees with the entries.
void lmdb_store::check_log(const transaction& txn, group_id group,
                           durable_state& state) const {
  state.last = last_of(txn, group, state.compacted);
  lmdb::cursor starts{txn, db_.term_starts};
  lmdb::cursor entries{txn, db_.log};
  auto expected = state.compacted.index.next();
  auto more = starts.at_or_above(log_key(group, {}));
  for (; more && group_of(starts.key()) == group; more = starts.next()) {
    auto index = index_of(starts.key());
    auto name = record_name("term_starts", group, index);
    auto start = db_.decoded<log_position>(group, starts.data(), name);
    auto& known = state.term_starts;
    if (start.index != index)
      db_.corrupt(name, "belongs to another index");
    if (known.empty() ? index != expected : start.term <= known.back().term)
      db_.corrupt(name, "does not fit the one before it");
    if (index > state.last.index)
      db_.corrupt(name, "lies beyond the end of the log");
    if (!entries.at_or_above(log_key(group, index))
        || entries.key() != starts.key())
      db_.corrupt(record_name("log", group, index), "missing");
    if (entry_at(entries, group).term != start.term)
      db_.corrupt(name, "has another term than the entry");
    known.push_back(start);
  }
  if (state.last.index == state.compacted.index)
    return;
  entries.at_or_below(log_key(group, state.last.index));
  auto last = entry_at(entries, group);
  if (last.term != state.last.term)
    db_.corrupt(record_name("log", group, last.index),
                "has another term than its place in term_starts");
  if (last.term > state.hard.term)
    db_.corrupt(record_name("hard_state", group),
                "its term is below that of the last entry");
  state.last_time_ms = last.time_ms;
}

std::vector<entry> lmdb_store::read(group_id group, log_index first,
                                    log_index last,
                                    std::uint64_t bytes_max) const {
  try {
    auto txn = db_.begin_read();
    std::vector<entry> result;
    if (first <= compacted(txn, group).index)
      return result;
    lmdb::cursor place{txn, db_.log};
    auto more = place.at_or_above(log_key(group, first));
    std::uint64_t bytes = 0;
    for (auto expected = first;
         more && expected <= last && group_of(place.key()) == group;
         more = place.next(), ++expected) {
      if (index_of(place.key()) != expected)
        db_.corrupt(record_name("log", group, expected), "missing");
      auto x = entry_at(place, group);
      bytes += cost(x);
      if (!result.empty() && bytes > bytes_max)
        break;
      result.push_back(std::move(x));
    }
    return result;
  } catch (const lmdb::error& e) {
    rethrow(e, directory_);
  }
}

std::vector<group_id> lmdb_store::groups() const {
  try {
    auto txn = db_.begin_read();
    std::vector<group_id> result;
    lmdb::cursor place{txn, db_.hard_state_table};
    // Every batch writes a hard state.
    for (auto more = place.first(); more; more = place.next())
      result.push_back(group_of(place.key()));
    return result;
  } catch (const lmdb::error& e) {
    rethrow(e, directory_);
  }
}

// -- writing ------------------------------------------------------------------

void lmdb_store::commit(std::span<const persist> batches) {
  if (!writable_)
    throw std::logic_error{"the store was opened for reading only"};
  if (failed_)
    throw store_error{store_errc::write_failed,
                      "an earlier write to '" + directory_
                        + "' failed; end the process, check the disk, start "
                          "again"};
  check_groups(batches);
  auto committing = false;
  try {
    auto txn = db_.begin_write();
    for (auto& x : batches)
      write(txn, x);
    committing = true;
    txn.commit();
  } catch (const lmdb::error& e) {
    fail(e, committing);
  }
}

/// Decides what an error while writing means.
void lmdb_store::fail(const lmdb::error& e, bool committing) {
  auto why = std::string{e.what()} + " ('" + directory_ + "'): ";
  // LMDB finds the map full before it writes anything.
  if (e.code() == MDB_MAP_FULL)
    throw store_error{store_errc::no_space,
                      why + "nothing was written; set a larger map"};
  // Until the commit, only pages that nothing refers to can have been written.
  auto full = e.code() == ENOSPC || e.code() == EDQUOT || e.code() == EFBIG;
  if (full && !committing)
    throw store_error{store_errc::no_space,
                      why + "nothing was written; make room on the disk"};
  failed_ = true;
  throw store_error{store_errc::write_failed,
                    why
                      + "what is on the disk is not known; end the process, "
                        "check the disk and its free space, start again"};
}

void lmdb_store::write(transaction& txn, const persist& x) {
  auto group = x.group;
  group_summary now;
  auto hard = txn.get(db_.hard_state_table, group_key(group));
  if (hard)
    now.hard
      = db_.decoded<hard_state>(group, *hard, record_name("hard_state", group));
  now.compacted = compacted(txn, group);
  now.last = last_of(txn, group, now.compacted);
  auto plan = make_plan(
    now, x, [&](log_index i) { return term_start_of(txn, group, i).term; });
  if (!hard || now.hard != x.batch.hard)
    txn.put(db_.hard_state_table, group_key(group),
            encode(group, x.batch.hard));
  if (x.batch.members_changed)
    txn.put(db_.members, group_key(group), encode(group, x.batch.members));
  if (plan.truncate_from) {
    erase_from(txn, db_.log, group, plan.truncate_from);
    erase_from(txn, db_.term_starts, group, plan.truncate_from);
  }
  append(txn, x, plan);
  if (plan.compacted.index > now.compacted.index)
    compact(txn, group, plan);
  if (plan.compacted.index)
    drop_compacted(txn, group, plan.compacted.index,
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
                        const log_plan& plan) {
  auto& entries = x.batch.entries;
  if (entries.empty())
    return;
  auto at_end = [&](MDB_dbi table) {
    lmdb::cursor place{txn, table};
    return !place.last()
        || place.key() < log_key(x.group, entries.front().index);
  };
  // Without it LMDB leaves every page half empty.
  auto flags = at_end(db_.log) ? unsigned{MDB_APPEND} : 0u;
  auto before = plan.base;
  for (auto& e : entries) {
    auto key = log_key(x.group, e.index);
    txn.put(db_.log, key, encode(x.group, e), flags);
    if (e.term != before.term || before.index == plan.compacted.index)
      txn.put(db_.term_starts, key,
              encode(x.group, log_position{e.index, e.term}));
    before = {e.index, e.term};
  }
}

/// Moves the beginning of the log. The entries before it stay, unseen, until
/// `drop_compacted` comes to them.
void lmdb_store::compact(transaction& txn, group_id group,
                         const log_plan& plan) {
  auto first = plan.compacted.index.next();
  log_position start;
  if (plan.last.index > plan.compacted.index)
    start = {first, term_start_of(txn, group, first).term};
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
  txn.put(db_.compaction, group_key(group), encode(group, plan.compacted));
}

void lmdb_store::drop_compacted(transaction& txn, group_id group,
                                log_index last, std::size_t count_max) {
  lmdb::cursor place{txn, db_.log};
  auto more = place.at_or_above(log_key(group, {}));
  for (std::size_t n = 0;
       n < count_max && more && group_of(place.key()) == group
       && index_of(place.key()) <= last;
       ++n, more = place.next())
    place.erase();
}

} // namespace

std::unique_ptr<store> open_lmdb_store(const lmdb_options& options) {
  return std::make_unique<lmdb_store>(options);
}

} // namespace raft::persistence
