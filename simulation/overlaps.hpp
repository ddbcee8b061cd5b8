// Faults that last at the same time, so that the end of one does not end
// another.

#pragma once

#include <raft/messages/ids.hpp>
#include <raft/simulation/cluster_options.hpp>
#include <raft/simulation/network.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

namespace raft::simulation {

/// Changes of something, in the order in which they began; the later ones count
/// where they contradict each other.
template <class T>
class layers {
public:
  using change = std::function<void(T&)>;

  std::uint64_t add(change x) {
    changes_.emplace(++last_, std::move(x));
    return last_;
  }

  void remove(std::uint64_t id) {
    changes_.erase(id);
  }

  /// What becomes of what is usual.
  T over(T usual) const {
    for (const auto& [_, x] : changes_)
      x(usual);
    return usual;
  }

private:
  std::map<std::uint64_t, change> changes_;
  std::uint64_t last_ = 0;
};

/// What can be done to something more than once at a time.
enum class affliction : std::uint8_t {
  cut,
  stalled,
  broken,
  paused,
  down,
  stuck
};

/// What is under way, of a whole cluster.
struct overlaps {
  /// A way, a link, or a peer (and 0).
  using place = std::tuple<affliction, peer_id, peer_id>;

  std::map<place, std::uint64_t> counts;
  layers<network_profile> network;
  std::map<peer_id, layers<disk_profile>> disks; // of logs
  std::map<peer_id, layers<disk_profile>> data_disks;
  /// In millionths.
  std::map<peer_id, layers<std::int64_t>> drifts;
  /// In milliseconds.
  std::map<peer_id, layers<std::int64_t>> walls;

  void begin(const place& x) {
    ++counts[x];
  }

  /// @returns whether it was the last one there.
  bool end(const place& x) {
    if (--counts.at(x) > 0)
      return false;
    counts.erase(x);
    return true;
  }

  bool lasts(const place& x) const {
    return counts.contains(x);
  }
};

} // namespace raft::simulation
