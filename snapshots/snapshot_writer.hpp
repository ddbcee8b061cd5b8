// Writes the file of a snapshot.

#pragma once

#include <raft/lmdb/directory.hpp>
#include <raft/machine/session_record.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/snapshots/file_access.hpp>
#include <raft/snapshots/layout.hpp>
#include <raft/snapshots/rate_limit.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace raft::snapshots {

struct write_options {
  /// At what rate; null for no limit. Also ends it, from any thread.
  std::shared_ptr<rate_limit> rate = {};
  /// After so many bytes they are synced. A sync of all at the end would hold
  /// up those who sync a log on the same disk.
  std::uint64_t sync_bytes = 2 << 20;
};

/// Writes beside its name first: what is there under the name is finished, and
/// a file that was there before stays until then.
///
/// Thread: one at a time.
///
/// All members throw `machine::no_space` if the disk is full, `snapshot_error`
/// `no_access` if it fails otherwise, and `machine::given_up`. Nothing can be
/// written after that.
class snapshot_writer final : public machine::state_sink {
public:
  /// @param path The name. There must be no other writer of it.
  snapshot_writer(std::string path, const description& about,
                  const write_options& options = {});
  snapshot_writer(const snapshot_writer&) = delete;
  snapshot_writer& operator=(const snapshot_writer&) = delete;

  /// Removes what was written, unless it was finished.
  ~snapshot_writer() override;

  /// Writes the records of all sessions, before anything of the state.
  void write_sessions(const std::vector<machine::session_record>& all);

  /// Writes what comes next of the state.
  void write(std::string_view data) override;

  /// Writes the end, syncs, and gives the file its name. When this returns, it
  /// is there for good.
  totals finish();

private:
  void add(chunk_kind kind, std::string_view data);
  void end_chunk();
  void put(std::string_view data);
  void sync();

  std::string path_;
  std::string unfinished_;
  write_options options_;
  lmdb::file_descriptor file_;
  std::uint64_t id_;
  running_checksum all_;
  totals totals_;
  chunk_kind kind_ = chunk_kind::sessions;
  /// Data of the chunk that is not full yet.
  std::string waiting_;
  std::uint64_t unsynced_ = 0;
  bool finished_ = false;
};

/// Removes files that were never finished, after a crash.
/// @param directory Holds snapshots of this process alone; it need not exist.
/// @param keep Names of files, without the directory, that are yet to be
///        finished: see `snapshot_receiver`.
/// @returns how many were removed.
std::size_t remove_unfinished(const std::string& directory,
                              const std::vector<std::string>& keep = {});

} // namespace raft::snapshots
