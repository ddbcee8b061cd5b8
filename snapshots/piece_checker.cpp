#include <raft/lmdb/big_endian.hpp>
#include <raft/snapshots/piece_checker.hpp>

namespace raft::snapshots {

bool piece_checker::add(std::string_view data) {
  while (!data.empty()) {
    if (at_end_)
      return false; // Nothing follows the end.
    auto size = size_of_piece();
    auto part = data.substr(0, size - piece_.size());
    piece_ += part;
    data.remove_prefix(part.size());
    // The size may be known only now.
    if (piece_.size() == size && size == size_of_piece() && !take_piece())
      return false;
  }
  return true;
}

std::size_t piece_checker::size_of_piece() const {
  // One that is too long is as wrong at its first bytes as at its last.
  auto whole = [](std::size_t head, std::uint64_t size, std::size_t size_max) {
    return head + (size <= size_max ? size : 0) + checksum_bytes;
  };
  std::string_view piece{piece_};
  if (sound_bytes_ == 0) {
    if (piece.size() < header_head_bytes)
      return header_head_bytes;
    return whole(header_head_bytes,
                 lmdb::from_big_endian<std::uint32_t>(piece.substr(12)),
                 description_bytes_max);
  }
  if (piece.size() < chunk_head_bytes)
    return chunk_head_bytes;
  return whole(chunk_head_bytes, decode_chunk_head(piece).size,
               chunk_data_bytes_max);
}

bool piece_checker::take_piece() {
  if (sound_bytes_ == 0) {
    if (!piece_.starts_with(magic) || !is_sound(piece_, 0))
      return false;
    id_ = lmdb::from_big_endian<std::uint64_t>(
      std::string_view{piece_}.substr(16));
  } else {
    auto head = decode_chunk_head(piece_);
    if (head.number != chunks_ + 1 || !is_sound(piece_, id_))
      return false;
    ++chunks_;
    at_end_ = head.kind == chunk_kind::end;
  }
  sound_bytes_ += piece_.size();
  piece_.clear();
  return true;
}

} // namespace raft::snapshots
