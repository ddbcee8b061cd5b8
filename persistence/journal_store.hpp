// The store on the disk with a journal.

#pragma once

#include <raft/persistence/store.hpp>

#include <cstdint>
#include <memory>

namespace raft::persistence {

/// How much of the disk a journal takes.
struct journal_options {
  /// How many files, from 2 to 64. Those that are too many go at a start, once
  /// they hold nothing any more.
  std::uint64_t segments = 4;
  /// How long each of them may become, in bytes: from 4 KiB to 1 GiB. A file
  /// that is longer already stays so.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;

  friend bool operator==(const journal_options&, const journal_options&)
    = default;
};

/// Says what is wrong with them, or returns null.
const char* complaint_about(const journal_options& x);

/// Opens or makes a store with a journal before its tables: each commit is one
/// write and one sync. A thread of the store moves what is still wanted into
/// the tables before a segment of the journal is used again.
///
/// A directory of `open_lmdb_store` gets a journal. From then on, no program
/// opens it that knows of none.
/// @throws store_error as `open_lmdb_store`; `corrupt` also if records of the
///         journal are damaged or missing. `std::invalid_argument` if there is
///         a complaint about the options.
std::unique_ptr<store> open_journal_store(const lmdb_options& options,
                                          const journal_options& journal = {});

} // namespace raft::persistence
