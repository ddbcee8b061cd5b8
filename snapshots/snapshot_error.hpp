// What can be wrong with the file of a snapshot.

#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace raft::snapshots {

/// Each kind wants another cure.
enum class fault : std::uint8_t {
  /// It cannot be opened, read or written.
  no_access,
  /// It is something else.
  no_snapshot,
  /// A later version of this library wrote it.
  newer_format,
  /// It does not end as one ends: it was cut short, or is being written.
  cut_short,
  /// Bytes of it have changed.
  damaged,
};

const char* to_text(fault x);

/// The message names the file and the place, and says what to do.
class snapshot_error : public std::runtime_error {
public:
  snapshot_error(fault code, const std::string& what)
    : std::runtime_error{what}, code_{code} {
    // nop
  }

  fault code() const noexcept {
    return code_;
  }

private:
  fault code_;
};

/// @throws snapshot_error `no_access`, with the reason that `errno` has.
[[noreturn]] void no_access(const char* verb, const std::string& path);

} // namespace raft::snapshots
