#include <raft/persistence/lmdb_database.hpp>
#include <raft/persistence/meta.hpp>

#include <sys/random.h>

namespace raft::persistence {

namespace {

constexpr const char* table_names[]{"hard_state", "members", "compaction",
                                    "log", "term_starts"};

} // namespace

std::uint64_t draw_number() {
  std::uint64_t result = 0;
  while (result == 0)
    if (getrandom(&result, sizeof result, 0)
        != static_cast<ssize_t>(sizeof result))
      throw store_error{store_errc::no_access,
                        "the system gives no random numbers (getrandom)"};
  return result;
}

std::string record_name(const char* table, group_id group) {
  return std::string{table} + ' ' + to_text(group);
}

std::string record_name(const char* table, group_id group, log_index index) {
  return record_name(table, group) + '/' + to_text(index);
}

lmdb_database::lmdb_database(const lmdb_options& options, std::uint32_t known)
  : database{{options.directory, options.map_bytes, options.writable},
             [&options](lmdb::transaction& txn) { fill(txn, options); }} {
  const lmdb::table tables[]{{table_names[0], &hard_state_table},
                             {table_names[1], &members},
                             {table_names[2], &compaction},
                             {table_names[3], &log},
                             {table_names[4], &term_starts}};
  open_tables(
    tables, [&](const auto& txn) { check_meta(txn, options, known); },
    [](const auto&) {}, options.reserved_space);
}

/// Makes what is in a new one.
void lmdb_database::fill(lmdb::transaction& txn, const lmdb_options& options) {
  make_meta(txn,
            {store_format, {options.cluster, options.peer, {draw_number()}}});
  for (const auto* name : table_names)
    txn.open_table(name, MDB_CREATE);
}

void lmdb_database::raise_format(lmdb::transaction& txn,
                                 std::uint32_t format) const {
  if (format_ < format)
    put_format(txn, meta, format);
}

void lmdb_database::check_meta(const lmdb::transaction& txn,
                               const lmdb_options& options,
                               std::uint32_t known) {
  auto found = read_meta(*this, txn, journal_format);
  if (found.format > known)
    throw store_error{store_errc::newer_format,
                      "'" + directory()
                        + "' has a journal, without which its tables are not "
                          "all there is: open it as a store with a journal"};
  format_ = found.format;
  identity_ = found.identity;
  auto anybody = !options.writable && options.cluster.empty() && !options.peer;
  if (anybody
      || (identity_.cluster == options.cluster
          && identity_.peer == options.peer))
    return;
  throw store_error{store_errc::foreign,
                    "'" + directory() + "' belongs to peer "
                      + to_text(identity_.peer) + " of cluster '"
                      + identity_.cluster + "', not to peer "
                      + to_text(options.peer) + " of cluster '"
                      + options.cluster + "'; check directory and identity"};
}

} // namespace raft::persistence
