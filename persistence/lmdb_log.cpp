#include <raft/persistence/lmdb_log.hpp>

#include <stdexcept>

namespace raft::persistence {

namespace {

/// How many compacted entries go at once when there is no room for a commit.
constexpr std::size_t erased_for_room = 1024;

} // namespace

lmdb_log::lmdb_log(const lmdb_options& options, bool journal)
  : options_{options},
    db_{options, journal ? journal_format : store_format},
    memory_{db_, options.directory, options.writable} {
  // nop
}

std::uint64_t lmdb_log::page_bytes() const {
  auto txn = db_.begin_read();
  MDB_stat stat{};
  lmdb::check(mdb_stat(txn.handle(), db_.meta, &stat), "mdb_stat");
  return stat.ms_psize;
}

void lmdb_log::carry_out(const std::function<void(transaction&)>& what) {
  if (!options_.writable)
    throw std::logic_error{"the store was opened for reading only"};
  if (failed_)
    throw store_error{store_errc::write_failed,
                      "an earlier write to '" + options_.directory
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

/// Decides what an error while writing means.
void lmdb_log::fail(const lmdb::error& e, bool committing) {
  auto why = std::string{e.what()} + " ('" + options_.directory + "'): ";
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

void lmdb_log::change(
  const std::function<void(const lmdb_writer&, const lmdb_reader&)>& what) {
  carry_out([&](transaction& txn) {
    what(lmdb_writer{db_, txn}, lmdb_reader{db_, txn});
  });
}

void lmdb_log::write(const planner& plan, const journal_mark& mark,
                     bool may_use_reserve) {
  change([&](const lmdb_writer& to, const lmdb_reader& from) {
    auto writes = plan(from);
    to.reserve(writes, may_use_reserve, true);
    for (const auto& x : writes)
      to.write(x);
    to.write(mark);
  });
}

void lmdb_log::write(const journal_mark& mark) {
  carry_out([&](transaction& txn) {
    lmdb_writer writer{db_, txn};
    writer.reserve({}, true, true);
    writer.write(mark);
    db_.raise_format(txn, journal_format);
  });
}

bool lmdb_log::make_room(std::span<const group_id> groups) {
  for (auto count = erased_for_room; count > 0; count /= 4)
    try {
      if (!erase_compacted(groups, count, false))
        return release_freed_pages(groups);
      // The pages can be used by the next transaction but one.
      erase_compacted(groups, 1, true);
      return true;
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space)
        throw;
    }
  return false;
}

bool lmdb_log::erase_compacted(std::span<const group_id> groups,
                               std::size_t count_max, bool in_any_case) {
  std::size_t erased = 0;
  change([&](const lmdb_writer& x, const auto&) {
    erased = x.erase_compacted(groups, count_max, in_any_case);
  });
  return erased > 0;
}

/// Makes a commit that changes nothing, if the last one freed pages: they can
/// be used by the next transaction but one.
/// @returns whether there is more to use now.
bool lmdb_log::release_freed_pages(std::span<const group_id> groups) {
  // Such a commit frees some itself.
  constexpr std::uint64_t few_pages = 16;
  if (db_.space().pages_freed_last() <= few_pages)
    return false;
  auto written = false;
  change([&](const lmdb_writer& x, const auto&) {
    written = x.write_nothing_new(groups);
  });
  return written;
}

void lmdb_log::remember(const raft::remember& what) {
  carry_out([&](transaction& txn) {
    lmdb::page_estimate pages{txn};
    memory_.estimate(pages, what.whom.size());
    db_.space().before_changes(pages.total(), true);
    memory_.write(txn, what);
  });
  memory_.wrote(what);
}

void lmdb_log::conclude(const journal_mark* mark) {
  carry_out([&](transaction& txn) {
    lmdb::page_estimate pages{txn};
    memory_.estimate(pages, mark != nullptr ? 1 : 0);
    db_.space().before_changes(pages.total(), true);
    memory_.write_end(txn);
    if (mark != nullptr)
      lmdb_writer{db_, txn}.write(*mark);
  });
}

} // namespace raft::persistence
