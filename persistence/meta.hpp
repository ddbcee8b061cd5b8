// What the table `meta` of a data directory says: in which format its tables
// are, and whose they are.

#pragma once

#include <raft/lmdb/database.hpp>
#include <raft/persistence/record.hpp>

#include <cstdint>

namespace raft::persistence {

struct meta_records {
  std::uint32_t format = 0;
  store_identity identity;
};

/// Makes the table, with both records.
void make_meta(lmdb::transaction& txn, const meta_records& x);

/// Writes the record of the format.
void put_format(lmdb::transaction& txn, MDB_dbi meta, std::uint32_t format);

/// @param known The latest format that the program knows.
/// @throws store_error `corrupt`, `newer_format`.
meta_records read_meta(const lmdb::database& from, const lmdb::transaction& txn,
                       std::uint32_t known);

} // namespace raft::persistence
