// Decides which committed entries go to which subscriber, and when.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/ids.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

namespace raft::actors {

/// The subscriptions of one peer. It asks for entries by orders and is given
/// them, from memory or from the disk; it sees to it that each subscription
/// gets its entries in order, once, and within its credit.
///
/// Credit is what a subscriber allows to be on its way, in the `cost` of
/// entries. An entry goes out as long as any credit is left, even if it is
/// larger: the balance then is negative until the subscriber gives more.
class feed {
public:
  /// Names a subscription; never used twice.
  using ticket = std::uint64_t;

  feed() = default;

  /// @param credit_max No balance is ever above it, whatever is granted; the
  ///        rest is lost. So it bounds what is on its way.
  explicit feed(std::uint64_t credit_max);

  /// Asks for entries from `first` to `last`, inclusive, up to `bytes_max` but
  /// at least one.
  struct order {
    ticket who = 0;
    log_index first;
    log_index last;
    std::uint64_t bytes_max = 0;

    friend bool operator==(const order&, const order&) = default;
  };

  /// Begins a subscription.
  /// @pre `from >= 1`.
  ticket open(log_index from, std::uint64_t credit);

  /// Ends one; unknown ones are ignored, here and below.
  void close(ticket who);

  /// Lets more go out.
  void grant(ticket who, std::uint64_t bytes);

  bool empty() const noexcept {
    return open_.empty();
  }

  /// What can be fetched, now that entries up to `end` may be delivered. A
  /// subscription gets no other order until this one is filled.
  /// @param bytes_max Bounds what one order asks for.
  std::vector<order> orders(log_index end, std::uint64_t bytes_max);

  /// Fills an order: the entries from `what.first` on, at least one.
  /// @returns whether to deliver them; not if the subscription has ended.
  bool filled(const order& what, const std::vector<entry>& entries);

private:
  struct subscription {
    /// First entry not delivered yet.
    log_index next;
    /// What may still go out; negative after an entry larger than the credit.
    std::int64_t credit = 0;
    bool ordered = false;
  };

  /// Adds without passing the bound: credit comes from outside.
  std::int64_t add_up(std::int64_t balance, std::uint64_t bytes) const;

  std::int64_t credit_max_ = std::numeric_limits<std::int64_t>::max();
  std::map<ticket, subscription> open_;
  ticket last_ticket_ = 0;
};

} // namespace raft::actors
