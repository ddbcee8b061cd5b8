// Reads the file of a snapshot, and believes nothing of it that was not
// checked.

#pragma once

#include <raft/lmdb/directory.hpp>
#include <raft/machine/session_record.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/snapshots/layout.hpp>
#include <raft/snapshots/snapshot_error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace raft::snapshots {

/// Gives the state that a file holds. Who has read it to the end knows that the
/// whole file is sound: before it says so, it is compared with its end.
///
/// All members throw `snapshot_error`.
class snapshot_reader final : public machine::state_source {
public:
  /// Reads the beginning and the end.
  explicit snapshot_reader(std::string path);

  const description& about() const noexcept {
    return about_;
  }

  const totals& counts() const noexcept {
    return totals_;
  }

  /// The records of all sessions. To be called first, and once.
  std::vector<machine::session_record> sessions();

  /// Gives the state.
  std::size_t read(char* to, std::size_t size) override;

private:
  void read_end();
  void read_header();
  /// @returns whether there is another chunk of this kind.
  bool next_chunk(chunk_kind kind);
  void compare_with_end();
  /// @pre The file has so many bytes left.
  void take(std::string& to, std::size_t size);
  [[noreturn]] void fail(fault code, const std::string& what) const;
  [[noreturn]] void fail_in_chunk(const std::string& what) const;

  std::string path_;
  lmdb::file_descriptor file_;
  std::uint64_t id_ = 0;
  description about_;
  totals totals_;
  running_checksum all_;
  /// Where the next byte comes from.
  std::uint64_t at_ = 0;
  std::uint64_t chunks_ = 0;
  /// Where the one begins that is or was read.
  std::uint64_t chunk_at_ = 0;
  std::uint64_t state_bytes_ = 0;
  std::string chunk_;
  /// What was not given yet of that chunk's data.
  std::string_view data_;
  bool at_end_ = false;
};

/// Reads and checks all of a file.
/// @throws snapshot_error
void verify(snapshot_reader& what);

/// The same, once the sessions were read, and perhaps some of the state.
void verify_rest(snapshot_reader& what);

} // namespace raft::snapshots
