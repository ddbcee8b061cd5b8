// The members along the log: which are in force, and which come back if entries
// go.

#pragma once

#include <raft/messages/membership.hpp>

#include <vector>

namespace raft::consensus {

/// A configuration is in force from when its entry is in the log, committed or
/// not (thesis, section 4.1): "a server always uses the latest configuration in
/// its log".
class membership_history {
public:
  explicit membership_history(configurations known);

  const membership& current() const noexcept {
    return known_.current();
  }

  /// As of an entry that is not before the compaction point.
  const membership& at(log_index index) const noexcept;

  const membership& founding() const noexcept {
    return known_.founding;
  }

  /// The voters of both sets, each once, ascending.
  const std::vector<peer_id>& voters() const noexcept {
    return voters_;
  }

  /// All members, each once, ascending.
  const std::vector<peer_id>& members() const noexcept {
    return members_;
  }

  /// @pre `x.index` is later than that of any other.
  void append(membership x);

  /// The entries from here on are gone.
  /// @returns whether others are in force now.
  bool truncate(log_index from);

  /// The log begins anew behind an entry at which these were in force.
  void reset(const membership& x);

  /// All that are known.
  const configurations& all() const noexcept {
    return known_;
  }

  /// Those that a log needs that is compacted up to one entry and ends with
  /// another.
  configurations between(log_index compacted, log_index last) const;

  /// The log is compacted up to here.
  void compact(log_index index);

private:
  void find_members();

  configurations known_;
  std::vector<peer_id> voters_;
  std::vector<peer_id> members_;
};

} // namespace raft::consensus
