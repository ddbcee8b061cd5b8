// Which clients wait for an entry to be applied.

#pragma once

#include <raft/messages/apply.hpp>
#include <raft/messages/client.hpp>
#include <raft/messages/entry.hpp>

#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace raft::machine {

/// Those who sent commands to a leader and want the reply. An entry is named by
/// index and term: after a change of leaders another entry may stand at the
/// same index.
///
/// `Ticket` identifies who waits; it can be moved.
template <class Ticket>
class waiting_list {
public:
  /// Somebody, and what he waits for.
  struct item {
    log_position where;
    Ticket ticket;
  };

  bool empty() const noexcept {
    return waiting_.empty();
  }

  /// @pre Nobody waits at `where.index`.
  void add(const log_position& where, Ticket ticket) {
    waiting_.emplace(where.index, item{where, std::move(ticket)});
  }

  /// Whether anybody waits for an entry from `first` to `last`, inclusive.
  bool any_between(log_index first, log_index last) const {
    auto i = waiting_.lower_bound(first);
    return i != waiting_.end() && i->first <= last;
  }

  /// Takes out who waits for the entry that was applied at `where`.
  /// @returns nothing if nobody does, or if it is another term's entry.
  std::optional<item> take(const log_position& where) {
    auto i = waiting_.find(where.index);
    if (i == waiting_.end() || i->second.where.term != where.term)
      return std::nullopt;
    std::optional<item> result{std::move(i->second)};
    waiting_.erase(i);
    return result;
  }

  /// Takes out who still waits at or below `applied`, after those whose entries
  /// were applied are gone: other entries came in the place of theirs.
  std::vector<item> take_replaced(log_index applied) {
    auto end = waiting_.upper_bound(applied);
    std::vector<item> result;
    for (auto i = waiting_.begin(); i != end; i = waiting_.erase(i))
      result.push_back(std::move(i->second));
    return result;
  }

  /// Takes out all who may wait in vain, now that this peer leads `term`, or 0
  /// for none: entries of other terms above `committed` may be replaced.
  std::vector<item> take_lost(term_number term, log_index committed) {
    std::vector<item> result;
    for (auto i = waiting_.upper_bound(committed); i != waiting_.end();) {
      if (i->second.where.term == term) {
        ++i;
        continue;
      }
      result.push_back(std::move(i->second));
      i = waiting_.erase(i);
    }
    return result;
  }

  /// Takes out everybody.
  std::vector<item> take_all() {
    std::vector<item> result;
    for (auto& [index, x] : waiting_)
      result.push_back(std::move(x));
    waiting_.clear();
    return result;
  }

private:
  std::map<log_index, item> waiting_;
};

/// The answer to somebody whose entry was applied.
executed answer_applied(const apply_result& result, const log_position& where,
                        peer_id leader);

/// The answer to somebody whose entry may or may not take effect.
executed answer_unknown(const log_position& where, peer_id leader);

/// The answer to somebody whose command was not appended.
executed answer_rejected(reject_reason reason, term_number term,
                         peer_id leader);

} // namespace raft::machine
