// The interface of a state machine whose state can be copied to another peer,
// or to a file, and taken over from there.
//
//   machine ──begin_snapshot──► frozen_state ──write──► state_sink
//                                                            :
//   new machine ◄────────────read_state────────────── state_source
//
// In memory a state is read into a new machine. A machine that keeps its state
// on the disk has a `restoration`, which builds the new state beside the old
// one.

#pragma once

#include <raft/machine/session_record.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace raft::machine {

struct checkpointed_state;
struct machine_context;

/// Takes a state, piece by piece.
class state_sink {
public:
  virtual ~state_sink();

  /// Takes the next bytes, of any number. May block: on a disk, or to keep to a
  /// rate.
  /// @throws whatever makes it useless to go on; the caller lets it pass.
  virtual void write(std::string_view data) = 0;
};

/// Gives a state, piece by piece.
class state_source {
public:
  virtual ~state_source();

  /// Gives the next bytes, at most `size`.
  /// @returns how many; 0 only at the end.
  /// @throws if they cannot be had; the caller lets it pass.
  virtual std::size_t read(char* to, std::size_t size) = 0;
};

/// What a source gave is no state, or not one of this machine. What was read
/// into must not be used any more.
class bad_state : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Fills `to` from a source.
/// @throws bad_state if the source ends before.
void read_exactly(state_source& from, char* to, std::size_t size);

/// @throws bad_state if a source has more.
void expect_end(state_source& from);

/// All that a source has left.
/// @throws bad_state if that is more than `size_max`.
std::string read_rest(state_source& from, std::size_t size_max);

/// A state that no longer changes, on its way out. Holds on to all that it
/// needs: the machine may be gone when it is written.
class frozen_state {
public:
  virtual ~frozen_state();

  /// For a machine that hands out what it has on the disk: up to which entry
  /// that goes. Nothing: the state is that of the moment at which it was
  /// frozen.
  virtual std::optional<log_index> checkpoint() const noexcept;

  /// The session records of that checkpoint, one for each session.
  ///
  /// Thread: as for `write`, and before it. Only if there is a `checkpoint`.
  virtual std::vector<session_record> sessions();

  /// Writes all of it, once.
  ///
  /// Thread: any, also while the machine applies and answers.
  /// @throws given_up if the machine needs back what this holds, see
  ///         machine/durability.hpp; another snapshot may be begun. Whatever
  ///         the sink throws.
  virtual void write(state_sink& to) = 0;
};

/// Copies the state of a machine. Called like the machine itself: by one actor,
/// never two members at a time.
///
/// Most machines write and read, and need no more: `write_state` and
/// `read_state`. The state is then copied in memory as it is written, while
/// commands wait; a machine with a large state does better and has a
/// `begin_snapshot` of its own. Client sessions and the time of the log go with
/// each state; the machine sees nothing of them.
///
/// Determinism: what `read_state` has read acts from then on exactly as the
/// machine whose state was written. Peers may write the same state in different
/// bytes.
class snapshotting {
public:
  virtual ~snapshotting();

  /// Names the machine and the form of its states, as in "bank 1": a state of
  /// another name is refused. From 1 to 64 bytes; the same on all peers.
  virtual std::string state_format() const = 0;

  /// Writes the whole state.
  virtual void write_state(state_sink& to) const = 0;

  /// Takes over a state that was written by a machine of the same format.
  /// Reads all of it: what is left at the end shows that it is another's.
  /// @pre This is a new machine, to which nothing was applied.
  /// @throws bad_state if it makes no sense.
  virtual void read_state(state_source& from) = 0;

  /// Freezes the state, between two commands. Returns at once: others wait
  /// meanwhile.
  /// @returns null if it cannot be now, but will be later: because there is
  ///          nothing to copy yet, or an earlier snapshot is still being
  ///          written.
  virtual std::unique_ptr<frozen_state> begin_snapshot();
};

/// A state with all that belongs to it: what a new peer needs instead of the
/// log.
struct snapshot {
  /// The state holds the effect of all entries up to here, and of no other.
  log_index applied;
  /// See `snapshotting::state_format`.
  std::string format;
  std::unique_ptr<frozen_state> state;
  /// If they do not come with the state.
  std::vector<session_record> kept_sessions;

  /// The records of all sessions, and of the clock.
  ///
  /// Thread: that which writes the state, and before it does.
  std::vector<session_record> sessions();
};

/// For a machine that keeps its state on the disk: builds another one beside
/// that in use, which then takes its place. Made without the machine. A state
/// that was built and not installed is there until another one is built or the
/// machine is made: that removes what an earlier process left. So whoever has
/// promised to install a state looks for it before.
class restoration {
public:
  virtual ~restoration();

  /// What it reads, see `snapshotting::state_format`.
  virtual std::string state_format() const = 0;

  /// Reads a state and makes it durable beside the one in use, with the applied
  /// index and the sessions.
  ///
  /// Thread: any, also while the machine runs.
  /// @throws bad_state, no_space; what the source throws. Then the state in use
  ///         is as it was, and nothing stays beside it.
  virtual void build(const checkpointed_state& what, state_source& from) = 0;

  /// Looks for a state that an earlier process has built and not installed.
  /// @returns whether there is one that goes up to this entry: as if `build`
  ///          had returned.
  virtual bool find(log_index applied) = 0;

  /// Puts it in the place of the old state, in one step: a crash leaves the old
  /// one or the new one. When this returns, it is the new one for good.
  /// @pre `build` has returned; the machine is gone, and its snapshots are.
  virtual void install() = 0;
};

using restoration_factory
  = std::function<std::unique_ptr<restoration>(const machine_context&)>;

} // namespace raft::machine
