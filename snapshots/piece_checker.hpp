// Checks a snapshot's file while its bytes come in.

#pragma once

#include <raft/snapshots/layout.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace raft::snapshots {

/// Is given the bytes of a file in their order, in any portions, and compares
/// the checksum of each piece, the header or a chunk, once it is complete.
class piece_checker {
public:
  /// @returns whether all that is complete by now is sound. Once it is not,
  ///          nothing more may be added.
  bool add(std::string_view data);

  /// Forgets what came behind the last piece that is complete, also what is not
  /// sound of it.
  void forget_rest() noexcept {
    piece_.clear();
  }

  /// Where the last piece ends that is complete, in bytes.
  std::uint64_t sound_bytes() const noexcept {
    return sound_bytes_;
  }

  /// Whether that is the end of the file.
  bool at_end() const noexcept {
    return at_end_;
  }

private:
  /// How many bytes the piece has that `piece_` begins, as far as it says so.
  std::size_t size_of_piece() const;
  bool take_piece();

  std::string piece_;
  std::uint64_t sound_bytes_ = 0;
  std::uint64_t id_ = 0;
  std::uint64_t chunks_ = 0;
  bool at_end_ = false;
};

} // namespace raft::snapshots
