// What a simulated cluster is made of.

#pragma once

#include <raft/client/state/client_state.hpp>
#include <raft/machine/sessions.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/simulation/estate.hpp>
#include <raft/simulation/event_queue.hpp>
#include <raft/simulation/machine_maker.hpp>
#include <raft/simulation/network.hpp>
#include <raft/simulation/program.hpp>
#include <raft/simulation/virtual_peer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace raft::simulation {

/// How a disk behaves.
struct disk_profile {
  enum class mode : std::uint8_t {
    works,
    /// Nothing completes until it works again.
    hangs,
    /// There is no room but a reserve: writes that hold something else than
    /// empty entries are refused, all others go on, and so do reads.
    full,
    /// Not even the reserve is left: all writes are refused.
    used_up,
    /// The next write or read fails, and with it the process ends; half of
    /// the writes that fail are on the disk nevertheless.
    fails,
  };

  mode now = mode::works;
  /// How long a write or a read takes.
  duration delay_min{50};
  duration delay_max{1000};

  friend bool operator==(const disk_profile&, const disk_profile&) = default;
};

/// What makes a peer differ from others.
struct peer_traits {
  /// Messages to and from it take up to so much longer.
  duration farther{0};
  /// Its writes and reads, too.
  duration slower{0};
  /// How much too fast its clock runs, in millionths.
  std::int64_t drift = 0;
  /// See `consensus::settings::priority`.
  std::uint8_t priority = priority_usual;
  /// The newest version of the messages that its release speaks at first.
  std::uint32_t release = protocol_version;
};

struct cluster_options {
  std::uint64_t seed = 1;
  /// Those with which it is founded.
  std::size_t peers = 3;
  /// Those that follow, with empty disks, and may be taken in.
  std::size_t spares = 0;
  /// What it begins with, if not with nothing: who founded it, and the disks of
  /// some.
  std::shared_ptr<const estate> inherited = {};
  consensus::settings settings = {};
  network_profile network = {};
  disk_profile disk = {};
  /// How peer 1, 2, ... differ from that; one that is not named does not.
  std::vector<peer_traits> traits = {};
  /// How long the state machine takes for up to ten entries.
  duration apply_min{10};
  duration apply_max{1000};
  /// Alarms ring late by up to this, never early.
  duration alarm_late_max{2000};
  /// Clocks of peers differ by up to this at first.
  duration clocks_apart = std::chrono::hours{24};
  /// How many entries a process reads ahead when it starts.
  std::size_t tail = virtual_peer::whole_log;
  /// Whether peers and clients are told, within 50 ms, that somebody can be
  /// reached or no longer be reached. Otherwise all believe forever that all
  /// can be reached.
  bool connections_tell = true;
  /// Null: the key-value store in memory.
  machine_maker machine = {};
  /// What was applied is on the disk about so long after, also if it is little;
  /// for machines that keep their state.
  duration checkpoint_after = std::chrono::seconds{10};
  machine::session_bounds session_bounds = {};
  /// Called with a state machine after each command that it took; what it
  /// says, if anything, is a violation.
  std::function<std::string(const machine::state_machine&)> inspect = {};
  /// Whether a command changes nothing; clients then may have it answered
  /// without an entry. Null: no command is known not to.
  std::function<bool(const bytes&)> only_reads = {};
  /// Of a thousand reads of clients without an entry, how many may be answered
  /// by lease.
  std::uint64_t reads_by_lease = 0;
  /// How events show what clients ask and are told; only asked if somebody
  /// watches.
  std::function<std::string(const client_operation&)> describe
    = [](const client_operation& x) { return readable(x); };
};

/// A client in virtual time: the real client logic, and a program that uses it.
struct client_options {
  client::client_settings settings = {};
  /// The peer that it is near to; 0 if none.
  peer_id home = {};
  /// A command without an answer for so long is answered `unknown`, or
  /// `rejected` if it surely had no effect.
  duration deadline = std::chrono::seconds{3600};
  /// A program waits up to so long before its next command.
  duration pause_max{0};
};

} // namespace raft::simulation
