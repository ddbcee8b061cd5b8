// What there is around one simulated peer: its process, disks, state machine.

#pragma once

#include <raft/client/state/client_state.hpp>
#include <raft/machine/executor.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/machine/waiting.hpp>
#include <raft/simulation/clock.hpp>
#include <raft/simulation/cluster_options.hpp>
#include <raft/simulation/machine_maker.hpp>
#include <raft/simulation/network.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace raft::simulation {

/// Who waits for an answer of a peer.
struct ticket {
  std::uint64_t client = 0;
  client::client_state::ticket what = 0;
  std::uint64_t attempt = 0;
};

/// What a process knows of its link to a peer.
struct link_end {
  /// With which of that peer's processes.
  std::uint64_t process = 0;
  /// Of the messages that both speak.
  std::uint32_t version = protocol_version;
};

/// What there is around a peer, beside the peer itself.
struct host {
  drifting_clock clock;
  /// What the clock showed at first.
  instant clock_began{0};
  std::int64_t wall_ahead_ms = 0;
  disk_profile disk; // of the log
  disk_profile data_disk;
  /// What was scheduled for an earlier process is void, and so is what was
  /// scheduled for a disk that behaves in another way now.
  std::uint64_t process = 0;
  std::uint64_t disk_epoch = 0;
  std::uint64_t data_epoch = 0;
  /// Only the last alarm rings.
  std::uint64_t alarm = 0;
  bool paused = false;
  std::vector<std::function<void()>> mail;
  bool applying = false;
  bool stuck = false;
  bool wiped = false;
  /// How many directories were in its place before this one. A copy, also an
  /// older one of its own, is another directory.
  std::uint64_t directories = 0;
  std::unique_ptr<machine::executor> executor;
  const machine::state_machine* machine = nullptr;
  /// What the machine has on the disk, and up to which entry at least.
  machine_disk kept;
  log_index checkpointed;
  /// The newest version of the messages that its release speaks.
  std::uint32_t release = protocol_version;
  /// The level of the members when it was looked at last.
  std::uint32_t level = 0;
  /// How far the machine believes the log to be durable.
  log_index log_durable;
  /// A part of its state on the way to the disk.
  std::shared_ptr<machine::checkpoint_job> checkpointing;
  bool checkpoint_armed = false;
  /// Whether a snapshot is being taken.
  bool snapshotting = false;
  machine::waiting_list<ticket> waiting;
  std::map<read_number, std::pair<ticket, bytes>> reads;
  term_number leads;
  /// In which term it was replayed to last, and whether as a leader.
  std::pair<term_number, bool> replayed;
  /// Who is connected.
  std::map<peer_id, link_end> links;
  /// Who may not be connected, and why not.
  std::map<peer_id, exclusion> turned_away;
  /// With whom that is tried again soon.
  std::set<peer_id> retrying;
  /// In whose place its directory is just now; 0 if in its own.
  peer_id swapped;
  traffic received;
  std::vector<entry> delivered;
  /// What observers were told last.
  peer_role role = peer_role::follower;
  term_number term;
  log_index commit;
  log_index durable;
  std::optional<log_index> members;
  std::vector<term_number> log;
};

} // namespace raft::simulation
