// What can go wrong with files that keep data.

#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace raft::lmdb {

/// What went wrong with a store. Each kind wants another cure.
enum class store_errc : std::uint8_t {
  /// The directory cannot be made, read or written.
  no_access,
  /// Another process, or another store of this one, has it open.
  in_use,
  /// It belongs to another cluster or another peer.
  foreign,
  /// A later version of this library wrote it.
  newer_format,
  /// A record fails its checksum or cannot be decoded. Nothing is cut off.
  corrupt,
  /// The disk is full. Nothing was written; what was durable still is.
  no_space,
  /// A write or sync failed. What is on the disk is not known: the process
  /// must end and recover from what it finds.
  write_failed,
};

const char* to_text(store_errc x);

/// The message says which file or record, and what to do.
class store_error : public std::runtime_error {
public:
  store_error(store_errc code, const std::string& what)
    : std::runtime_error{what}, code_{code} {
    // nop
  }

  store_errc code() const noexcept {
    return code_;
  }

private:
  store_errc code_;
};

/// What can be done about damaged data, at the end of a message.
inline constexpr const char* keep_off
  = ". Nothing was changed. Keep the directory, and do not start this peer "
    "with an empty one, which the others would refuse: they go on without it "
    "while they are a majority. 'raftd --rejoin' fetches from them what can be, "
    "and says what else to do";

} // namespace raft::lmdb
