// The words that scenarios share: one leader, an agreement, who is connected.

#pragma once

#include <raft/base/random.hpp>
#include <raft/scenarios/environment.hpp>
#include <raft/scenarios/failure.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace raft::scenarios {

/// One stage of a scenario that has passed.
struct stage_report {
  std::string title;
  duration length{0};
  traffic sent;
  /// Committed commands; the empty entries of leaders do not count.
  std::size_t committed = 0;
};

class agreement;

/// A scenario's view of its environment. What fails here throws
/// `scenario_failure`.
class test_context {
public:
  /// @param seed Of what the scenario draws at random.
  test_context(environment& where, std::uint64_t seed);
  ~test_context();

  environment& where() noexcept {
    return where_;
  }

  std::size_t size() const noexcept {
    return where_.size();
  }

  // -- random numbers
  // -----------------------------------------------------------------

  /// Draws a number below `end`.
  std::uint64_t draw(std::uint64_t end);

  /// Draws a length of time, from `low` to `high` inclusive.
  duration draw(std::chrono::milliseconds low, std::chrono::milliseconds high);

  peer_number draw_peer() {
    return draw(size());
  }

  /// A command that no other equals, as good as surely.
  bytes draw_command();

  /// The state machine answers it, but does nothing.
  static bytes command(std::uint64_t x);

  // -- connections ------------------------------------------------------------

  /// Connects a peer, both ways, with all that are connected.
  void connect(peer_number who);

  /// Cuts a peer off, both ways. It goes on running.
  void disconnect(peer_number who);

  void connect_all();

  bool connected(peer_number who) const {
    return connected_.at(who);
  }

  /// Cuts a peer off, then ends it without warning.
  void crash(peer_number who);

  /// Crashes a peer, if it runs, and starts it from its disk. It is not
  /// connected.
  void restart(peer_number who);

  /// Puts peers into groups, by the number of the group of each: only those of
  /// the same group are connected.
  void partition(const std::vector<int>& groups);

  // -- time -------------------------------------------------------------------

  void sleep(duration length) {
    where_.run_for(length);
  }

  // -- leaders ----------------------------------------------------------------

  /// Waits until some connected peer leads, at most about five seconds: ten
  /// looks with half a second in between. Two leaders in one term fail.
  /// @returns the leader of the highest term.
  peer_number check_one_leader();

  /// @returns the term that all connected peers are in.
  term_number check_terms();

  void check_no_leader();

  /// The highest term of those that run.
  term_number highest_term();

  // -- the log ----------------------------------------------------------------

  /// How many peers have delivered this index. Those that are cut off or
  /// crashed count.
  std::size_t committed(log_index where) const {
    return where_.record().count(where);
  }

  /// Has connected peers commit a command: offers it to one after the other
  /// until one takes it, then waits two seconds until `expected` peers have
  /// delivered it.
  /// @param again Whether to offer it again after that, for ten seconds in
  ///        all. It may then be committed twice.
  /// @returns where it is.
  log_index one(const bytes& command, std::size_t expected, bool again);

  log_index one(std::uint64_t x, std::size_t expected, bool again) {
    return one(command(x), expected, again);
  }

  /// The same beside what the scenario does next. Failures come out of
  /// `sleep` and the like.
  std::shared_ptr<agreement> begin_one(const bytes& command,
                                       std::size_t expected, bool again);

  /// Waits until `expected` peers have delivered an index, half a minute.
  /// @param term Give up as soon as a peer is in a later one.
  /// @returns whether they have; false only because of the term.
  bool wait(log_index where, std::size_t expected,
            std::optional<term_number> term = {});

  // -- snapshots --------------------------------------------------------------

  /// Fails unless the logs of all that run have at most so many bytes of
  /// entries, at once or within two seconds: peers drop entries when there is
  /// time.
  void require_short_logs(std::uint64_t bytes_max);

  /// Fails unless the state machine of each peer that runs has exactly the
  /// effects of all that was committed up to what it has applied.
  void require_states();

  // -- reports ----------------------------------------------------------------

  /// Begins a stage; the one before has passed.
  void begin_stage(std::string title);

  /// Ends the last stage.
  const std::vector<stage_report>& end();

  /// Something worth knowing that is no failure.
  void remark(std::string text) {
    remarks_.push_back(std::move(text));
  }

  const std::vector<std::string>& remarks() const noexcept {
    return remarks_;
  }

private:
  friend class agreement;

  void update_ways();
  bool has_right_state(peer_number who);
  void end_stage();

  environment& where_;
  base::random random_;
  std::vector<bool> connected_;
  /// The group of each peer in the partition.
  std::vector<int> group_;
  /// Which ways are cut, as the environment was told.
  std::vector<std::vector<bool>> closed_;
  std::string stage_;
  instant stage_begin_{0};
  traffic stage_sent_;
  std::size_t stage_committed_ = 0;
  std::vector<stage_report> reports_;
  std::vector<std::string> remarks_;
};

/// The way of one command to a number of peers. Driven by `step`.
class agreement {
public:
  agreement(test_context& owner, bytes command, std::size_t expected,
            bool again);

  /// Does what there is to do.
  /// @returns when to call it next; nothing when the command is committed.
  /// @throws scenario_failure when it is too late.
  std::optional<duration> step();

  /// Where the command was committed; nothing before.
  std::optional<log_index> result() const noexcept {
    return result_;
  }

private:
  bool is_committed() const;
  void offer();

  test_context& context_;
  bytes command_;
  std::size_t expected_;
  bool again_;
  instant begin_;
  instant offered_{0};
  peer_number next_ = 0;
  /// Where it would be; 0 if nobody has taken it.
  log_index index_;
  std::optional<log_index> result_;
};

/// Makes `x` part of a message of failure.
template <class T>
std::string to_word(const T& x) {
  if constexpr (requires { x.value; })
    return std::to_string(x.value);
  else
    return std::to_string(x);
}

/// Fails unless both are equal.
template <class T, class U>
void require_equal(const T& seen, const U& expected, const std::string& what) {
  if (!(seen == expected))
    throw scenario_failure{what + " to be " + to_word(expected), to_word(seen)};
}

/// Fails unless the value is at most `most`.
template <class T, class U>
void require_at_most(const T& seen, const U& most, const std::string& what) {
  if (seen > most)
    throw scenario_failure{what + " to be at most " + to_word(most),
                           to_word(seen)};
}

/// Fails unless it holds.
inline void require(bool holds, const std::string& expected,
                    const std::string& seen) {
  if (!holds)
    throw scenario_failure{expected, seen};
}

} // namespace raft::scenarios
