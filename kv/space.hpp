// What changes take of the disk, and how much is left beside them. All sums err
// towards too much.

#pragma once

#include <raft/kv/table.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/bytes.hpp>

#include <cstdint>

namespace raft::kv {

/// What a command, or a batch, takes until its effects are among the pairs.
space_needed estimate_space(const bytes& command);

/// What the file of a table has while nothing is written to it, in bytes.
struct file_space {
  /// Behind the pages in use: only this is surely one piece.
  std::uint64_t behind = 0;
  /// In pages that can be used again.
  std::uint64_t free = 0;
  /// What any transaction takes that changes a portion of the pairs: LMDB
  /// writes each page that changes to another place.
  std::uint64_t portion = 0;
  /// Of the table of sessions, which may all change in one transaction.
  std::uint64_t sessions = 0;
  std::uint64_t page = 4096;
};

/// How much more may be applied beside what waits.
space_left left_beside(const table_load& load, const file_space& file);

/// How much there should be behind the pages in use, in bytes.
struct space_wanted {
  /// With less than that, whoever applies waits for more.
  std::uint64_t least = 0;
  std::uint64_t good = 0;
};

space_wanted wanted_behind(const table_load& load, const file_space& file);

} // namespace raft::kv
