// The Raft algorithm as a function of state and input.

#pragma once

#include <raft/consensus/log.hpp>
#include <raft/consensus/output.hpp>
#include <raft/consensus/role.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/messages/all.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace raft::consensus {

/// Who a core is, and where its randomness comes from.
struct identity {
  group_id group;
  peer_id id;
  incarnation_id incarnation;
  /// Seeds the election timeouts. The shell draws it at random.
  std::uint64_t seed = 0;
};

/// One peer of one Raft group. Knows no thread, clock, disk, network, entropy
/// or log file: time comes in as a value, durability as an input, and what is
/// to be done comes out as `output`. The same inputs give the same outputs,
/// byte for byte.
///
/// Use: give it one input, then `take_output` and carry that out. A refused
/// input (a message for somebody else, an unknown number) changes nothing.
///
/// Not thread safe; one actor owns it.
class core {
public:
  /// Wakes up as a follower.
  /// @param recovered What the store held; `recovered.members` must not be
  ///        empty, else the core waits to be added and never votes.
  /// @param tail The last entries of the durable log, without gaps up to
  ///        `recovered.last`, as many as the shell cared to read; may be empty.
  /// @pre `complaint_about(config) == nullptr`.
  core(const identity& self, const settings& config,
       const durable_state& recovered, std::vector<entry> tail, instant now);

  ~core();
  core(core&&) noexcept;
  core& operator=(core&&) noexcept;

  // -- inputs: time -----------------------------------------------------------

  /// Tells the time and acts on what is due. A call that comes much later than
  /// `wake_at` (the process was stopped) does not start an election at once:
  /// it first leaves time for the mail that waits.
  void advance(instant now);

  // -- inputs: messages of other peers ----------------------------------------

  void receive(const vote_request& msg);
  void receive(const vote_reply& msg);
  void receive(const append_request& msg);
  void receive(const append_reply& msg);

  // -- inputs: the network ----------------------------------------------------

  /// There is a new connection to `peer`; what was in flight on the old one may
  /// be lost.
  void link_up(peer_id peer);

  /// There is no connection to `peer` any more.
  void link_down(peer_id peer);

  // -- inputs: clients --------------------------------------------------------

  /// Appends an entry if this peer leads and no bound is reached; answers at
  /// once in any case.
  /// @param wall_ms The wall clock, in milliseconds since 1970.
  started start(entry_kind kind, const command_tag& tag, bytes data,
                std::uint64_t wall_ms);

  // -- inputs: what the shell did ---------------------------------------------

  /// The batch of this number is durable.
  void persisted(batch_number number);

  /// The state machine has applied everything up to `index`.
  void applied(log_index index);

  /// The answer to one of `output::reads`.
  void entries_read(raft::entries_read&& result);

  // -- output -----------------------------------------------------------------

  /// Takes what is to be done since the last call.
  output take_output();

  // -- observers --------------------------------------------------------------

  const identity& self() const noexcept;
  term_number term() const noexcept;
  /// Who got this peer's vote in `term()`; 0 if nobody.
  peer_id vote() const noexcept;
  peer_role role() const noexcept;
  bool leads() const noexcept;
  /// The leader of `term()` if known, else 0.
  peer_id leader() const noexcept;
  log_index commit() const noexcept;
  /// Last entry that was handed out as `committed`.
  log_index handed_out() const noexcept;
  /// Last entry known to be applied.
  log_index applied() const noexcept;
  const membership& members() const noexcept;
  const consensus::log& log() const noexcept;
  const settings& config() const noexcept;
  /// Everything `get_state` shows.
  peer_state state() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace raft::consensus
