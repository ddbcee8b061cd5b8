// A network that delays, loses, doubles, reorders, cuts and counts.

#pragma once

#include <raft/base/random.hpp>
#include <raft/messages/ids.hpp>
#include <raft/simulation/event_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace raft::simulation {

using base::random;

/// What the network is like, for messages sent from now on. Chances are out of
/// a thousand. Each message is delayed on its own, so they overtake each other
/// unless `in_order`.
struct network_profile {
  duration request_delay_min{0};
  duration request_delay_max{1000};
  duration reply_delay_min{0};
  duration reply_delay_max{1000};
  std::uint64_t requests_lost = 0;
  std::uint64_t replies_lost = 0;
  std::uint64_t doubled = 0;
  /// So many replies take long: `late_min`, and then some: a time below
  /// another one that is drawn below `late_spread`. Most are thus nearer to the
  /// minimum.
  std::uint64_t replies_late = 0;
  duration late_min{200'000};
  duration late_spread{2'000'000};
  /// So many messages of either kind take up to two seconds more.
  std::uint64_t very_late = 0;
  /// Whoever enters a term, begins to lead or starts again gets so many copies
  /// of what it was told last in its last terms, within ten seconds.
  std::uint64_t replays = 0;
  bool in_order = false;
  /// How much each direction between two peers carries. What is sent while it
  /// is busy waits until all that was sent before has left, and is lost if that
  /// takes more than three seconds: by then a connection is given up. 0: any
  /// amount.
  std::uint64_t bytes_per_second = 0;

  friend bool operator==(const network_profile&, const network_profile&)
    = default;
};

/// No delay and no loss.
network_profile perfect_network();

/// Requests take up to 26 ms; one of ten requests and one of ten replies is
/// lost.
/// @param long_reordering Two of three replies come 200 to 2199 ms late.
network_profile unreliable_network(bool long_reordering = false);

/// What was sent, by everybody: lost, to dead peers or not.
struct traffic {
  std::uint64_t messages = 0;
  /// As `wire_size` counts them.
  std::uint64_t bytes = 0;
  /// Requests, each with or without its answer.
  std::uint64_t exchanges = 0;
};

/// A message on its way. Clients have addresses above those of peers.
struct parcel {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  bool is_request = false;
  std::size_t bytes = 0;
};

/// Knows who can reach whom and decides what becomes of a message; it does not
/// carry it.
class network {
public:
  using address = std::uint64_t;

  network(const network_profile& profile, std::uint64_t seed);

  const network_profile& profile() const noexcept {
    return profile_;
  }

  void set_profile(const network_profile& x);

  /// Messages from and to somebody take up to so much longer from now on.
  void set_distance(address who, duration x) {
    distances_[who] = x;
  }

  /// What is sent this way does not arrive any more; nobody is told.
  void cut(address from, address to) {
    cut_.insert({from, to});
  }

  void heal(address from, address to) {
    cut_.erase({from, to});
  }

  void heal_all() {
    cut_.clear();
  }

  /// What waits to leave on the ways from and to somebody is gone.
  void clear_queues(address who);

  bool is_cut(address from, address to) const {
    return cut_.contains({from, to});
  }

  /// Counts a message.
  /// @returns when its copies arrive; nothing if it is lost.
  std::vector<instant> send(const parcel& x, instant now);

  /// Everything sent so far.
  const traffic& total() const noexcept {
    return total_;
  }

  /// What one address has sent.
  traffic sent_by(address x) const;

private:
  std::optional<instant> departure(const parcel& x, instant now);
  instant arrival(const parcel& x, instant now);
  duration distance(address x) const;

  network_profile profile_;
  random random_;
  std::map<address, duration> distances_;
  std::set<std::pair<address, address>> cut_;
  std::map<std::pair<address, address>, instant> last_arrival_;
  /// When all has left that was sent on a way.
  std::map<std::pair<address, address>, instant> free_at_;
  traffic total_;
  std::map<address, traffic> by_sender_;
};

} // namespace raft::simulation
