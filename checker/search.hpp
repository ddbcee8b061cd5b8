// The search for an order of operations, of whatever model: Wing and Gong's
// algorithm with Lowe's improvements (G. Lowe, "Testing for linearizability",
// 2017).

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace raft::checker {

enum class verdict : std::uint8_t {
  linearizable,
  not_linearizable,
  /// The search was given up at its bound: nothing is known.
  undecided,
};

struct search_limits {
  /// How many pairs of (operations done, state) are remembered at most. Each
  /// takes about 250 bytes.
  std::uint64_t configurations_max = 5'000'000;
};

/// When an operation may take effect.
struct search_span {
  std::int64_t start = 0;
  /// Nothing: at any time after the start, or never.
  std::optional<std::int64_t> end;
};

/// Numbers a state of the model. 0 is the first one; equal states have equal
/// numbers.
using state_id = std::uint32_t;

/// An operation, by its position, and what it does.
struct search_step {
  state_id from = 0;
  std::size_t operation = 0;
  state_id to = 0;
  /// When the first of the operations that have an end and are not done ends,
  /// this one included: all that comes after it ends then or later.
  std::int64_t first_end = 0;
  /// The same without this one, and without those that only read and fit after
  /// it; the greatest number if there are none.
  std::int64_t first_other_end = 0;
};

/// What the search asks about the model.
class search_subject {
public:
  virtual ~search_subject() = default;

  /// The state after an operation, by its position, was done in a state.
  /// @returns nothing if it would have answered otherwise than it did.
  virtual std::optional<state_id> step(state_id from, std::size_t operation)
    = 0;

  /// No if an order with this step cannot be completed, or could also be
  /// completed without the operation, its outcome being unknown. Yes is always
  /// true enough, no makes the search faster.
  virtual bool may_help(const search_step& x) const = 0;

  /// Whether two operations, with what they answered, do the same in every
  /// state, and fit in the same ones. No is always true enough, yes makes the
  /// search faster.
  virtual bool are_alike(std::size_t x, std::size_t y) const = 0;

  /// Whether an operation fits in every state and always leaves the same. No is
  /// always true enough, yes makes the search faster.
  virtual bool overwrites(std::size_t operation) const = 0;

  /// Whether `settles` may say yes, and `first_other_end` is looked at.
  virtual bool looks_ahead() const = 0;

  /// Whether an operation can be done at once, because if an order goes on from
  /// here in any way, then one goes on with it. The answer counts only if
  /// nothing fits here but what overwrites. No is always true enough, yes makes
  /// the search faster.
  virtual bool settles(const search_step& x) const = 0;

  /// An operation is done from here on.
  virtual void take(std::size_t operation) = 0;

  /// The last operation that was taken is not done.
  virtual void put_back(std::size_t operation) = 0;

  /// Whether an operation, with what it answered, leaves every state as it is.
  /// No is always true enough, yes makes the search faster.
  virtual bool only_reads(std::size_t operation) const = 0;
};

/// An order that fits what was seen but cannot be continued.
struct dead_end {
  /// Positions of operations.
  std::vector<std::size_t> order;
  state_id state = 0;
  /// Those of which one would have to be next; none of them fits.
  std::vector<std::size_t> refused;
};

struct search_result {
  verdict result = verdict::linearizable;
  /// The pairs of (operations done, state) that were looked at.
  std::uint64_t configurations = 0;
  /// If `linearizable`: an order that fits. Operations of unknown outcome that
  /// it does not need are left out.
  std::vector<std::size_t> order;
  /// If `not_linearizable`: some of the orders that go furthest.
  std::vector<dead_end> dead_ends;
};

/// Looks for an order of all operations with an end, and of as many of the
/// others as helps, in which each takes effect between its start and its end.
/// The result is a function of the arguments alone.
search_result search(const std::vector<search_span>& spans,
                     search_subject& subject, const search_limits& limits = {});

} // namespace raft::checker
