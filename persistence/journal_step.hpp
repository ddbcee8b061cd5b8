// What a run of records of a journal comes to, for the tables.

#pragma once

#include <raft/persistence/journal_record.hpp>
#include <raft/persistence/log_tables.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace raft::persistence {

/// Collects records, in order, and leaves out what nobody wants any more: what
/// was compacted since, and what a later one of them truncates.
class journal_step {
public:
  /// @param compaction Up to where the log of a group is compacted by now.
  explicit journal_step(std::function<compaction_point(group_id)> compaction)
    : compaction_{std::move(compaction)} {
    // nop
  }

  /// @param body Of a record.
  /// @throws store_error `corrupt`.
  void add(std::string body);

  /// How long the records of all entries are that go to the tables, in bytes.
  std::size_t bytes() const noexcept {
    return bytes_;
  }

  std::vector<group_id> groups() const;

  /// What to write.
  /// @param tables As they are, in the transaction that is to write it.
  /// @throws store_error `corrupt`: the records do not follow what is there.
  std::vector<group_write> writes(const table_view& tables) const;

private:
  struct part {
    hard_state hard;
    std::optional<configurations> members;
    cluster_id cluster;
    std::optional<snapshot_head> installing;
    log_index truncate_from;
    compaction_point compacted;
    std::vector<encoded_entry> entries;
  };

  bool add(const journaled_batch& x, std::string_view body);

  std::function<compaction_point(group_id)> compaction_;
  std::list<std::string> bodies_; // what entries refer to
  std::map<group_id, part> parts_;
  std::size_t bytes_ = 0;
};

} // namespace raft::persistence
