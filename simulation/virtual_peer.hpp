// A peer without actors: the real core on a recorded disk, in virtual time.

#pragma once

#include <raft/consensus/acquaintances.hpp>
#include <raft/consensus/core.hpp>
#include <raft/consensus/invariants.hpp>
#include <raft/simulation/counters.hpp>
#include <raft/simulation/peer_message.hpp>
#include <raft/simulation/recorded_disk.hpp>
#include <raft/simulation/vote_promises.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace raft::simulation {

/// What happens to the batch on its way to the disk when a process crashes.
enum class unfinished_write { lost, kept };

struct read_under_way {
  read_entries wanted;
  /// What the disk held when the read was asked for.
  entries_read found_early;
};

/// Does what a shell does (see consensus/output.hpp), but only when told to:
/// writes, reads and applies wait here until somebody completes them. The
/// owner sends the messages. After each input the invariants of the core and
/// its duties towards its shell are checked.
///
/// All inputs return what came out and throw `violation`.
class virtual_peer {
public:
  static constexpr auto whole_log = std::numeric_limits<std::size_t>::max();

  virtual_peer(peer_id id, const consensus::settings& config,
               std::vector<peer_id> voters, std::uint64_t seed);

  // -- the process ------------------------------------------------------------

  /// Starts the process on what the disk holds.
  /// @param tail How many entries to read ahead.
  /// @param applied What the state machine says that it has on its disk;
  ///        without it, what `flush` or `checkpointed` put there.
  consensus::output boot(base::instant now, std::size_t tail = whole_log,
                         std::optional<log_index> applied = std::nullopt);

  void crash(unfinished_write fate);

  /// Its next process speaks no newer version of the messages.
  void speak(std::uint32_t version) noexcept {
    config_.level_max = version;
  }

  /// It does not, as its log has a higher level.
  bool is_too_old() {
    const auto result = disk_.members().current().level > config_.level_max;
    counts_.starts_too_old += result ? 1 : 0;
    return result;
  }

  /// Takes all that the disk holds: the peer is another one from now on, that
  /// knows no members, or is founded again. @pre `!running()`.
  void lose_disk(std::vector<peer_id> voters = {});

  /// Puts another disk in, for which the state machine keeps nothing.
  /// @returns the one that was there. @pre `!running()`.
  recorded_disk exchange_disk(recorded_disk fresh);

  /// Compares with what another peer shows, and remembers what it must.
  consensus::finding meet(peer_id who, const credentials& theirs);

  /// What it shows to others.
  credentials shown() const {
    return known_.shown(core_->cluster());
  }

  bool running() const noexcept {
    return core_.has_value();
  }

  // -- inputs; the process must run -------------------------------------------

  consensus::output advance(base::instant now);
  /// What the monotonic clock shows; nothing comes out.
  void tell_clock(base::instant clock);
  consensus::output receive(const peer_message& msg);
  consensus::output link_up(peer_id peer, incarnation_id incarnation = {},
                            std::uint32_t version = protocol_version);
  consensus::output link_down(peer_id peer);

  /// Another connection takes the place of one before that was missed.
  consensus::output link_renewed(peer_id peer, incarnation_id incarnation,
                                 std::uint32_t version = protocol_version);

  /// It is asked to hand over its office.
  consensus::output transfer(peer_id target);

  /// @param answer Takes what the core answers.
  consensus::output change(const change_members& wanted,
                           members_changed& answer);

  /// @param begun Takes what the core answers.
  consensus::output begin_read(consistency how, consensus::read_begun& begun);

  /// @param answer Takes what the core answers.
  /// @param wall_ms The wall clock, in milliseconds since 1970.
  consensus::output start(entry_kind kind, const command_tag& tag, bytes data,
                          std::uint64_t wall_ms, started& answer);

  /// Starts a command without a session, by a wall clock that shows `now()`.
  consensus::output start(bytes command, started& answer);

  /// Completes the write under way.
  consensus::output complete_write();

  /// The write under way finds no room.
  consensus::output refuse_write();

  /// Completes the oldest read.
  /// @param early Whether it found what was there when it was asked for, rather
  ///        than what is there now.
  consensus::output complete_read(bool early = false);

  /// Applies the next entries, at most `count`.
  consensus::output apply(std::size_t count = whole_log);

  /// The state machine puts on its disk what it may of what it has applied.
  /// What is there outlives the process.
  consensus::output flush();

  /// The state machine has put on its disk what it has applied up to here.
  consensus::output checkpointed(log_index index);

  // -- snapshots --------------------------------------------------------------

  /// One of its own is on the disk.
  consensus::output snapshot_taken(shared_snapshot content);

  /// The next part of one that comes is on the disk.
  /// @param content What that snapshot stands for.
  consensus::output complete_chunk(const shared_snapshot& content);

  /// There is no room for what comes.
  consensus::output refuse_chunk();

  /// The state machine has it.
  consensus::output installed(const snapshot_content& content);

  /// The same, before the process starts.
  void found_snapshot(const snapshot_content& content);

  // -- what waits to be completed ---------------------------------------------

  const std::optional<persist>& writing() const noexcept {
    return writing_;
  }

  const std::deque<read_under_way>& reading() const noexcept {
    return reading_;
  }

  const std::deque<consensus::chunk_to_store>& storing() const noexcept {
    return storing_;
  }

  const std::deque<entry>& applying() const noexcept {
    return applying_;
  }

  // -- observers --------------------------------------------------------------

  peer_id id() const noexcept {
    return id_;
  }

  /// @pre `running()`.
  const consensus::core& core() const noexcept {
    return *core_;
  }

  /// See `consensus::settings::log_waits_for_absent`.
  bool waits_for_absent() const noexcept {
    return config_.log_waits_for_absent;
  }

  const recorded_disk& disk() const noexcept {
    return disk_;
  }

  recorded_disk& disk() noexcept {
    return disk_;
  }

  /// This peer's own clock.
  base::instant now() const noexcept {
    return now_;
  }

  base::instant wake_at() const noexcept {
    return wake_at_;
  }

  /// What the state machine holds the effects of: what this process was given,
  /// after what earlier ones put on the disk.
  const std::vector<entry>& applied() const noexcept {
    return applied_;
  }

  /// Last entry whose effects are on the disk.
  log_index flushed() const noexcept {
    return flushed_;
  }

  /// In all processes of this peer.
  const counters& counts() const noexcept {
    return counts_;
  }

private:
  consensus::output carry_out();
  void check_duties(const consensus::output& out) const;
  void tell_snapshots();
  void keep_needed_snapshots();
  void count(const consensus::output& out);

  peer_id id_;
  /// Of the last store that was made.
  incarnation_id incarnation_;
  consensus::settings config_;
  std::uint64_t seed_;
  recorded_disk disk_;
  base::instant now_{0};
  /// What the clock shows.
  base::instant clock_{0};
  vote_promises promises_;
  /// How much of `applied_` is on the state machine's disk.
  log_index flushed_;
  counters counts_;

  // Lost in a crash.
  std::optional<consensus::core> core_;
  consensus::acquaintances known_;
  consensus::invariant_checker checker_;
  base::instant wake_at_{0};
  std::optional<persist> writing_;
  batch_number last_batch_;
  std::deque<read_under_way> reading_;
  std::deque<consensus::chunk_to_store> storing_;
  std::deque<entry> applying_;
  log_index handed_out_;
  std::vector<entry> applied_;
};

} // namespace raft::simulation
