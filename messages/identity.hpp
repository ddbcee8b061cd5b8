// The identity of stores: what a peer shows of its own, and what it remembers
// of others.

#pragma once

#include <raft/messages/ids.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace raft {

/// What a store remembers of another peer's.
struct acquaintance {
  peer_id peer;
  incarnation_id incarnation;
  /// The last start that was seen here; 0 if it is known from others only.
  start_id start;
  /// Our own start at that time.
  start_id ours;

  friend bool operator==(const acquaintance&, const acquaintance&) = default;
};

/// How a store remembers that it was founded from a snapshot: in the place of a
/// peer that cannot be, 0, with the snapshot's checksum for an incarnation.
inline acquaintance founded_from(std::uint64_t checksum) {
  return {{}, {checksum ? checksum : 1}, {}, {}};
}

/// @returns the checksum of the snapshot that a store was founded from; 0 if it
///          was founded without one.
inline std::uint64_t origin_in(const std::vector<acquaintance>& known) {
  for (const auto& x : known)
    if (!x.peer)
      return x.incarnation.value;
  return 0;
}

/// What a store remembers of itself and of others.
struct store_memory {
  /// Its own starts, oldest first; the last is that of this process.
  std::vector<start_id> starts;
  /// Ascending by peer; the first may be what it was `founded_from`.
  std::vector<acquaintance> others;
  /// Whether its files are not those that it was last written to: they were
  /// copied, moved to another disk, or brought back. What it acknowledged
  /// since may be missing.
  bool restored = false;

  friend bool operator==(const store_memory&, const store_memory&) = default;
};

/// How far a peer whose store was restored has come.
enum class admission : std::uint8_t {
  /// It takes part like any other.
  full = 0,
  /// It asks whether anybody remembers a start that it lacks.
  asks = 1,
  /// Nobody does; now all others are to remember its present start.
  claims = 2,
};

/// What a peer shows to another one, in `hello` or in `welcome`.
struct credentials {
  /// The members that its group was founded with, ascending; none if its store
  /// is empty. A client shows nothing at all.
  std::vector<peer_id> founders;
  /// 0 if it is not known yet.
  cluster_id cluster;
  incarnation_id incarnation;
  /// Its starts, oldest first.
  std::vector<start_id> starts;
  /// What it remembers of others, and what it was `founded_from`, if from
  /// anything.
  std::vector<acquaintance> knows;
  admission stage = admission::full;

  friend bool operator==(const credentials&, const credentials&) = default;
};

/// Why a peer does not take part, or two do not belong together.
enum class exclusion : std::uint8_t {
  none = 0,
  /// Its store is empty, and it was not told to found a cluster.
  not_founded = 1,
  /// The two were founded with different members, or not from the same
  /// snapshot.
  other_founders = 2,
  /// The two know different cluster ids.
  other_cluster = 3,
  /// It comes with another store than others remember of it.
  other_store = 4,
  /// The two remember different stores of a third peer.
  other_third = 5,
  /// Its store lacks a start that others remember.
  older_copy = 6,
  /// Its store was restored; not all others have confirmed that nothing is
  /// missing.
  restored = 7,
  /// Another process is connected as this very peer.
  second_process = 8,
  /// It was a member, and is none any more.
  removed = 9,
  /// Its store is empty, and it waits to be made a member of a cluster.
  joining = 10,
};

/// What keeps a peer out, in words that say what to do. Empty if nothing does.
struct standing {
  exclusion reason = exclusion::none;
  std::string text;

  friend bool operator==(const standing&, const standing&) = default;
};

} // namespace raft
