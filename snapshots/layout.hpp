// The bytes of a snapshot's file: a header, chunks, a last chunk that counts
// them. All numbers are big-endian.
//
//   header   "raft snp", version (4), length of the description (4), id (8),
//            description, checksum (8) of all that
//   chunk    kind (1), number (8) from 1, length (4), data, checksum (8) of all
//            that with the file's id as seed
//
// A chunk of another file, or one in another place, is found out. So chunks can
// be sent one by one, and one goes on where another one ended.

#pragma once

#include <raft/snapshots/description.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace raft::snapshots {

/// In 1, a description had lists of voters and learners, and no more of
/// members.
inline constexpr std::uint32_t format_version = 2;

inline constexpr std::string_view magic = "raft snp";

enum class chunk_kind : std::uint8_t {
  /// Records of sessions, one after the other, cut anywhere: id (8), length
  /// (4), record.
  sessions = 1,
  /// What the machine wrote, cut anywhere.
  state = 2,
  /// `totals` without the length of the file.
  end = 3,
};

/// How much data a chunk has that is not the last one of its kind, as written.
inline constexpr std::size_t chunk_data_bytes = 64 << 10;

/// How much it may have, as read.
inline constexpr std::size_t chunk_data_bytes_max = 1 << 20;

/// Before and behind a chunk's data.
inline constexpr std::size_t chunk_head_bytes = 13;
inline constexpr std::size_t checksum_bytes = 8;

inline constexpr std::size_t end_data_bytes = 32;
inline constexpr std::size_t end_bytes
  = chunk_head_bytes + end_data_bytes + checksum_bytes;

/// Of a header before the description.
inline constexpr std::size_t header_head_bytes = 24;

struct chunk_head {
  chunk_kind kind = chunk_kind::end;
  std::uint64_t number = 0;
  std::uint32_t size = 0;
};

std::string encode_header(std::uint64_t id, const description& x);

/// @param out Gets the chunk at its end.
void append_chunk(std::string& out, std::uint64_t id, chunk_kind kind,
                  std::uint64_t number, std::string_view data);

/// @pre `x.size() >= chunk_head_bytes`.
chunk_head decode_chunk_head(std::string_view x);

/// Whether the last 8 bytes are the checksum of those before.
/// @pre `x.size() >= checksum_bytes`.
bool is_sound(std::string_view x, std::uint64_t seed);

/// The data of the last chunk.
std::string encode(const totals& x);

/// @pre `data.size() == end_data_bytes`.
totals decode_totals(std::string_view data, std::uint64_t file_bytes);

/// The checksum of much, piece by piece.
class running_checksum {
public:
  running_checksum();
  ~running_checksum();

  void add(std::string_view x);

  /// Of all that was added so far.
  std::uint64_t value() const;

private:
  struct free_state {
    void operator()(XXH3_state_s* x) const;
  };

  std::unique_ptr<XXH3_state_s, free_state> state_;
};

} // namespace raft::snapshots
