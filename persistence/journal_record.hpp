// The bytes of a journal. See docs/format.md.
//
// A record holds the batches of all groups that one commit makes durable. It
// begins at a multiple of 512 bytes, so that no sector of the disk holds parts
// of two: what was acknowledged is never written again.

#pragma once

#include <raft/persistence/record.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

/// Where records may begin, in bytes.
inline constexpr std::uint64_t journal_block = 512;

/// What a record begins with, in bytes: magic (8), version (4), length of the
/// body (4), number of the record (8), incarnation of the store (8), checksum
/// of the body (8), checksum of the header and of its place (8).
inline constexpr std::size_t journal_header_bytes = 48;

/// The longest body that a record can have.
inline constexpr std::uint64_t journal_body_max = std::uint64_t{1} << 31;

/// By what a journal tells its own records from all other bytes.
struct journal_key {
  std::uint64_t secret = 0;
  incarnation_id incarnation;
};

/// Where a record begins. It counts at no other place.
struct journal_spot {
  /// Number of the file, from 0.
  std::uint32_t segment = 0;
  /// In bytes from the beginning of the file.
  std::uint64_t offset = 0;

  friend bool operator==(const journal_spot&, const journal_spot&) = default;
};

struct journal_header {
  /// Number of the record, from 1, without gaps.
  std::uint64_t sequence = 0;
  std::uint32_t body_bytes = 0;
  std::uint64_t body_checksum = 0;
};

/// How many bytes of a segment a record takes.
constexpr std::uint64_t journal_length(std::uint64_t body_bytes) noexcept {
  return (journal_header_bytes + body_bytes + journal_block - 1) / journal_block
       * journal_block;
}

/// Room for the header, behind which the body is to be added.
std::string begin_journal_record();

/// Fills in the header, and pads the record with zeros.
/// @pre The body is not longer than `journal_body_max`.
void seal_journal_record(std::string& record, const journal_key& key,
                         journal_spot spot, std::uint64_t sequence);

/// The header of a record; nothing if there is none of this journal.
/// @param data At least `journal_header_bytes`.
std::optional<journal_header> read_journal_header(std::string_view data,
                                                  const journal_key& key,
                                                  journal_spot spot);

/// Whether the body is the one that was written.
bool is_sound(const journal_header& header, std::string_view body,
              const journal_key& key);

/// An entry, and where its record is within the body.
struct journaled_entry {
  entry_head head;
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

/// A batch within a body.
struct journaled_batch {
  batch_head head;
  configurations members;
  snapshot_head install;
  std::vector<journaled_entry> entries;
};

/// Adds a batch to a body.
/// @param record From `begin_journal_record`.
/// @param compacted_time_ms The time of the last entry that it drops.
/// @returns what `decode` makes of it.
/// @throws std::length_error if an entry is too long for a record.
journaled_batch append_batch(std::string& record, const persist& x,
                             std::uint64_t compacted_time_ms);

/// Takes a body apart.
record_fault decode(std::string_view body, std::vector<journaled_batch>& x);

} // namespace raft::persistence
