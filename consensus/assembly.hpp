// Puts an entry together that comes in pieces.

#pragma once

#include <raft/messages/entry.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace raft::consensus {

/// Holds the beginning of one entry, whose pieces come in the order of its
/// data. Index and term name an entry forever, so it does not matter who sends
/// which piece, how often, or over which connection.
///
/// Memory: the bytes received, of one entry.
class assembly {
public:
  /// Takes a piece. One that leaves a gap, or that is here already, changes
  /// nothing. The first piece of another entry makes an end of this one.
  /// @param piece The entry, with a part of its data.
  /// @param offset Where that part begins.
  /// @param size How much data the entry has.
  /// @pre The part is not empty and ends at `size` or before.
  /// @returns the entry when it is whole, and then forgets it.
  std::optional<entry> take(const entry& piece, std::uint64_t offset,
                            std::uint64_t size);

  /// Forgets what is here.
  void drop() noexcept;

  /// Which entry it is; 0@0 if none.
  log_position where() const noexcept;

  /// How many bytes of its data are here, from the first one on.
  std::uint64_t received() const noexcept;

private:
  entry head_; // without its data
  std::string data_;
  std::uint64_t size_ = 0; // 0 if there is no entry
};

} // namespace raft::consensus
