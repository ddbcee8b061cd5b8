// The store on the disk.

#include <raft/persistence/lmdb_reader.hpp>

#include <atomic>
#include <cerrno>
#include <type_traits>

namespace raft::persistence {

namespace {

/// How many compacted entries one commit erases at least. A large deletion
/// would make LMDB slow for long; what is left is invisible already.
constexpr std::size_t erased_per_commit = 256;

class lmdb_store : public store {
public:
  explicit lmdb_store(const lmdb_options& options)
    : directory_{options.directory}, writable_{options.writable}, db_{options} {
    // nop
  }

  const store_identity& identity() const noexcept override {
    return db_.identity();
  }

  void commit(std::span<const persist> batches) override;

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
      rethrow(e, directory_);
    }
  }

  [[noreturn]] void fail(const lmdb::error& e, bool committing);

  // Steps of `commit`, within its transaction.
  void write(transaction& txn, const persist& x);
  void erase_from(transaction& txn, MDB_dbi table, group_id group,
                  log_index first);
  void append(transaction& txn, const persist& x, const log_plan& plan);
  void compact(transaction& txn, group_id group, const log_plan& plan);
  void drop_compacted(transaction& txn, group_id group, log_index last,
                      std::size_t count_max);

  std::string directory_;
  bool writable_;
  lmdb_database db_;
  std::atomic<bool> failed_ = false;
};

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
    db_.forget_dead_readers();
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
  lmdb_reader reader{db_, txn};
  auto known = reader.knows(group);
  auto now = reader.summary(group);
  auto plan = make_plan(
    now, x, [&](log_index i) { return reader.term_start(group, i).term; });
  if (!known || now.hard != x.batch.hard)
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
  auto at_end = [&] {
    lmdb::cursor place{txn, db_.log};
    return !place.last()
        || place.key() < log_key(x.group, entries.front().index);
  };
  // Without it LMDB leaves every page half empty.
  auto flags = at_end() ? unsigned{MDB_APPEND} : 0u;
  auto previous = plan.base;
  for (auto& e : entries) {
    auto key = log_key(x.group, e.index);
    txn.put(db_.log, key, encode(x.group, e), flags);
    // The first entry of a log begins a term, also where it goes on with that
    // of the compacted ones.
    if (e.term != previous.term || previous.index == plan.compacted.index)
      txn.put(db_.term_starts, key,
              encode(x.group, log_position{e.index, e.term}));
    previous = {e.index, e.term};
  }
}

/// Moves the beginning of the log. The entries before it stay, unseen, until
/// `drop_compacted` comes to them.
void lmdb_store::compact(transaction& txn, group_id group,
                         const log_plan& plan) {
  auto first = plan.compacted.index.next();
  log_position start;
  if (plan.last.index > plan.compacted.index)
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
