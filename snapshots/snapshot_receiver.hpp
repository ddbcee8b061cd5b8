// Puts a snapshot's file together from the bytes that another peer sends.

#pragma once

#include <raft/lmdb/directory.hpp>
#include <raft/messages/snapshot.hpp>
#include <raft/snapshots/description.hpp>
#include <raft/snapshots/piece_checker.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace raft::snapshots {

/// What the log needs to know of a snapshot.
snapshot_head head_of(const description& about, const totals& counts);

/// Under which name a snapshot is kept in a directory: no other one has it.
std::string file_name_of(group_id group, const snapshot_head& head);

/// Gives the bytes of a finished file to those who send them.
///
/// Thread: any, one at a time.
class snapshot_bytes {
public:
  /// @throws snapshot_error
  explicit snapshot_bytes(std::string path);

  /// @returns so many bytes from there on, or as many as there are.
  /// @throws snapshot_error
  std::string read(std::uint64_t offset, std::size_t size) const;

private:
  std::string path_;
  lmdb::file_descriptor file_;
};

/// Writes the bytes of a snapshot as they come, in their order, beside the name
/// that the file will have. What was received stays there when this object
/// goes: another one, also in another process, goes on behind the last piece
/// that is complete.
///
/// Thread: one at a time.
///
/// All members throw `machine::no_space` if the disk is full, and
/// `snapshot_error`: `no_access` if it fails otherwise, `damaged` if what came
/// is not what was announced. Then what was received is removed, and it has to
/// be sent again from its beginning.
class snapshot_receiver {
public:
  /// Goes on with what is there.
  /// @param path The name, for this snapshot alone: see `file_name_of`.
  snapshot_receiver(std::string path, const snapshot_head& head);

  /// How many bytes have come, from the first one on.
  std::uint64_t received() const noexcept {
    return received_;
  }

  /// How many of them are on the disk.
  std::uint64_t stored() const noexcept {
    return stored_;
  }

  /// Takes bytes that follow those received.
  /// @pre `received() + data.size() <= head.size`.
  void write(std::string_view data);

  /// Sees to it that all that was received is on the disk.
  void sync();

  /// Compares the whole file with what was announced, and gives it its name.
  /// When this returns, it is there for good.
  /// @pre `received() == head.size`.
  void finish();

private:
  void go_on();
  [[noreturn]] void fail(const char* verb);
  [[noreturn]] void refuse(const std::string& why);

  std::string path_;
  std::string unfinished_;
  snapshot_head head_;
  lmdb::file_descriptor file_;
  piece_checker pieces_;
  std::uint64_t received_ = 0;
  std::uint64_t stored_ = 0;
};

} // namespace raft::snapshots
