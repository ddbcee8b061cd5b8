// Runs committed entries on a state machine that answers later.

#pragma once

#include <raft/machine/durability.hpp>
#include <raft/machine/pipeline_bounds.hpp>
#include <raft/machine/sessions.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/entry.hpp>
#include <raft/messages/machine.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace raft::machine {

/// A state machine could not apply a command.
class apply_failure : public std::runtime_error {
public:
  apply_failure(log_index where, const std::string& reason)
    : std::runtime_error{reason}, where_{where} {
    // nop
  }

  /// The entry that could not be applied.
  log_index where() const noexcept {
    return where_;
  }

private:
  log_index where_;
};

/// Does what `executor` does, for a state machine that is given commands in
/// batches and answers some time later: each command reaches it exactly once,
/// and sessions hold the same as if each reply had been there at once. A pure
/// object; the proxy applier owns the mailbox.
class pipeline {
public:
  /// Goes on where the state machine and the sessions beside it left off.
  /// @throws std::runtime_error if stored sessions cannot be understood.
  explicit pipeline(const checkpointed_state& found,
                    const session_bounds& sessions = {},
                    const pipeline_bounds& bounds = {});

  /// Whether there is room for an entry. If not, take a batch or wait for an
  /// answer.
  bool takes_more() const noexcept;

  /// Takes the next committed entry, of any kind, and decides whether its
  /// command is to reach the state machine.
  /// @pre `takes_more()`.
  /// @throws std::logic_error if `x.index` does not follow `pushed()`.
  /// @throws apply_failure if the kind of the entry is not known. This object
  ///         must not be used any further then.
  void push(const entry& x);

  /// Last entry that was pushed.
  log_index pushed() const noexcept;

  /// Whether a batch may go to the state machine.
  bool has_batch() const noexcept;

  /// The next batch for the state machine. Its number is that of the batch
  /// before plus 1; the first has number 1.
  /// @pre `has_batch()`.
  std::vector<machine_command> take_batch();

  /// All commands up to here are in batches that were taken.
  log_index given() const noexcept;

  /// The state machine answered the batch with this number. Answers may come in
  /// any order; they count in the order of the batches.
  /// @throws apply_failure if it could not apply a command, or if there is not
  ///         one reply for each. This object must not be used any further then.
  void answered(std::uint64_t number, commands_applied&& answer);

  /// First and last entry of the batches without an answer that counts, if any.
  std::optional<std::pair<log_index, log_index>> unanswered() const;

  /// Last entry such that it and all before it have results.
  log_index applied() const noexcept;

  /// Results of commands and opened sessions up to `applied()`, in the order of
  /// the log, each once.
  std::vector<apply_result> take_results();

  /// Whether all that was pushed is applied.
  bool idle() const noexcept;

  /// Session records that changed since the last call, as of `applied()`.
  /// @pre `idle()`.
  std::vector<session_record> take_changes();

  /// Records of all sessions and of the clock, as of `applied()`.
  /// @pre `idle()`.
  std::vector<session_record> all_records() const;

private:
  /// An entry without a result, or one behind such.
  struct item {
    entry_kind kind = entry_kind::empty;
    command_tag tag;
    /// Whether the state machine, or the command that this is a retry of, is
    /// still to answer.
    bool waits = false;
    apply_result result;
    /// Retries that came before the answer.
    std::vector<log_index> retries;
  };

  struct batch {
    std::vector<log_index> commands;
    std::optional<commands_applied> answer;
  };

  void push_command(const entry& x, item& into);

  void add_to_batch(const entry& x, item& into);

  void settle(const batch& done);

  void settle_item(log_index where, bytes reply);

  void collect_results();

  item& item_at(log_index where);

  pipeline_bounds bounds_;
  sessions sessions_;
  log_index applied_;
  log_index pushed_;
  /// One for each entry behind `applied_`.
  std::deque<item> items_;
  /// Commands that wait for an answer and have a session.
  std::map<std::pair<session_id, std::uint64_t>, log_index> pending_;
  std::vector<machine_command> next_;
  std::size_t next_bytes_ = 0;
  /// Batches that were taken, from number `first_batch_` on.
  std::deque<batch> on_way_;
  std::uint64_t first_batch_ = 1;
  std::vector<apply_result> results_;
};

} // namespace raft::machine
