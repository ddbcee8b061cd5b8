// What a store on the disk remembers of itself and of other peers.
//
//   meta   "starts"         start_chain: the starts of this store
//   meta   "mark"           file_mark: the file of the last start
//   meta   "peer", peer     acquaintance
//   meta   "cluster", group cluster_id, once it is committed
//   meta   "install", group snapshot_head: what is being installed
//   meta   "journal"        journal_mark, if a journal stands before the tables
//
// Peer and group are 8 bytes each, big-endian.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/messages/persist.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/persistence/starts.hpp>

#include <mutex>
#include <string>
#include <vector>

namespace raft::persistence {

/// The key of a journal's mark in `meta`.
inline constexpr const char* journal_key_name = "journal";

/// The key of a group's cluster id in `meta`.
std::string cluster_key(group_id group);

/// The key, in `meta`, of the snapshot that a group installs.
std::string install_key(group_id group);

/// Reads and writes these records. `known` may be called by any thread.
class lmdb_memory {
public:
  /// Loads all, and checks what every group begins with if the store is opened
  /// for writing.
  /// @throws store_error any kind.
  lmdb_memory(lmdb_database& db, std::string directory, bool writable);

  /// Notes a new start. Comes before anything else is written.
  /// @throws store_error any kind.
  void begin_start();

  store_memory known() const;

  /// Writes what is to be remembered, within a transaction.
  void write(lmdb::transaction& txn, const remember& what);

  /// That transaction is committed.
  void wrote(const remember& what);

  /// Writes that this start ends in order.
  void write_end(lmdb::transaction& txn);

  /// Adds what `write` or `write_end` take.
  void estimate(lmdb::page_estimate& pages, std::size_t peers) const;

private:
  void load(bool all);

  lmdb_database* db_;
  std::string directory_;
  mutable std::mutex mutex_; // guards the members below
  start_chain chain_;
  std::vector<acquaintance> others_;
  bool restored_ = false;
};

} // namespace raft::persistence
