// The interface of a state machine that keeps its state on the disk.

#pragma once

#include <raft/machine/session_record.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <vector>

namespace raft::machine {

/// What a state machine found on the disk when it was made.
struct checkpointed_state {
  /// The state holds the effect of all entries up to here, and of no other.
  log_index applied;
  /// The session records that were given to the `freeze` of that state and of
  /// those before it: for each session the latest one.
  std::vector<session_record> sessions;
};

/// There is no room on the disk. Nothing was written, and trying again later
/// may succeed.
class no_space : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A job was told to give up, and did. What it has written does not count, or
/// is completed by the next job.
class given_up : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A part of the state that no longer changes, on its way to the disk.
class checkpoint_job {
public:
  virtual ~checkpoint_job();

  /// Writes it, the applied index and the session records in one atomic step;
  /// when this returns, all of it is on the disk.
  ///
  /// Thread: any, also while the machine applies and answers.
  /// @throws no_space if nothing was written; then this may be called again.
  ///         `given_up` only after `give_up`. Anything else that is thrown ends
  ///         the process.
  virtual void run() = 0;

  /// Somebody waits for it to end, so it need not leave disk bandwidth to
  /// others. Does nothing if it never does.
  ///
  /// Thread: any, also while it runs.
  virtual void hurry() noexcept;

  /// The process ends, and `run` need not complete: it throws `given_up` as
  /// soon as it can do so without harm. Does nothing if it never can.
  ///
  /// Thread: any, also while it runs.
  virtual void give_up() noexcept;
};

/// What is to get to the disk beside the changes that the machine knows of.
struct space_question {
  /// How long the session records are that changed since the last freeze, in
  /// bytes.
  std::vector<std::size_t> sessions = {};
  /// How many bytes of entries are to be applied next, about.
  std::uint64_t following = 0;
};

/// Keeps a state machine's state on the disk. Called like the machine itself:
/// by one actor, never two members at a time.
///
/// The state goes to the disk in steps. `freeze` sets aside what has changed
/// since the last one; another thread writes that while commands go on; then
/// `checkpointed` is called. At most one step is under way. Applied index,
/// state and sessions become durable together, so that after a crash no entry
/// is applied twice or lost.
class durability {
public:
  virtual ~durability();

  /// What was on the disk when this object was made.
  virtual checkpointed_state recovered() const = 0;

  /// About how much memory the changes take that are not frozen yet, in bytes.
  virtual std::size_t dirty_bytes() const = 0;

  /// The bound for `dirty_bytes`: while a step is under way, no command is
  /// applied beyond it, nor beyond what `progress` allows.
  virtual std::size_t dirty_bytes_max() const = 0;

  /// Sets aside all changes up to the entry `applied`, which was the last one
  /// applied. The result runs only when the log is durable up to there, too.
  /// @param sessions The session records that changed since the last call.
  /// @pre No step is under way.
  virtual std::shared_ptr<checkpoint_job>
  freeze(log_index applied, std::vector<session_record> sessions) = 0;

  /// How much more may be applied so that all that is dirty finds room on the
  /// disk, whatever else happens there: unlimited as long as more can be taken.
  /// Takes what is lacking, and blocks if much is. Asked only by a peer that
  /// refuses what has no room, because no other one could take it.
  virtual space_left space(const space_question& what);

  /// How much of the step under way is done, about: from 0 to 1, which it
  /// always is by default. The last quarter of the room for changes is given
  /// out as the step goes on, so that commands which come faster than that wait
  /// often and shortly, and not once until it is done.
  /// @pre A step is under way.
  virtual double progress() const;

  /// Says how urgent the step under way is: from 0, it may take its time, to 1,
  /// commands wait or the log gets too long. Changes while it runs. Does
  /// nothing if a step never yields the disk to others.
  /// @pre A step is under way.
  virtual void set_urgency(double x);

  /// The last step is on the disk.
  virtual void checkpointed() = 0;
};

} // namespace raft::machine
