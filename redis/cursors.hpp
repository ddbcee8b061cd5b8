// Numbers for places in the key space, because SCAN wants numbers.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace raft::redis {

/// Remembers where scans stand. A cursor names the last key that its client was
/// told. It stays known while its client goes on with it and for one step more,
/// so that the last step of a scan can be repeated; scans that were left alone
/// are forgotten, the oldest first, when there are too many.
class cursor_table {
public:
  /// @param first The first cursor; different for each start of the server, so
  ///        that cursors of an earlier one are not taken for new ones.
  explicit cursor_table(std::uint64_t first, std::size_t cursors_max = 4096,
                        std::size_t bytes_max = 16 << 20);

  /// Makes a cursor for a scan that stands at `key`.
  /// @param previous The cursor that this scan came with, or 0.
  std::uint64_t remember(std::string key, std::uint64_t previous);

  /// The key of a cursor, or null if it is not known (any more). Whoever comes
  /// with it has got it, so the cursor before it is forgotten.
  const std::string* find(std::uint64_t cursor);

private:
  struct place {
    std::string key;
    std::uint64_t previous;
  };

  void forget(std::map<std::uint64_t, place>::iterator i);

  std::uint64_t next_;
  std::size_t cursors_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<std::uint64_t, place> places_;
};

} // namespace raft::redis
