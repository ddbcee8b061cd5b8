// The Raft algorithm as a function of state and input.

#pragma once

#include <raft/base/random.hpp>
#include <raft/consensus/assembly.hpp>
#include <raft/consensus/entry_clock.hpp>
#include <raft/consensus/lease.hpp>
#include <raft/consensus/log.hpp>
#include <raft/consensus/membership_history.hpp>
#include <raft/consensus/output.hpp>
#include <raft/consensus/pending.hpp>
#include <raft/consensus/read_queue.hpp>
#include <raft/consensus/role.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/consensus/snapshots.hpp>
#include <raft/messages/all.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace raft::consensus {

/// One peer of one Raft group. Knows no thread, clock, disk, network, entropy
/// or log file: time comes in as a value, durability as an input, and what is
/// to be done comes out as `output`. The same inputs give the same outputs,
/// byte for byte.
///
/// Use: tell it the time, give it one input, then call `take_output` and carry
/// that out. A refused input (a message for somebody else, an unknown number)
/// changes nothing. No message from another peer, whatever its contents, breaks
/// a precondition: one that contradicts what is known here is refused, noted,
/// counted and named in `output::distrusted`.
///
/// Not thread safe; one actor owns it.
class core {
public:
  /// Starts as a follower.
  /// @param recovered What the store held. If `recovered.members` names nobody,
  ///        the core takes part in nothing; if it does not name this peer as a
  ///        voter, it does not campaign.
  /// @param tail The last entries of the durable log, without gaps up to
  ///        `recovered.last`, as many as the shell chose to read; may be empty.
  /// @param applied Last entry whose effects the state machine still has; 0 if
  ///        it starts empty. It was committed, or it would not have been
  ///        applied, and is not handed out again.
  /// @pre `complaint_about(config) == nullptr`;
  ///      `complaint_about(recovered, applied, config.level_max).empty()`.
  core(const identity& self, const settings& config,
       const durable_state& recovered, std::vector<entry> tail,
       log_index applied, instant now);

  // -- inputs: time -----------------------------------------------------------

  /// Tells the time and acts on what is due. All other inputs happen at the
  /// time told last, so call it before each of them. A call that comes much
  /// later than `wake_at` (the process was stopped) does not start an election
  /// at once: messages that are waiting are to be handled first.
  void advance(instant now);

  /// Tells what the monotonic clock shows. It may be later than the time told
  /// last, where that is held back until waiting messages are handled. Only the
  /// times of entries and leases depend on it; call it before each input, too,
  /// with what the clock shows after the input came.
  void tell_clock(instant clock) noexcept;

  // -- inputs: messages of other peers ----------------------------------------

  void receive(const vote_request& msg);
  void receive(const vote_reply& msg);
  void receive(const append_request& msg);
  void receive(const append_reply& msg);
  void receive(const read_index_request& msg);
  void receive(const read_index_reply& msg);
  void receive(const timeout_now& msg);
  void receive(const install_request& msg);
  void receive(const install_reply& msg);

  // -- inputs: the network ----------------------------------------------------

  /// There is a new connection to `peer`; what was in flight on the old one may
  /// be lost.
  /// @param incarnation That of its store. From now on messages from any other
  ///        store of this peer are ignored, and nothing that another one has
  ///        acknowledged counts. 0 if it is not known.
  /// @param version Of the messages that both sides speak; 0 if it is not
  /// known.
  void link_up(peer_id peer, incarnation_id incarnation = {},
               std::uint32_t version = 0);

  /// There is no connection to `peer` any more.
  void link_down(peer_id peer);

  // -- inputs: clients --------------------------------------------------------

  /// Appends an entry if this peer leads and no bound is reached; answers at
  /// once in any case.
  /// @param wall_ms The wall clock, in milliseconds since 1970.
  /// @param space What it takes of the state machine's disk, if there is little
  ///        (see `told_space`).
  started start(entry_kind kind, const command_tag& tag, bytes data,
                std::uint64_t wall_ms, const space_needed& space = {});

  /// Begins to read the state machine without an entry, as of now or later
  /// (thesis, section 6.4). Whether and when it may be read comes out as one of
  /// `output::verdicts`, unless `begun.reason` says why not at once.
  /// @param how Whether a lease is good enough for it; `stale` is taken for
  ///        `linearizable`.
  read_begun begin_read(consistency how = consistency::linearizable);

  // -- inputs: people ---------------------------------------------------------

  /// Begins to hand the leadership to another voter (thesis, section 3.10).
  /// That it goes on is seen by `handing_over_to`, how it ended by who leads.
  /// @param target Who is to lead; 0: the voter that is best fit.
  /// @param limit For how long no commands may be taken meanwhile; at most, and
  ///        if it is 0, for the maximal election timeout.
  transfer_begun transfer(peer_id target, instant limit = instant{0});

  /// Begins a change of the members (thesis, chapter 4), or says why not. It is
  /// done when `members()` is not joint and committed.
  members_changed change(const change_members& wanted);

  // -- inputs: what the shell did ---------------------------------------------

  /// The batch of this number is durable.
  void persisted(batch_number number);

  /// There was no room for the batch of this number: nothing of it is durable.
  void refused(batch_number number);

  /// The state machine has applied everything up to `index`.
  /// @param durable Last entry whose effects it has on its disk; 0 if it keeps
  ///        nothing.
  void applied(log_index index, log_index durable);

  /// How much room the state machine has had when all up to `index` was
  /// applied. A peer that is alone in its group refuses what would pass it:
  /// nobody else can take it, and what is in the log cannot be refused.
  void told_space(log_index index, const space_left& space);

  /// The answer to one of `output::reads`.
  void entries_read(raft::entries_read&& result);

  // -- inputs: snapshots ------------------------------------------------------

  /// This peer has a snapshot of its own state machine on its disk, or still
  /// has one.
  void snapshot_taken(const snapshot_head& head);
  /// One that was taken or came cannot be read any more, or is not what its
  /// head says.
  void snapshot_lost(const snapshot_head& head);
  /// Of one that comes, so many bytes are on the disk, from the first one on.
  void chunk_stored(const snapshot_head& head, std::uint64_t stored);
  /// There was no room for what follows those that are stored.
  void chunk_refused(const snapshot_head& head);
  /// An earlier process got so many bytes of one; comes right after the start.
  void snapshot_found(const snapshot_head& head, std::uint64_t stored);
  /// The state machine has what `output::install` named.
  void installed(const snapshot_head& head);

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
  log_index handed_out() const noexcept;
  log_index applied() const noexcept;
  log_index applied_durable() const noexcept;
  /// Those in force; and those at an entry not before the compaction point.
  const membership& members() const noexcept;
  const membership& members_at(log_index index) const noexcept;
  /// The group's id; 0 until it is known to be committed.
  cluster_id cluster() const noexcept;
  const consensus::log& log() const noexcept;
  const settings& config() const noexcept;
  /// When `advance` is wanted next; `instant::max()` if never.
  instant wake_at() const noexcept;
  /// At some time after this one, the state machine held all that was committed
  /// by then, in the time that `advance` and `tell_clock` tell; nothing if that
  /// is not known. Known from reads: without them it does not get any later.
  std::optional<instant> fresh_at() const noexcept;
  /// Whether nobody else can lead yet, by the clock told last.
  bool has_lease() const;
  /// To whom the leadership is being transferred; 0 if it is not.
  peer_id handing_over_to() const noexcept;
  /// Messages of other processes that were refused because they contradict what
  /// is known here, or themselves, or come from no member.
  std::uint64_t refused_messages() const noexcept;
  /// Whether commands are taken according to `told_space`.
  bool is_alone() const noexcept;
  bool has_space() const noexcept; // as much as anybody wants
  /// Whether this snapshot is to be kept.
  bool needs_snapshot(const snapshot_head& head) const noexcept;
  /// How many bytes of entries follow those that were handed out.
  std::size_t following_bytes() const noexcept;
  peer_state state() const;

private:
  friend class invariant_checker;

  // -- who is who (core.cpp) --------------------------------------------------

  message_header header_to(peer_id to) const noexcept;
  bool is_member(peer_id x) const noexcept;
  bool is_voter(peer_id x) const noexcept;
  bool is_sole_voter() const noexcept;
  bool is_majority(const std::set<peer_id>& granted) const noexcept;
  void note_that(note_kind kind, peer_id peer = {}, log_position where = {});
  void append_to_log(entry x);
  void truncate_log(log_index from);

  // -- what is not believed (trust.cpp) ---------------------------------------

  bool is_for_us(const message_header& x, bool asks);
  template <class Message>
  bool may_be_heard(const Message& msg);
  void distrust(note_kind why, peer_id peer, log_position where = {});
  /// Moves towards a later term. Returns whether we are there.
  bool reach(term_number term, peer_id from);
  /// The first entry of the message that cannot be in the log of a leader,
  /// because another one is committed in its place.
  std::optional<log_position>
  contradicted_by(const append_request& msg) const noexcept;

  // -- elections (elections.cpp) ----------------------------------------------

  void adopt(term_number term);
  void become_follower(peer_id leader);
  void draw_election_timeout();
  void wait_for_election();
  void give_way();
  void pre_campaign();
  void campaign();
  bool may_lead() const noexcept;
  bool may_campaign() const noexcept;
  void stand_in();
  void ask_for_votes();
  void ask_for_vote(peer_id voter);
  void ask_again(candidate& state);
  void count_votes();
  cluster_id draw_cluster_id() noexcept;
  void become_leader();
  bool leader_is_alive() const;
  std::optional<note_kind> objection_to(const vote_request& msg) const;
  void check_quorum(consensus::leader& state, bool late);
  log_position log_to_vote_by() const noexcept;
  log_position log_on_disk() const noexcept;
  instant role_wake_at() const noexcept;
  instant quorum_heard_at(const consensus::leader& state) const;

  // -- who should not lead (hand_over.cpp) -----------------------------------

  void check_standstill(consensus::leader& state, instant stopped_for);
  bool is_overtaken(standstill& x, log_index where, bool by_another) const;
  void lead_no_longer(consensus::leader& state, hand_over_cause why,
                      peer_id ahead, peer_id successor);
  void check_preference(consensus::leader& state);
  bool is_heard(const progress& x) const noexcept;
  bool machine_stands_still() const noexcept;
  log_index machine_waits_for() const noexcept;
  bool should_not_lead() const noexcept;

  // -- transfers (transfer.cpp) ----------------------------------------------

  transfer_result objection_to_successor(const consensus::leader& state,
                                         peer_id id) const;
  peer_id best_successor(const consensus::leader& state, log_index match,
                         log_index applied) const;
  void begin_hand_over(consensus::leader& state, const hand_over& what);
  void pursue_hand_over(consensus::leader& state);
  void cancel_hand_over(consensus::leader& state);
  void end_hand_over(consensus::leader& state);
  bool may_follow_up(const timeout_now& msg) const;

  // -- members (members.cpp) --------------------------------------------------

  void members_differ();
  void reconsider_campaign();
  void append_members(membership next);
  void pursue_change(consensus::leader& state);
  void conclude_change(consensus::leader& state);
  void promote_learners(consensus::leader& state);
  std::uint32_t common_version() const;
  void raise_level(consensus::leader& state);
  bool may_vote_on(const consensus::leader& state,
                   const std::vector<peer_id>& voters) const;
  void let_leave(consensus::leader& state);
  void note_catching_up(progress& x) const;

  // -- append requests received (on_append_request.cpp) -----------------------

  void refuse(const append_request& msg, append_reply& reply);
  void take_entries(const append_request& msg, append_reply& reply);
  void accept(const append_request& msg, append_reply& reply);
  void accept_piece(const append_request& msg, append_reply& reply);
  void merge(const append_request& msg);

  // -- replication (replication.cpp) ------------------------------------------

  log_index append_entry(entry_kind kind, const command_tag& tag, bytes data,
                         std::uint64_t wall_ms);
  void release(consensus::leader& state);
  void replicate(consensus::leader& state, peer_id id, progress& x);
  void send_heartbeats(consensus::leader& state);
  bool goes_in_pieces(const entry& x) const noexcept;
  std::vector<entry> next_entries(const consensus::leader& state,
                                  const progress& x) const;
  void fetch(const consensus::leader& state, peer_id id, progress& x);
  void send_entries(const consensus::leader& state, peer_id id, progress& x,
                    std::vector<entry> entries);
  void send_piece(const consensus::leader& state, peer_id id, progress& x,
                  entry whole);
  void send_append(const consensus::leader& state, peer_id id, progress& x,
                   std::vector<entry> entries);
  append_request append_to(const consensus::leader& state, peer_id id,
                           const progress& x) const;
  void commit_what_is_agreed(consensus::leader& state);
  void commit_to(log_index index);
  void learn_lowest_match(log_index index);
  reject_reason objection_to_command(std::size_t size,
                                     const space_needed& space) const noexcept;
  bool finds_space(const space_needed& space) const noexcept;

  // -- reads without an entry (read_index.cpp) --------------------------------

  void pursue_reads();
  void begin_read_round(consensus::leader& state);
  void ask_majority(consensus::leader& state);
  void confirm_reads(consensus::leader& state);
  void ask_for_read_index();
  void grant_reads();
  void refuse_reads();

  // -- leases (lease.cpp) -----------------------------------------------------

  std::uint64_t promise(round_number round) noexcept;
  bool has_promised() const noexcept;
  void note_round(consensus::leader& state) const;
  void rely_on(const consensus::leader& state, progress& x,
               const append_reply& msg) const;
  read_number read_by_lease();

  // -- snapshots (snapshots.cpp, on_install_request.cpp) ----------------------

  void wait_for_snapshot();
  bool snapshot_is_due() const noexcept;
  void take_snapshot();
  bool reaches_log(const snapshot_head& head) const noexcept;
  log_index wanted_behind(const progress& x) const noexcept;
  void accepted(const append_reply& msg, progress& x);
  bool lacks_dropped(const append_reply& msg, const progress& x) const noexcept;
  void need_snapshot(peer_id id, progress& x);
  void end_snapshot(peer_id id, progress& x);
  void choose_snapshot(const consensus::leader& state, progress& x);
  void send_snapshot(const consensus::leader& state, peer_id id, progress& x);
  void send_chunk(peer_id id, progress& x, std::uint64_t size);
  bool contradicts(const snapshot_head& head) const noexcept;
  void take_chunk(const install_request& msg);
  void install_if_whole();
  void make_install_batch();
  void reset_log();
  void owe_install_reply(const snapshot_head& head, frame_number number);
  void answer_install();

  // -- durability (durability.cpp) --------------------------------------------

  bool hard_state_is_durable() const noexcept;
  bool disk_hangs() const noexcept;
  bool disk_is_left_alone() const noexcept;
  bool log_may_be_written(log_index end) const noexcept;
  log_index compaction_point() const noexcept;
  /// What the slowest member has that is there.
  log_index lowest_lagging() const noexcept;
  void drop_what_found_no_space();
  void answer(message msg, log_index durable_index = {});
  void release_held_answers();
  void drop_held_answers();
  void drop_held_answers_from(log_index index);
  log_index log_end_to_write() const noexcept;
  void make_batch();

  void owe_space(log_index index, std::uint64_t bytes);

  // -- output (output.cpp) ----------------------------------------------------

  void hand_out();
  void hand_out(std::vector<entry> entries);

  // -- state ------------------------------------------------------------------

  identity self_;
  settings config_;
  membership_history members_;
  configurations durable_members_;
  std::map<peer_id, std::uint32_t> connected_; // and the version spoken
  /// With which store each was connected last, if that is known.
  std::map<peer_id, incarnation_id> incarnations_;
  /// From whose other stores messages were dropped, since then.
  std::set<peer_id> strangers_;
  base::random random_;
  instant now_;
  /// What the monotonic clock shows; not before `now_`.
  instant clock_;

  hard_state hard_;
  consensus::log log_;
  /// The entry that our leader sends in pieces.
  assembly assembly_;
  role_state role_;

  /// When to campaign; `instant::max()` for a leader and for a peer that may
  /// not.
  instant election_at_{0};
  /// Whether something due was put off because we woke late.
  bool put_off_ = false;
  /// Whether our campaign was put off for that of another, whose pre-vote we
  /// granted, since we last campaigned or voted.
  bool gave_way_ = false;
  unsigned needed_for_ = 0; // campaigns, see `stand_in`
  /// Terms that came and went since a leader was known, up to a bound.
  unsigned lost_elections_ = 0;

  /// Invariants: `applied_durable_ <= applied_ <= handed_out_ <= commit_
  /// <= log_.last().index`.
  log_index commit_;
  log_index handed_out_;
  log_index applied_;
  log_index applied_durable_;
  std::deque<piece> applying_;
  std::size_t applying_bytes_ = 0;
  /// First entry of the read under way for our own state machine; 0 if none.
  log_index reading_;
  /// What the state machine was said to have room for, behind which entry, and
  /// the entries behind it that we took since we lead.
  space_left space_;
  log_index space_at_;
  std::deque<debt> owed_;
  std::uint64_t owed_bytes_ = 0;
  /// Whether people were told that there is too little.
  bool space_missed_ = false;
  /// When the state machine last applied something, or had nothing to apply.
  instant applied_at_{0};
  standstill slow_disk_;
  standstill stuck_machine_;
  yielding yielded_;
  /// The times of entries.
  entry_clock time_;
  /// Set once `proposed_at_` is committed; and what the disk has of it.
  cluster_id cluster_;
  cluster_id durable_cluster_;
  /// The one in the log, if any: at most one, for no leader writes a second
  /// one.
  cluster_id proposed_;
  log_index proposed_at_;

  hard_state durable_hard_;
  std::optional<batch_under_way> batch_;
  batch_number last_batch_;
  /// Whether the disk had no room for the last entries that needed some.
  bool disk_full_ = false;
  /// Until then a full disk is not tried: with entries that need room, and, if
  /// not even the reserve was enough, with anything.
  instant space_wanted_at_{0};
  instant reserve_wanted_at_{0};
  /// Every member is known to have the log durable up to here.
  log_index lowest_match_;
  /// Invariant: all are of the current term.
  std::vector<held_answer> held_;

  read_queue reads_;
  /// Those that need no more than that what was committed is applied.
  read_queue leased_reads_;
  /// Until then we neither vote nor campaign, see consensus/lease.hpp.
  vote_promise promised_;

  known_snapshots snapshots_;

  std::uint64_t refused_ = 0;

  output out_;
};

} // namespace raft::consensus
