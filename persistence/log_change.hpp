// What all stores check before they write.

#pragma once

#include <raft/messages/persist.hpp>

#include <functional>
#include <span>
#include <vector>

namespace raft::persistence {

/// What a store holds of a group before a batch.
struct group_summary {
  hard_state hard;
  log_position compacted;
  /// Equal to `compacted` if the log holds no entry.
  log_position last;
};

/// How the log of a group changes. Carry it out in the order of the fields.
struct log_change {
  /// Forget the entries from here on; 0 for none.
  log_index truncate_from;
  /// What comes before the first of `batch.entries`.
  log_position base;
  /// Then the batch's entries are added, then everything up to here is gone.
  log_position compacted;
  /// Where the log ends afterwards.
  log_position last;
};

/// Finds out what to do for a batch, and whether it is sound.
/// @param term_at The term of an entry that the store holds.
/// @throws std::logic_error if the batch breaks a rule of `store::commit`.
log_change change_for(const group_summary& now, const persist& x,
                      const std::function<term_number(log_index)>& term_at);

/// The groups of batches, in their order.
std::vector<group_id> groups_of(std::span<const persist> batches);

/// @throws std::logic_error if a group appears twice.
void check_groups(std::span<const persist> batches);

} // namespace raft::persistence
