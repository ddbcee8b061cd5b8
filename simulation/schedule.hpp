// What is done to a cluster in one run of the fuzzer, as data that can be made
// smaller, saved and played again.

#pragma once

#include <raft/simulation/cluster.hpp>

#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <vector>

namespace raft::simulation {

/// A fault that lasts for some time, and then is taken back.
enum class fault_kind : std::uint8_t {
  /// The process ends, and starts again. `number` is 1 if a write under way is
  /// kept.
  crash,
  /// All processes end; each starts again within that time. `number` decides
  /// whose writes are kept, and who starts when.
  crash_all,
  /// The process stands still.
  pause,
  /// What `peer` sends to `other` does not arrive.
  cut,
  /// Nothing from or to the peer arrives.
  isolate,
  /// Nothing from the peer arrives at others; or the other way round.
  mute,
  deafen,
  /// Peers whose bits are set in `number` (bit 0: peer 1) cannot reach the
  /// others, nor be reached by them.
  partition,
  /// The connection between the two breaks, and both are told.
  break_link,
  /// The peer's links are cut one by one and come back in another order.
  swizzle,
  /// So many of a thousand messages (`number`) are lost, and some doubled.
  lose,
  /// Messages take up to `number` microseconds.
  delay,
  /// The disk takes up to `number` microseconds more, or hangs, or is full (if
  /// `number` is 1, the reserve is used up, too), or fails.
  slow_disk,
  hang_disk,
  fill_disk,
  fail_disk,
  /// The wall clock is ahead by `number` - 2,000,000,000 seconds.
  set_clock,
  /// The clock runs too fast by `number` - 500,000 millionths.
  drift,
  /// What `peer` sends to `other` stays on the way until the end (`number` 0),
  /// or what it sends to all (1), or what all send to it (2).
  stall,
  /// The process ends, and the disk loses all that it held. Nothing takes that
  /// back. It does not happen to so many that no majority would be left.
  wipe,
  /// The process ends, and its disk is emptied and founded again.
  found_again,
  /// The disk is copied after the process ended in order (`number` 1 or 2) or
  /// not (0); it starts again, and in the end the copy takes the disk's place.
  /// With 2, those who saw what came after the copy are down then, and as many
  /// as make a majority with the copy were cut off meanwhile.
  older_copy,
  /// The disk of a peer of another cluster takes the place of its own.
  foreign_disk,
  /// The disks of `peer` and `other` are swapped, until the end. The two above
  /// and `found_again` are never taken back. They do not happen to so many
  /// that no majority would be left.
  swap_disks,
  /// Whoever enters a term or starts again gets so many copies (`number`) of
  /// what it was told before.
  echo,
  /// Each direction of each link carries `number` bytes a second.
  slow_links,
  /// The same as with the disk, but only that of the log, or only that of the
  /// state machine's data.
  slow_log,
  hang_log,
  slow_data,
  hang_data,
  fill_data,
  /// The state machine applies nothing.
  stick_machine,
  /// The connection between `peer` and `other` is replaced by another one
  /// before they miss it. That takes no time, and nothing takes it back.
  renew_link,
  /// The leader is asked to hand over to `other`, or to the best one. Nothing
  /// takes that back.
  transfer,
  /// Whoever leads is asked for other members, until he begins a change, for
  /// that time. `number` decides which. Nothing takes that back.
  reconfigure,
  /// The process ends, and starts again as a release that speaks no newer
  /// version of the messages than `number`, if it can. Nothing takes that back
  /// but another one, and the end of all faults.
  change_release,
  /// A backup is taken of a peer (`number` 0) as soon as it can give one,
  /// within
  /// that time, or the entries that follow the
  /// last one are (1). In the end, a cluster is founded from each.
  back_up,
  /// What there is at that moment is looked at as if all were lost for good but
  /// the peers whose bits are set in `number`, who are less than a majority. In
  /// the end, the best of those is recovered. This one goes on.
  lose_majority,
  /// Whoever leads is asked, until he begins it, for that time: to take in
  /// `peer`, which becomes a voter when it has caught up (`number` 0) or stays
  /// a
  /// learner (1); to let it go; to give it a vote, or to take that; or to let
  /// `other` come in its place. Nothing takes that back.
  add,
  remove,
  promote,
  demote,
  replace,
  /// The peer takes a snapshot.
  snapshot,
  /// All faults are taken back, and the cluster must heal as it must in the
  /// end. Then it goes on.
  quiet,
};

/// The `number` of `set_clock` that changes nothing.
inline constexpr std::uint64_t clock_is_right = 2'000'000'000;

const char* to_text(fault_kind x);

struct fault {
  instant when{0};
  fault_kind what = fault_kind::crash;
  /// 0: whoever leads then, or leads next.
  peer_id peer;
  peer_id other;
  duration length{0};
  std::uint64_t number = 0;

  friend bool operator==(const fault&, const fault&) = default;
};

/// Whether it matters which peer is named.
bool has_victim(fault_kind x);

/// Whether it is a change of members that is named.
bool is_about_members(fault_kind x);

/// One line of a schedule, without its end.
std::string to_text(const fault& x);

/// The same for people, in a few words: "pause peer 3 for 0.4 s".
std::string describe(const fault& x);

/// All of a run. What is not named here (the peers' settings, the usual network
/// and disks) follows from the seed.
struct schedule {
  std::uint64_t seed = 1;
  /// How many found the cluster, and how many may join; 0 peers: that follows
  /// from the seed as well.
  std::size_t peers = 0;
  std::size_t spares = 0;
  std::size_t clients = 3;
  /// How long faults go on.
  duration length{0};
  std::vector<fault> faults;

  friend bool operator==(const schedule&, const schedule&) = default;
};

/// Draws what a seed stands for.
schedule draw_schedule(std::uint64_t seed);

/// The cluster and the clients that a seed stands for.
cluster_options draw_cluster(std::uint64_t seed);
client_options draw_client(std::uint64_t seed);

/// A text that is no schedule.
struct schedule_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes and reads the form of docs/testing.md.
void write(std::ostream& out, const schedule& x);

/// @throws schedule_error
schedule read_schedule(std::istream& in);

/// Asks for other members, see `fault_kind::reconfigure`, or for those that are
/// named.
void reconfigure(cluster& on, const fault& x);
void change_members_to(cluster& on, peer_id whom, const fault& x);

/// Begins a fault now, and sees to its end unless `end_faults` does.
void inflict(cluster& on, const fault& x);

} // namespace raft::simulation
