#include <raft/lmdb/reserved_space.hpp>
#include <raft/lmdb/store_error.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <optional>

namespace raft::lmdb {

namespace {

// What LMDB adds to pages and records, in bytes, and how it fills pages.
constexpr std::uint64_t page_header = 16;
constexpr std::uint64_t record_header = 8 + 2;
constexpr std::uint64_t page_number = 8;

/// LMDB's own table of free pages.
constexpr MDB_dbi free_table = 0;

/// Changes the root pages and the table of tables, whatever else is done.
constexpr std::uint64_t pages_for_roots = 8;

MDB_stat stat_of(const transaction& txn, MDB_dbi table) {
  MDB_stat result{};
  check(mdb_stat(txn.handle(), table, &result), "mdb_stat");
  return result;
}

/// LMDB keeps at least two records in a page; what is longer gets pages of its
/// own.
std::uint64_t own_pages(std::uint64_t page_bytes, std::size_t key_bytes,
                        std::size_t data_bytes) {
  auto inside_max = (page_bytes - page_header) / 2 - 2;
  if (record_header + key_bytes + data_bytes <= inside_max)
    return 0;
  return (page_header + data_bytes + page_bytes - 1) / page_bytes;
}

std::uint64_t leaf_bytes(std::uint64_t own, std::size_t key_bytes,
                         std::size_t data_bytes) {
  return record_header + key_bytes + (own > 0 ? page_number : data_bytes) + 1;
}

/// The pages that hold records of so many bytes: between two splits or merges,
/// a page is a quarter full at least.
std::uint64_t leaves(std::uint64_t page_bytes, std::uint64_t count,
                     std::uint64_t bytes) {
  return std::min(count, 8 * bytes / page_bytes + 1);
}

std::uint64_t environment_page_bytes(const environment& env) {
  MDB_stat stat{};
  check(mdb_env_stat(env.handle(), &stat), "mdb_env_stat");
  return stat.ms_psize;
}

MDB_envinfo info_of(const environment& env) {
  MDB_envinfo info{};
  check(mdb_env_info(env.handle(), &info), "mdb_env_info");
  return info;
}

/// The oldest state that a reader still sees; free pages from before it can be
/// used. There is no other way to learn it than LMDB's list for people.
std::uint64_t oldest_reader(const environment& env, std::uint64_t newest) {
  auto result = newest;
  auto take_line = [](const char* line, void* context) {
    auto& oldest = *static_cast<std::uint64_t*>(context);
    int process = 0;
    unsigned long long thread = 0;
    unsigned long long state = 0;
    // The title, and readers that read nothing, have no third number.
    if (std::sscanf(line, "%d %llx %llu", &process, &thread, &state) == 3)
      oldest = std::min<std::uint64_t>(oldest, state);
    return 0;
  };
  if (mdb_reader_list(env.handle(), take_line, &result) < 0)
    return 0;
  return result;
}

/// A record of the table of free pages: those that one transaction freed.
struct freed_pages {
  std::uint64_t by = 0;
  std::uint64_t count = 0;
  std::string_view descending; // their numbers
};

std::optional<freed_pages> freed_at(const cursor& place) {
  std::size_t by = 0;
  std::size_t count = 0;
  auto data = place.data();
  if (place.key().size() != sizeof by || data.size() < sizeof count)
    return std::nullopt;
  place.key().copy(reinterpret_cast<char*>(&by), sizeof by);
  data.copy(reinterpret_cast<char*>(&count), sizeof count);
  return freed_pages{by, count, data.substr(sizeof count, count * page_number)};
}

/// In how many places so many of them follow each other.
std::uint64_t places_for(std::uint64_t pages, const freed_pages& x) {
  std::uint64_t result = 0;
  std::uint64_t run = 0;
  std::size_t before = 0;
  for (auto rest = x.descending; rest.size() >= page_number;
       rest.remove_prefix(page_number)) {
    std::size_t page = 0;
    rest.copy(reinterpret_cast<char*>(&page), sizeof page);
    run = run > 0 && page + 1 == before ? run + 1 : 1;
    before = page;
    if (run < pages)
      continue;
    ++result;
    run = 0;
  }
  return result;
}

/// In how many places there must be neighbours for the longest value, so that
/// LMDB finds some for each. It takes the lowest page, or the lowest that are
/// neighbours. So single pages spoil one place after the other, and begin with
/// another one at most when a value made LMDB look at more; each value spoils
/// two places at most.
std::uint64_t places_needed(const page_need& x) {
  return x.longest > 0 ? x.single / x.longest + 3 * x.values + 2 : 0;
}

} // namespace

// -- the estimate -------------------------------------------------------------

page_estimate::changes& page_estimate::of(MDB_dbi table) {
  auto [at, is_new] = tables_.try_emplace(table);
  if (is_new)
    at->second.before = stat_of(*txn_, table);
  return at->second;
}

void page_estimate::place(MDB_dbi table) {
  ++of(table).places;
}

void page_estimate::put(MDB_dbi table, std::size_t key_bytes,
                        std::size_t data_bytes) {
  auto& x = of(table);
  auto own = own_pages(x.before.ms_psize, key_bytes, data_bytes);
  if (own > 0)
    joined_.add_value(own);
  ++x.put_count;
  x.put_bytes += leaf_bytes(own, key_bytes, data_bytes);
}

void page_estimate::erase(MDB_dbi table, std::size_t key_bytes,
                          std::size_t data_bytes) {
  auto& x = of(table);
  auto own = own_pages(x.before.ms_psize, key_bytes, data_bytes);
  freed_ += own;
  ++x.erased_count;
  x.erased_bytes += leaf_bytes(own, key_bytes, data_bytes);
}

void page_estimate::empty(MDB_dbi table) {
  auto had = stat_of(*txn_, table);
  freed_ += had.ms_branch_pages + had.ms_leaf_pages + had.ms_overflow_pages;
}

page_need page_estimate::total() const {
  auto free = stat_of(*txn_, free_table);
  std::uint64_t page = free.ms_psize;
  auto result = joined_;
  result.single = pages_for_roots;
  auto freed = freed_ + pages_for_roots;
  for (auto& [table, x] : tables_) {
    auto& had = x.before;
    // Pages that are there and change: on the way to each place, where records
    // are erased, and a neighbour at either end that takes in what is left.
    auto erased = leaves(page, x.erased_count, x.erased_bytes);
    auto touched = std::min<std::uint64_t>(
      2 * x.places * (had.ms_depth + 1) + erased + erased / 16,
      had.ms_branch_pages + had.ms_leaf_pages);
    // New ones, from pages that were split.
    auto split = leaves(page, x.put_count, x.put_bytes)
               + std::min(x.places, x.put_count);
    auto grown = split + split / 16 + had.ms_depth + 2;
    result.single += touched + grown;
    freed += touched + grown;
  }
  // The numbers of freed pages are a record, and those of free pages that were
  // fetched are written back, some of them twice.
  std::uint64_t listed
    = free.ms_branch_pages + free.ms_leaf_pages + free.ms_overflow_pages;
  result.single += 2 * free.ms_depth + 4 + 2 * listed;
  auto numbers = freed + listed + 2 * free.ms_depth + 4;
  auto lists = (numbers + 2) * page_number / (page - page_header) + 1;
  for (auto i = 0; i < 2; ++i)
    lists > 1 ? result.add_value(lists) : void(++result.single);
  return result;
}

// -- the promise --------------------------------------------------------------

void future_need::add(std::size_t key_bytes, std::size_t data_bytes) {
  auto own = own_pages(page_bytes_, key_bytes, data_bytes);
  auto leaf = leaf_bytes(own, key_bytes, data_bytes);
  ++count_;
  leaf_bytes_ += leaf;
  longest_leaf_ = std::max(longest_leaf_, leaf);
  if (own > 0)
    joined_.add_value(own);
}

void future_need::remove(std::size_t key_bytes, std::size_t data_bytes) {
  auto own = own_pages(page_bytes_, key_bytes, data_bytes);
  leaf_bytes_ -= leaf_bytes(own, key_bytes, data_bytes);
  if (own > 0) {
    joined_.joined -= own;
    --joined_.values;
  }
  // Until then, the longest one may still be there.
  if (--count_ > 0)
    return;
  joined_ = {};
  longest_leaf_ = 0;
}

page_need future_need::total(bool ascending) const {
  auto result = joined_;
  // What is left of a page is too short for the next record, or it was split in
  // two halves; and one page in many is above the others.
  auto page = page_bytes_ - page_header;
  auto leaves = leaf_bytes_ / (ascending ? page - longest_leaf_ : page / 2);
  if (count_ > 0)
    result.single = leaves + leaves / 16 + pages_for_roots;
  return result;
}

// -- the room -----------------------------------------------------------------

reserved_space::reserved_space(const environment& env, std::string directory,
                               reserved_space_options options)
  : env_{&env},
    directory_{std::move(directory)},
    options_{options},
    page_bytes_{environment_page_bytes(env)},
    map_bytes_{info_of(env).me_mapsize},
    file_{directory_ + "/data.mdb", page_bytes_} {
  // nop
}

void reserved_space::before_changes(const page_need& need,
                                    bool may_use_reserve) {
  find(need, may_use_reserve);
  keep_ahead(end_of_pages() + options_.reserve);
}

void reserved_space::assure(const page_need& need) {
  find(need, false);
  keep_ahead(end_of_pages() + need.total() * page_bytes_ + options_.reserve);
}

void reserved_space::keep_ahead(std::uint64_t end) {
  auto wanted = std::min(end + options_.ahead, map_bytes_);
  if (file_.filled() + options_.ahead / 2 < wanted)
    file_.keep(wanted);
}

void reserved_space::find(const page_need& need, bool may_use_reserve) {
  file_.check();
  check_end();
  auto used = end_of_pages();
  auto kept = may_use_reserve ? 0 : options_.reserve;
  auto end = used + need.total() * page_bytes_ + kept;
  try {
    if (end > file_.filled())
      file_.take(std::min(end, map_bytes_));
  } catch (const store_error& e) {
    if (e.code() != store_errc::no_space)
      throw;
  }
  if (end > std::min(file_.filled(), map_bytes_)) {
    // It can do with less if there are free pages among the used ones.
    // Half of the reserve may lie there, too; votes hardly use them up.
    auto free = free_pages(need, true);
    auto wanted = need.total() + kept / 2 / page_bytes_;
    auto lacking = wanted > free.count ? wanted - free.count : 0;
    auto joined = free.places < places_needed(need) ? need.joined : 0;
    end = used + (joined + lacking) * page_bytes_ + kept / 2;
    if (end > map_bytes_)
      refuse(end - map_bytes_, true);
    if (end > file_.filled())
      refuse(end - file_.filled(), false);
  }
}

/// Where the pages end that LMDB has used so far, in bytes.
std::uint64_t reserved_space::end_of_pages() const {
  return (std::uint64_t{info_of(*env_).me_last_pgno} + 1) * page_bytes_;
}

void reserved_space::check_end() const {
  auto used = end_of_pages();
  auto filled = file_.filled();
  if (used <= filled)
    return;
  throw store_error{
    store_errc::write_failed,
    "'" + directory_ + "/data.mdb' uses " + std::to_string(used)
      + " bytes, of which only " + std::to_string(filled)
      + " were made sure of: a commit took more pages than it was estimated to "
        "need. Nothing more is written to it; start again, which reads what is "
        "there, and report this"};
}

spare_space reserved_space::spare() const {
  return {end_of_pages(), free_pages({}, false).count * page_bytes_};
}

/// What a transaction that begins now can use again.
/// @param beside_readers Whether those who read now still do then.
reserved_space::free_space
reserved_space::free_pages(const page_need& need, bool beside_readers) const {
  // Looking for neighbours, LMDB reads 60 records for each of them at least,
  // the oldest first.
  auto records_read = 60 * need.shortest;
  // Only one that reads may look into the table of free pages.
  transaction txn{*env_, MDB_RDONLY};
  std::uint64_t oldest = mdb_txn_id(txn.handle());
  if (beside_readers)
    oldest = oldest_reader(*env_, oldest);
  free_space result;
  cursor place{txn, free_table};
  auto more = place.first();
  for (std::uint64_t n = 0; more; more = place.next(), ++n) {
    auto x = freed_at(place);
    if (!x || x->by >= oldest)
      break;
    result.count += x->count;
    if (n < records_read)
      result.places += places_for(need.longest, *x);
  }
  return result;
}

std::uint64_t reserved_space::pages_freed_last() const {
  transaction txn{*env_, MDB_RDONLY};
  cursor place{txn, free_table};
  auto x = place.last() ? freed_at(place) : std::nullopt;
  return x && x->by == mdb_txn_id(txn.handle()) ? x->count : 0;
}

void reserved_space::refuse(std::uint64_t missing, bool map_is_full) const {
  auto what = map_is_full ? "the map of '" : "the disk has no room for '";
  throw store_error{
    store_errc::no_space,
    what + directory_ + (map_is_full ? "' is full" : "'")
      + ": a commit lacks up to " + std::to_string(missing)
      + " bytes. Nothing was written, nothing is lost; "
      + (map_is_full ? "set a larger map and start again"
                     : "make room on the disk, and it goes on by itself")};
}

} // namespace raft::lmdb
