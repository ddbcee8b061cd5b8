// Where durable state lives: the interface that all stores share.

#pragma once

#include <raft/lmdb/reserved_file.hpp>
#include <raft/lmdb/store_error.hpp>
#include <raft/messages/persist.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace raft::persistence {

using lmdb::reserved_space_options;
using lmdb::store_errc;
using lmdb::store_error;

/// Whose store it is. Written when the store is made, compared whenever it is
/// opened.
struct store_identity {
  std::string cluster;
  peer_id peer;
  /// Drawn at random when the store is made.
  incarnation_id incarnation;

  friend bool operator==(const store_identity&, const store_identity&)
    = default;
};

/// The durable state of all groups of one process.
///
/// Threads: `commit`, `remember` and `conclude` are called by one thread at a
/// time. The other members may be called by any thread, also beside those. No
/// call keeps a transaction open when it returns.
class store {
public:
  virtual ~store();

  virtual const store_identity& identity() const noexcept = 0;

  /// Makes all batches durable in one atomic step: after a crash either all of
  /// it is there or nothing. When it returns, everything is on the disk.
  ///
  /// Rules, within a group; a batch that breaks one is a `std::logic_error`,
  /// and nothing of any batch is written:
  ///  - The term never goes back, and a vote never changes within its term.
  ///  - Entries follow the last one kept (or the new compaction point, where
  ///    that lies beyond it) without a gap; their terms never decrease and are
  ///    not above the batch's own term.
  ///  - What is compacted is not truncated; the compaction point never goes
  ///    back, and where the log has an entry at it, the terms agree.
  ///  - A batch that installs a snapshot is one of `reset_to`, without entries.
  ///    Then the log may have another entry at the compaction point.
  ///  - A group appears once.
  /// Batches that hold no commands find room when those with commands are
  /// refused already; so commit the two kinds apart when there is no space.
  /// @throws store_error `no_space`: nothing was written, and a later commit
  ///         may succeed. `write_failed`: the store refuses further commits.
  ///         `corrupt`: nothing was written.
  virtual void commit(std::span<const persist> batches) = 0;

  /// What is remembered of other peers, and of this store itself: each store
  /// on the disk notes a new start when it is opened for writing.
  virtual store_memory memory() const = 0;

  /// Makes it durable, as `commit` does.
  /// @throws store_error as `commit`.
  virtual void remember(const raft::remember& what) = 0;

  /// Notes that this start of the store ends in order: nothing was promised
  /// that a copy made from now on would not know. Afterwards nothing more may
  /// be written.
  /// @throws store_error as `commit`.
  virtual void conclude() = 0;

  /// What is known of a group; a default value if nothing is.
  /// @throws store_error `corrupt`.
  virtual durable_state load(group_id group) const = 0;

  /// Reads entries from `first` to `last`, both inclusive, up to `bytes_max` in
  /// summed `cost` but at least one. Stops early where the log ends.
  /// @returns nothing if `first` is not in the log.
  /// @throws store_error `corrupt`.
  virtual std::vector<entry> read(group_id group, log_index first,
                                  log_index last,
                                  std::uint64_t bytes_max) const = 0;

  /// All groups that anything is known of, ascending.
  virtual std::vector<group_id> groups() const = 0;
};

/// A store in memory, for tests and for groups that need not survive. Lives as
/// long as the object; share it between a peer and its successor to simulate a
/// restart.
std::unique_ptr<store> make_memory_store(store_identity identity);

/// How to open a store on the disk.
struct lmdb_options {
  std::string directory;
  std::string cluster;
  peer_id peer;
  /// Address space to reserve, in bytes; not disk space. A store cannot grow
  /// beyond it. 0 for the default: 1 TiB, under a sanitizer 1 GiB.
  std::uint64_t map_bytes = 0;
  /// How much of the disk is taken ahead.
  reserved_space_options reserved_space = {};
  /// False opens what is there, also while another process writes it, and never
  /// makes or changes anything. Then an empty `cluster` with a `peer` of 0
  /// accepts a store of any identity.
  bool writable = true;
};

/// Opens or makes the store in a directory. The directory is locked until the
/// store is destroyed, unless it is opened for reading only.
/// @throws store_error any kind. `no_space`: a new store, or one with holes
///         from copying, could not be filled.
std::unique_ptr<store> open_lmdb_store(const lmdb_options& options);

} // namespace raft::persistence
