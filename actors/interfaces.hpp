// All typed actors on one page: who understands what, and who answers.
//
//   client ──submit──► client_actor ──execute──► peer_actor
//                                                │  ▲
//                  append_request, vote_request  │  │ append_reply, vote_reply
//                                                ▼  │
//                                      peer_actor of another process
//
//   peer_actor ─persist─► persister_actor           per process
//   peer_actor ─read_entries─► reader_actor         per group
//   peer_actor ─apply─► applier_actor               per group
//   applier_actor ─checkpoint─► checkpointer_actor  per group, or none
//   peer_actor ─store_part─► snapshot_keeper_actor  per group, or none
//   peer_actor ─store_state─► snapshot_writer_actor per snapshot
//   applier_actor ─apply_commands─► machine_actor   the user's, if any
//   peer_actor ─delivery─► subscriber_actor         the user's
//   peer_actor ─leadership─► observer_actor         the user's
//
// `takes<X>` is a message without an answer; `answers<X, Y>` is a request `X`
// that is answered by `Y`.
//
// Not here are the actors that keep connections, links and dial (`links/`), and
// the monitor (`cluster/`). Their messages hold addresses and sockets, of which
// this folder knows nothing, and only nodes and clients speak to them. What the
// peer asks of links is `link_keeper_actor`; what they tell is `contact_actor`.
//
// Every interface is an ordinary CAF handle: it can be sent, stored, monitored
// and published. Traffic between peers is one-way; a request that may go to
// another process needs a deadline.

#pragma once

#include <raft/actors/caf/interface.hpp>
#include <raft/actors/snapshot_work.hpp>
#include <raft/messages/caf/type_ids.hpp>
#include <raft/messages/membership.hpp>

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <vector>

namespace raft::machine {

class checkpoint_job;

} // namespace raft::machine

namespace raft::actors {

/// Asks for frozen state of a state machine to be written to the disk. Stays
/// within the process.
struct checkpoint {
  std::shared_ptr<machine::checkpoint_job> job;
};

/// It is on the disk.
struct checkpointed {};

/// Has a peer with an empty store belong to a group that others have founded.
/// Stays within the process.
struct join_group {
  std::vector<peer_id> founders;
  cluster_id cluster;
};

/// The answer.
struct group_joined {
  /// It is on the disk. If not, the store is not empty, or there was no room.
  bool done = false;
};

/// Tells which members are in force, committed or not. Stays within the
/// process.
struct members_are {
  membership what;
};

/// Asks to be told. Stays within the process.
struct follow_members {};

/// Receives the traffic of one Raft group from other peers.
using inbox_actor = actor_interface<
  // A candidate asks for a vote.
  takes<vote_request>,
  // A voter answers.
  takes<vote_reply>,
  // The leader extends our log, or shows that it is alive.
  takes<append_request>,
  // A follower answers.
  takes<append_reply>,
  // A follower asks the leader for a read index.
  takes<read_index_request>,
  // The leader answers.
  takes<read_index_reply>,
  // The leader asks for a campaign at once.
  takes<timeout_now>,
  // The leader sends a part of a snapshot.
  takes<install_request>,
  // A follower says how much of it there is.
  takes<install_reply>>;

/// Receives committed entries, in order, each once per subscription.
using subscriber_actor = actor_interface<takes<delivery>>;

/// Is told when a peer begins or ceases to lead, and who leads.
using observer_actor = actor_interface<takes<leadership>>;

/// Connects a peer with others: whoever sends it `link_up` may be one.
using link_keeper_actor = actor_interface<
  // The peer found that another one sends what cannot be true: end that link,
  // and let it come up again after a pause.
  takes<distrust>,
  // The peer that it follows has other members.
  takes<members_are>>;

/// One Raft peer. Only this actor touches its term, role and log.
using peer_actor = inbox_actor::extend<
  // Append a command; answered at once.
  answers<start, started>,
  // Replicate a command, apply it, return the reply.
  answers<execute, executed>,
  // Give the next piece of a reply that this peer holds for the sender.
  answers<fetch, fetched>,
  // Open a client session; its id is the index in the answer.
  answers<open_session, executed>,
  // Ask this peer's state machine, as of now or of what it has applied.
  answers<query, queried>,
  // Term, role, leader and indexes.
  answers<get_state, peer_state>,
  // Have another peer lead.
  answers<transfer_leadership, leadership_transferred>,
  // Have other members.
  answers<change_members, members_changed>,
  // From this process: belong to a group that others have founded.
  answers<join_group, group_joined>,
  // From this process: tell who keeps the links which members there are, now
  // and at each change.
  takes<follow_members, link_keeper_actor>,
  // Take a snapshot, and keep it for a while.
  answers<take_snapshot, snapshot_taken>,
  // Give a part of it.
  answers<read_snapshot, snapshot_part>,
  // Deliver committed entries to a subscriber.
  answers<args<subscribe, subscriber_actor>, subscribed>,
  // The subscriber has handled so many bytes.
  takes<credit>,
  // From this process: tell an observer who leads, now and at each change.
  answers<args<observe, observer_actor>, observed>,
  // Another peer can be reached through this handle.
  takes<link_up, inbox_actor>,
  // Another peer can no longer be reached.
  takes<link_down>,
  // From this process: why this peer is kept out, for `get_state`.
  takes<standing>,
  // From its applier, or who took over from that, unasked: more of what was
  // applied is on the disk.
  takes<applied>,
  // From itself: the time at which the core wanted to be woken.
  takes<wake>,
  // End for good.
  answers<stop, stopped>>;

/// Makes state durable, for all groups of the process: one transaction takes
/// all that arrived during the one before. Owns the store; runs detached,
/// because a sync blocks.
using persister_actor = actor_interface<
  // Write a batch; answered when it is on the disk.
  answers<persist, persisted>,
  // Remember other peers; answered when it is on the disk.
  answers<remember, remembered>,
  // From itself: write what has been collected.
  takes<commit_collected>,
  // End, after the last commit.
  answers<stop, stopped>>;

/// Reads durable entries of one group that are no longer in memory, for
/// followers and subscribers that lag behind, and for a state machine after a
/// restart. Runs detached, because a read may block, and apart from the
/// persister: no commit waits for a read, and no read for a commit.
using reader_actor = actor_interface<
  // Read durable entries. An error is final: the peer that asked ends.
  answers<read_entries, entries_read>,
  // End, after the read under way; releases the store.
  answers<stop, stopped>>;

/// Runs the state machine of one group. User code runs here, or in the
/// `machine_actor` behind it, and nowhere else.
using applier_actor = actor_interface<
  // Apply committed entries, in order; a request without entries only tells how
  // far the log is durable. Later, `applied` is also sent unasked, when more of
  // what was applied has reached the disk.
  answers<apply, applied>,
  // Ask the state machine, as of what it has applied.
  answers<query, queried>,
  // Run commands that only read, as of what it has applied.
  answers<run_reads, reads_run>,
  // Freeze the state, for a snapshot.
  answers<freeze_state, state_frozen>,
  // From itself: checkpoint what has changed, however little it is.
  takes<checkpoint_now>,
  // From its peer: the same, because the log's disk is full.
  takes<checkpoint_for_space>,
  // From itself: continue what is done in steps.
  takes<continue_work>,
  // From itself: the disk was full, look again.
  takes<look_for_space>,
  // From itself, while it stops: do not wait for the checkpoint any longer.
  takes<abandon_checkpoint>,
  // End, after the last apply.
  answers<stop, stopped>>;

/// Writes the state of a state machine to the disk while commands go on. Runs
/// detached, because a sync blocks.
using checkpointer_actor = actor_interface<
  // Write frozen state; answered when it is on the disk.
  answers<checkpoint, checkpointed>,
  // From itself: try again, after there was no space.
  takes<retry_checkpoint>,
  // From the applier: free the memory of what was written.
  takes<release_checkpoint>,
  // End.
  answers<stop, stopped>>;

/// Keeps the files of a group's snapshots. Runs detached, because disks block.
using snapshot_keeper_actor = actor_interface<
  // Tell what is there; comes before everything else.
  answers<find_snapshots, snapshots_found>,
  // Read a part of one.
  answers<read_part, part_read>,
  // Write a part of one that comes; answered when it is on the disk.
  answers<store_part, part_stored>,
  // From itself: sync what has been written.
  takes<commit_collected>,
  // Make a state machine of one.
  answers<renew_machine, machine_renewed>,
  // Erase one.
  takes<forget_snapshot>,
  // End.
  answers<stop, stopped>>;

/// Writes one snapshot to a file, and ends. Runs detached, because that takes
/// as long as there is state.
using snapshot_writer_actor
  = actor_interface<answers<store_state, state_stored>>;

/// A state machine that is an actor, which users can supply in place of a
/// class. It may take more messages than these. docs/embedding.md has the
/// contract.
using machine_actor = actor_interface<
  // Tell what is on the disk; comes before everything else.
  answers<recover, recovered>,
  // Apply commands, in order, and reply to each.
  answers<apply_commands, commands_applied>,
  // Answer from the state after all commands that came before; must not change
  // it. Only the reply counts: who asks for it knows the index.
  answers<query, queried>,
  // Write the state to the disk; only asked of those that said they keep it.
  answers<checkpoint_state, checkpointed_up_to>,
  // End; answered when nothing of it can act any more.
  answers<stop, stopped>>;

/// The same for one whose state can be copied and taken over, as it says when
/// it answers `recover`.
using copied_machine_actor = machine_actor::extend<
  // Set the state aside.
  answers<copy_state, state_copied>,
  // Give a piece of it.
  answers<read_state, state_piece>,
  // Take a piece of another one's over; comes before all commands.
  answers<take_state, state_taken>>;

/// Answers those who connect to a process. Published at its port.
using acceptor_actor = actor_interface<
  // A peer introduces itself; the handles serve both directions.
  answers<args<hello, peer_actor>, args<welcome, peer_actor>>,
  // A client introduces itself.
  answers<hello, args<welcome, peer_actor>>,
  // Who said hello, or was told welcome, ends the connection.
  takes<farewell>>;

/// Is told which peers can be reached.
using contact_actor = actor_interface<
  // A peer can be reached through this handle.
  takes<link_up, peer_actor>,
  // A peer can no longer be reached.
  takes<link_down>>;

/// A client handle: finds the leader, follows it, retries within a session.
using client_actor = actor_interface<
  // Have a command executed at most once.
  answers<submit, executed>,
  // Ask the state machine of one peer, any or the one named in the answer.
  answers<query, queried>,
  // End; unanswered commands are answered `unknown`.
  answers<stop, stopped>>;

} // namespace raft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::checkpoint)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::checkpointed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::join_group)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::group_joined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::members_are)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::follow_members)

CAF_BEGIN_TYPE_ID_BLOCK(raft_actors, raft::first_type_id + 100)

  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::inbox_actor))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::subscriber_actor))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::peer_actor))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::checkpoint))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::checkpointed))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::observer_actor))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::freeze_state))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::state_frozen))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::store_state))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::state_stored))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::read_part))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::part_read))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::store_part))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::part_stored))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::find_snapshots))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::snapshots_found))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::renew_machine))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::machine_renewed))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::forget_snapshot))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::link_keeper_actor))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::join_group))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::group_joined))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::members_are))
  CAF_ADD_TYPE_ID(raft_actors, (raft::actors::follow_members))

CAF_END_TYPE_ID_BLOCK(raft_actors)
