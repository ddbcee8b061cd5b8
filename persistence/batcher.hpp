// What the persister collects between two commits.

#pragma once

#include <raft/messages/persist.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace raft::persistence {

/// Collects batches of many groups until they are written together.
///
/// A commit must not hold a group twice. A peer never has two batches under
/// way, but its successor could be quick: the second one waits for the next
/// commit.
///
/// `Ticket` is whatever tells who waits for the answer; it can be moved.
template <class Ticket>
class batcher {
public:
  /// Batches of different groups; `tickets[i]` waits for `batches[i]`.
  struct commit {
    std::vector<persist> batches;
    std::vector<Ticket> tickets;
  };

  bool empty() const noexcept {
    return waiting_.batches.empty();
  }

  std::size_t size() const noexcept {
    return waiting_.batches.size();
  }

  void add(persist batch, Ticket ticket) {
    waiting_.batches.push_back(std::move(batch));
    waiting_.tickets.push_back(std::move(ticket));
  }

  /// Takes the first batch of every group, in the order of arrival.
  commit take() {
    auto all = std::exchange(waiting_, commit{});
    commit result;
    for (std::size_t i = 0; i < all.batches.size(); ++i) {
      auto& to = holds(result, all.batches[i].group) ? waiting_ : result;
      to.batches.push_back(std::move(all.batches[i]));
      to.tickets.push_back(std::move(all.tickets[i]));
    }
    return result;
  }

private:
  static bool holds(const commit& x, group_id group) {
    return std::any_of(x.batches.begin(), x.batches.end(),
                       [group](const auto& y) { return y.group == group; });
  }

  commit waiting_;
};

} // namespace raft::persistence
