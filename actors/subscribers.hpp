// The subscribers of one peer: who gets what `feed` decides.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/actors/feed.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/consensus/core.hpp>

#include <caf/actor_addr.hpp>

#include <algorithm>
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

  subscribers(group_id group, const peer_bounds& bounds)
    : group_{group}, bounds_{bounds}, feed_{bounds.subscription_bytes_max} {
    // nop
  }

  bool empty() const noexcept {
    return feed_.empty();
  }

  /// Begins a subscription; one of the same actor and name ends.
  /// @param first The first entry that the log still has.
  /// @returns the answer; if it is a refusal, nothing changes.
  subscribed open(const subscribe& what, const subscriber_actor& who,
                  log_index first);

  /// Lets more go out; ignored unless the subscriber itself says so.
  void grant(const caf::actor_addr& who, const credit& more);

  /// Ends all subscriptions of an actor.
  void forget(const caf::actor_addr& who);

  /// Ends all subscriptions.
  void clear();

  /// Sees to it that subscribers get what is committed and durable on this
  /// peer, as far as their credit goes.
  /// @param found Called with an order and the entries for it, from memory.
  /// @param missing Called with an order whose entries are on the disk only.
  template <class Found, class Missing>
  void serve(const consensus::core& from, Found found, Missing missing) {
    const auto end = std::min(from.commit(), from.log().durable());
    while (!feed_.empty()) {
      auto orders = feed_.orders(end, delivery_bytes_max);
      if (orders.empty())
        return;
      for (const auto& what : orders) {
        auto entries = from.log().slice(what.first, what.last, what.bytes_max);
        if (entries.empty())
          missing(what);
        else
          found(what, std::move(entries));
      }
    }
  }

  /// Fills an order. Without entries, because they are gone, the subscription
  /// ends; an empty delivery tells.
  /// @returns what to send, or nothing if the subscription has ended before.
  std::optional<parcel> fill(const feed::order& order,
                             std::vector<entry>&& entries);

private:
  /// Deliveries to one subscriber hold at most so many bytes of entries.
  static constexpr std::uint64_t delivery_bytes_max = 1 << 20;

  using name = std::pair<caf::actor_addr, std::uint64_t>;

  struct subscription {
    name who;
    subscriber_actor handle;
  };

  void close(const name& who);

  group_id group_;
  peer_bounds bounds_;
  feed feed_;
  std::map<name, feed::ticket> tickets_;
  std::map<feed::ticket, subscription> subscriptions_;
};

} // namespace raft::actors
