// The subscribers of one peer: who gets what `feed` decides.

#pragma once

#include <raft/actors/feed.hpp>
#include <raft/actors/interfaces.hpp>

#include <caf/actor_addr.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace raft::actors {

/// Keeps handles and names to the subscriptions of a `feed`. An actor may have
/// many subscriptions; it names them by numbers of its own.
class subscribers {
public:
  /// What goes to whom.
  struct parcel {
    subscriber_actor to;
    delivery what;
  };

  explicit subscribers(group_id group) : group_{group} {
    // nop
  }

  bool empty() const noexcept {
    return feed_.empty();
  }

  /// Begins a subscription; one of the same actor and name ends.
  /// @pre `what.from >= 1`.
  void open(const subscribe& what, const subscriber_actor& who);

  /// Lets more go out; ignored unless the subscriber itself says so.
  void grant(const caf::actor_addr& who, const credit& more);

  /// Ends all subscriptions of an actor.
  void forget(const caf::actor_addr& who);

  /// Ends all subscriptions.
  void clear();

  /// @copydoc feed::orders
  std::vector<feed::order> orders(log_index end, std::uint64_t bytes_max) {
    return feed_.orders(end, bytes_max);
  }

  /// Fills an order. Without entries, because they are gone, the subscription
  /// ends; an empty delivery tells.
  /// @returns what to send, or nothing if the subscription has ended before.
  std::optional<parcel> fill(const feed::order& order,
                             std::vector<entry>&& entries);

private:
  using name = std::pair<caf::actor_addr, std::uint64_t>;

  struct subscription {
    name who;
    subscriber_actor handle;
  };

  void close(const name& who);

  group_id group_;
  feed feed_;
  std::map<name, feed::ticket> tickets_;
  std::map<feed::ticket, subscription> subscriptions_;
};

} // namespace raft::actors
