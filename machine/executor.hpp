// Runs committed entries: the state machine with client sessions around it.

#pragma once

#include <raft/machine/state_machine.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/entry.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>

namespace raft::machine {

class durability;
class checkpoint_job;
class sessions;
class state_source;
struct checkpointed_state;
struct snapshot;
struct session_bounds;

/// This many bytes of applied entries make a checkpoint due, even if they
/// changed little: a restart has to apply them again, and the log has to keep
/// them. A machine that may have more bytes dirty than that keeps as much log,
/// too.
inline constexpr std::size_t log_since_checkpoint_bytes_max = 64 << 20;

/// Nothing is applied while a checkpoint is under way and the log holds this
/// many times what makes one due, for it and the next one together: if there is
/// no room for the checkpoint, the log must stop growing, too.
inline constexpr std::size_t logs_since_checkpoint_max = 5;

/// After this many reminders a checkpoint pauses no more.
inline constexpr unsigned checkpoint_reminders_max = 32;

inline constexpr std::size_t checkpoint_share_max = 256;

/// A number from 1 to `checkpoint_share_max` by which a peer checkpoints
/// earlier than others. Without it the peers of a group, which apply the same,
/// would checkpoint at the same time, and the log would wait for the disks of a
/// majority.
std::size_t checkpoint_share(peer_id self);

/// Gives each command to the state machine exactly once, however often clients
/// retried it (thesis, section 6.3). A pure object: the applier actor and the
/// simulator use this same class.
class executor {
public:
  /// Goes on where the state machine and the sessions beside it left off.
  /// @throws std::runtime_error if stored sessions cannot be understood.
  explicit executor(std::unique_ptr<state_machine> what);

  executor(std::unique_ptr<state_machine> what, const session_bounds& bounds);

  ~executor();

  /// Applies the next committed entry, of any kind. Entries without an effect
  /// on the state machine are `done` with an empty reply.
  /// @param reply_max How long the reply to a command that only reads may be,
  ///        in bytes; a longer one is not given (`no_space`). With 0 nobody
  ///        wants it, and the state machine is not even asked.
  /// @throws std::logic_error if `x.index` does not follow `applied()`, and
  ///         whatever `state_machine::apply` throws. `applied()` then stays,
  ///         and this object must not be used for anything but `applied`.
  apply_result apply(const entry& x, std::size_t reply_max
                                     = std::numeric_limits<std::size_t>::max());

  /// Runs a command that only reads, without an entry, as of what was applied.
  /// @param reply_max As for `apply`.
  /// @throws what `state_machine::apply` throws.
  apply_result read(const bytes& command,
                    std::size_t reply_max
                    = std::numeric_limits<std::size_t>::max());

  /// Asks the state machine.
  bytes query(const bytes& request) const;

  /// See `state_machine::begin_query`.
  std::shared_ptr<slow_query> begin_query(const bytes& request);

  /// See `state_machine::is_prompt`.
  bool is_prompt() const noexcept;

  /// See `state_machine::estimate_of_space`.
  space_estimate estimate_of_space() const noexcept;

  /// Last entry applied.
  log_index applied() const noexcept;

  // -- for machines that keep their state on the disk ------------------------

  /// Whether the machine keeps its state on the disk.
  bool keeps_state() const noexcept;

  /// Last entry whose effects are on the disk; 0 if the machine keeps nothing.
  log_index checkpointed() const noexcept;

  /// How much more may be applied, see `durability::space`. While that has an
  /// end, changes are checkpointed as soon as there are any.
  /// @param following How many bytes of entries are to come next, about.
  space_left look_for_space(std::uint64_t following);

  /// Whether a checkpoint is under way and memory is full, as far as the
  /// checkpoint has come by now, or the log far too long: apply nothing until
  /// it is done, or has gone on.
  bool must_wait() const;

  /// Whether it makes sense to look at `must_wait` now and then, before the
  /// checkpoint is done.
  bool may_go_on_soon() const;

  /// Freezes what changed, if there is enough of it and no checkpoint is under
  /// way, and hands out the job of the checkpoint when its time has come. Each
  /// job comes out once; run it in another thread, then call `checkpoint_done`.
  /// @param log_durable How far this peer's log is durable. The state on the
  ///        disk must never be ahead of it: until it is durable up to the
  ///        frozen index, the job is kept.
  /// @param now Whether to freeze however little has changed. To a checkpoint
  ///        that is under way it is a reminder: each one makes it more urgent,
  ///        so that it ends some time also on a slow disk.
  std::shared_ptr<checkpoint_job> take_checkpoint(log_index log_durable,
                                                  bool now);

  /// The job that came out last has run.
  void checkpoint_done();

  /// Lets a checkpoint that follows no other, or one that came for its time, be
  /// due with so much of what makes others due, in 256ths; see
  /// `checkpoint_share`.
  /// @pre `1 <= share <= 256`.
  void stagger_checkpoints(std::size_t share);

  // -- for machines whose state can be copied --------------------------------

  /// Whether `begin_snapshot` and `restore` can be called.
  bool has_snapshots() const noexcept;

  /// Freezes state, sessions and time, to be written by another thread. A
  /// machine that keeps its state on the disk may hand out what is there: the
  /// state of its last checkpoint.
  /// @returns nothing if it cannot be now: see `snapshotting::begin_snapshot`.
  /// @pre `has_snapshots()`.
  std::optional<snapshot> begin_snapshot() const;

  /// Goes on where a snapshot was begun.
  /// @param format See `snapshotting::state_format`.
  /// @param from Gives the state of the machine, and nothing else.
  /// @pre This is a new object, and its machine keeps nothing on the disk.
  /// @throws bad_state if the machine cannot take this over, or not all of it,
  ///         std::runtime_error if the sessions cannot be understood, and what
  ///         the source throws. Then this object must not be used any more.
  void restore(const checkpointed_state& what, const std::string& format,
               state_source& from);

private:
  /// State that was set aside.
  struct frozen {
    log_index applied;
    /// Null once it was handed out.
    std::shared_ptr<checkpoint_job> job;
    /// Cost of the entries whose effects it has.
    std::size_t log_bytes = 0;
    unsigned reminders = 0;
  };

  bool checkpoint_is_due() const;

  /// How soon the checkpoint under way should end, from 0 to 1.
  double urgency() const;
  std::size_t dirty_bytes_allowed() const;

  std::size_t log_since_checkpoint_max() const;

  apply_result apply_command(const entry& x, std::size_t reply_max);

  apply_result run_read(const apply_context& where, const bytes& command,
                        std::size_t reply_max);

  std::unique_ptr<state_machine> machine_;
  std::unique_ptr<sessions> sessions_;
  log_index applied_;

  /// Part of the machine; null if it keeps nothing.
  durability* disk_ = nullptr;
  log_index checkpointed_;
  /// Cost of the entries since the last freeze.
  std::size_t log_bytes_ = 0;
  /// How much of what makes a checkpoint due makes the next one due, in 256ths.
  std::size_t due_share_ = checkpoint_share_max;
  std::size_t first_share_ = checkpoint_share_max;
  std::optional<frozen> frozen_;
  /// Whether the disk was full at the last look.
  bool short_of_room_ = false;
};

} // namespace raft::machine
