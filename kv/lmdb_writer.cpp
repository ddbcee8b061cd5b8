#include <raft/kv/command.hpp>
#include <raft/kv/lmdb_writer.hpp>
#include <raft/kv/sealed_record.hpp>
#include <raft/lmdb/big_endian.hpp>

#include <algorithm>
#include <cassert>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace raft::kv {

using lmdb::page_estimate;

namespace {

std::string session_key(session_id id) {
  std::string result;
  lmdb::append_big_endian(result, id.value);
  return result;
}

void erase_record(lmdb::transaction& txn, MDB_dbi table,
                  const std::string& key) {
  lmdb::cursor place{txn, table};
  if (place.at_or_above(key) && place.key() == key)
    place.erase();
}

/// Adds what it takes to put a record at a place, or to erase it.
void estimate_change(page_estimate& pages, const lmdb::transaction& txn,
                     MDB_dbi table, const std::string& key,
                     std::optional<std::size_t> bytes) {
  pages.place(table);
  if (auto old = txn.get(table, key))
    pages.erase(table, key.size(), old->size());
  if (bytes)
    pages.put(table, key.size(), *bytes + seal_bytes);
}

void estimate_pairs(page_estimate& pages, const lmdb::transaction& txn,
                    MDB_dbi table, slice x) {
  for (auto i = x.begin; i != x.end; ++i)
    estimate_change(pages, txn, table, pair_key(i->key),
                    i->value ? std::optional{i->value->size()} : std::nullopt);
}

void estimate_state(page_estimate& pages, const lmdb::transaction& txn,
                    const lmdb_files& files, const table::update& x) {
  for (const auto& session : x.sessions)
    estimate_change(pages, txn, files.sessions, session_key(session.id),
                    session.data.size());
  estimate_change(pages, txn, files.state, state_key, state_bytes_max);
}

} // namespace

void lmdb_writer::check_sound() const {
  if (failed_)
    throw persistence::store_error{persistence::store_errc::write_failed,
                                   "an earlier write has failed; restart"};
}

bool lmdb_writer::fits(const overlay& changes) const {
  return next_slice(changes.begin(), changes.end(), 1).end == changes.end();
}

void lmdb_writer::write_at_once(const table::update& x) {
  transact([&](lmdb::transaction& txn) {
    slice all{x.changes->begin(), x.changes->end()};
    page_estimate pages{txn};
    estimate_pairs(pages, txn, files_->pairs, all);
    estimate_state(pages, txn, *files_, x);
    reserve_space(pages);
    put_pairs(txn, all);
    put_sessions(txn, x.sessions);
    put_state(txn, {x.applied, files_->count_pairs(txn), 0});
  });
}

std::chrono::nanoseconds lmdb_writer::stage(const table::update& x) {
  auto table = files_->staged;
  auto begin = [&](lmdb::transaction& txn) {
    page_estimate pages{txn};
    if (table)
      pages.empty(*table); // The rest of a write that came to no end, if any.
    reserve_space(pages);
    if (table)
      txn.empty_table(*table);
    else
      table = txn.open_table(staged_table_name, MDB_CREATE);
  };
  auto portions = transact_and_rest(begin, x.rest);
  files_->staged = table;
  auto i = x.changes->begin();
  std::uint64_t records = 0;
  // How many there will be more than there are; fewer wrap around.
  std::uint64_t keys_added = 0;
  auto put_some = [&](lmdb::transaction& txn, std::size_t portions_max) {
    // A record holds a portion, or one larger pair.
    std::vector<std::string> packed;
    std::size_t bytes = 0;
    auto next = i;
    while (packed.size() < portions_max
           && bytes < portions_max * portions_.bytes_max
           && next != x.changes->end()) {
      packed.push_back(pack(next, x.changes->end()));
      bytes += packed.back().size();
    }
    put_staged(txn, packed, records);
    for (; i != next; ++i) {
      keys_added += i->value.has_value();
      keys_added
        -= i->was_there ? *i->was_there : files_->has_pair(txn, i->key);
    }
  };
  while (i != x.changes->end())
    portions = transact_and_rest(put_some, portions, x.rest);
  auto make_it_count = [&](lmdb::transaction& txn) {
    page_estimate pages{txn};
    estimate_state(pages, txn, *files_, x);
    reserve_space(pages);
    put_sessions(txn, x.sessions);
    put_state(txn, {x.applied, files_->count_pairs(txn) + keys_added, records});
  };
  return transact(make_it_count);
}

void lmdb_writer::settle(const overlay& staged, const table::rest_handler& rest,
                         std::size_t portions) {
  auto i = staged.begin();
  auto put_some = [&](lmdb::transaction& txn, std::size_t portions_max) {
    auto now = next_slice(i, staged.end(), portions_max);
    page_estimate pages{txn};
    estimate_pairs(pages, txn, files_->pairs, now);
    reserve_space(pages);
    put_pairs(txn, now);
    i = now.end;
  };
  while (i != staged.end())
    portions = transact_and_rest(put_some, portions, rest);
  transact([this](lmdb::transaction& txn) {
    page_estimate pages{txn};
    pages.empty(*files_->staged);
    estimate_change(pages, txn, files_->state, state_key, state_bytes_max);
    reserve_space(pages);
    auto state = files_->read_state(txn);
    check_count(txn, state.keys);
    txn.empty_table(*files_->staged);
    state.staged = 0;
    put_state(txn, state);
  });
}

void lmdb_writer::tidy() {
  transact([this](lmdb::transaction& txn) {
    page_estimate pages{txn};
    if (files_->staged)
      pages.empty(*files_->staged);
    estimate_change(pages, txn, files_->state, state_key, state_bytes_max);
    reserve_space(pages);
    if (files_->staged)
      txn.empty_table(*files_->staged);
    put_state(txn, files_->read_state(txn));
  });
}

void lmdb_writer::append(
  const std::vector<std::pair<std::string, std::string>>& pairs) {
  transact([&](lmdb::transaction& txn) {
    page_estimate pages{txn};
    pages.place(files_->pairs);
    for (const auto& [key, value] : pairs)
      pages.put(files_->pairs, key.size() + 1, value.size() + seal_bytes);
    reserve_space(pages);
    for (const auto& [key, value] : pairs)
      txn.put(files_->pairs, pair_key(key),
              seal(files_->group(), pair_key(key), value), MDB_APPEND);
  });
}

void lmdb_writer::complete(
  log_index applied, const std::vector<machine::session_record>& sessions) {
  transact([&](lmdb::transaction& txn) {
    page_estimate pages{txn};
    for (const auto& session : sessions)
      estimate_change(pages, txn, files_->sessions, session_key(session.id),
                      session.data.size());
    estimate_change(pages, txn, files_->state, state_key, state_bytes_max);
    reserve_space(pages);
    put_sessions(txn, sessions);
    put_state(txn, {applied, files_->count_pairs(txn), 0});
  });
}

file_space lmdb_writer::measure(std::uint64_t& used) const {
  auto spare = files_->space().spare();
  used = spare.used;
  auto txn = files_->begin_read();
  MDB_stat pairs{};
  lmdb::check(mdb_stat(txn.handle(), files_->pairs, &pairs), "mdb_stat");
  MDB_stat sessions{};
  lmdb::check(mdb_stat(txn.handle(), files_->sessions, &sessions), "mdb_stat");
  // Values that give way may be long, which makes the list of free pages long.
  auto old_bytes = std::min<std::uint64_t>(
    value_bytes_max,
    std::uint64_t{pairs.ms_overflow_pages} * pairs.ms_psize / portions_.keys_max
      + 1);
  page_estimate pages{txn};
  for (std::size_t i = 0; i < portions_.keys_max; ++i) {
    pages.place(files_->pairs);
    pages.erase(files_->pairs, key_bytes_max + 1, old_bytes);
    pages.put(files_->pairs, key_bytes_max + 1, 0);
  }
  estimate_change(pages, txn, files_->state, state_key, state_bytes_max);
  return {0, spare.free, pages.total().total() * pairs.ms_psize,
          (sessions.ms_branch_pages + sessions.ms_leaf_pages)
            * std::uint64_t{sessions.ms_psize},
          pairs.ms_psize};
}

/// Makes some changes durable in one step.
/// @returns how long that took.
template <class Change>
std::chrono::nanoseconds lmdb_writer::transact(Change change) {
  auto began = std::chrono::steady_clock::now();
  check_sound();
  auto committing = false;
  try {
    auto txn = files_->begin_write();
    change(txn);
    committing = true;
    txn.commit();
    files_->space().after_commit();
  } catch (const lmdb::error& e) {
    fail(e, committing);
  } catch (const persistence::store_error& e) {
    // Pages may be gone that LMDB counts on: it must not even read them.
    if (e.code() == persistence::store_errc::write_failed)
      failed_ = true;
    throw;
  }
  return std::chrono::steady_clock::now() - began;
}

/// Does that and lets others have the disk, according to how long it took.
template <class Change>
std::size_t lmdb_writer::transact_and_rest(Change change,
                                           const table::rest_handler& rest) {
  auto portions = rest(transact(change));
  assert(portions > 0);
  return portions;
}

/// Does it with one portion if there is no room for more at once.
template <class Change>
std::size_t lmdb_writer::transact_and_rest(Change change, std::size_t portions,
                                           const table::rest_handler& rest) {
  auto with = [&change](std::size_t count) {
    return [&change, count](lmdb::transaction& txn) { change(txn, count); };
  };
  if (portions > 1)
    try {
      return transact_and_rest(with(portions), rest);
    } catch (const machine::no_space&) {
      // Fewer pages may be there.
    }
  return transact_and_rest(with(1), rest);
}

slice lmdb_writer::next_slice(overlay::iterator from, overlay::iterator end,
                              std::size_t portions) const {
  auto keys_left = portions * portions_.keys_max;
  auto bytes_left = portions * portions_.bytes_max;
  slice result{from, from};
  for (auto& i = result.end; i != end; ++i, --keys_left) {
    auto bytes = i->key.size() + (i->value ? i->value->size() : 0);
    if (i != from && (keys_left == 0 || bytes > bytes_left))
      break;
    bytes_left -= std::min(bytes, bytes_left);
  }
  return result;
}

std::string lmdb_writer::pack(overlay::iterator& from,
                              overlay::iterator end) const {
  // LMDB puts a header before a long record; with it and the seal, a full one
  // takes whole pages.
  constexpr std::size_t header_bytes = 16;
  assert(portions_.bytes_max > seal_bytes + header_bytes);
  std::string result;
  for (; from != end; ++from) {
    auto change = encode_change(from->key, from->value);
    if (!result.empty()
        && result.size() + change.size() + seal_bytes + header_bytes
             > portions_.bytes_max)
      break;
    result += change;
  }
  return result;
}

void lmdb_writer::put_pairs(lmdb::transaction& txn, slice x) {
  for (auto i = x.begin; i != x.end; ++i) {
    auto key = pair_key(i->key);
    if (i->value)
      txn.put(files_->pairs, key, seal(files_->group(), key, *i->value));
    else
      erase_record(txn, files_->pairs, key);
  }
}

void lmdb_writer::put_staged(lmdb::transaction& txn,
                             const std::vector<std::string>& packed,
                             std::uint64_t& records) {
  page_estimate pages{txn};
  pages.place(*files_->staged);
  for (const auto& record : packed)
    pages.put(*files_->staged, sizeof(records), record.size() + seal_bytes);
  reserve_space(pages);
  auto count = records;
  for (const auto& record : packed) {
    std::string key;
    lmdb::append_big_endian(key, ++count);
    txn.put(*files_->staged, key, seal(files_->group(), key, record),
            MDB_APPEND);
  }
  records = count;
}

void lmdb_writer::put_sessions(
  lmdb::transaction& txn, const std::vector<machine::session_record>& all) {
  for (const auto& session : all) {
    auto key = session_key(session.id);
    if (session.data.empty())
      erase_record(txn, files_->sessions, key);
    else
      txn.put(files_->sessions, key,
              seal(files_->group(), key, session.data.view()));
  }
}

void lmdb_writer::put_state(lmdb::transaction& txn, const state_record& x) {
  txn.put(files_->state, state_key, files_->sealed_state(x));
}

void lmdb_writer::check_count(const lmdb::transaction& txn,
                              std::uint64_t keys) const {
  // A difference would be a bug of ours; better none of it than all of it.
  if (auto found = files_->count_pairs(txn); found != keys)
    throw std::logic_error{"the engine's table should hold "
                           + std::to_string(keys) + " pairs, it holds "
                           + std::to_string(found)};
}

/// Sees to it that the commit will not meet a full disk.
void lmdb_writer::reserve_space(const page_estimate& pages) {
  try {
    files_->space().before_changes(pages.total(), false);
  } catch (const persistence::store_error& e) {
    if (e.code() == persistence::store_errc::no_space)
      throw machine::no_space{e.what()};
    throw;
  }
}

void lmdb_writer::fail(const lmdb::error& e, bool committing) {
  if (!committing && (e.code() == MDB_MAP_FULL || lmdb::means_full(e.code())))
    throw machine::no_space{std::string{"checkpointing the key-value data: "}
                            + e.what()};
  failed_ = true;
  throw persistence::store_error{
    persistence::store_errc::write_failed,
    std::string{"checkpointing the key-value data failed: "} + e.what() + " ('"
      + files_->directory()
      + "'): what is on the disk is not known; end the process, check the "
        "disk, start again"};
}

} // namespace raft::kv
