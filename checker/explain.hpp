// Shows a violation: the smallest part of a history that has no order, and why
// it has none.

#pragma once

#include <raft/checker/linearizability.hpp>

#include <algorithm>
#include <concepts>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace raft::checker {

/// A model that can say what it does. Beyond a `model`:
///
/// - `describe(operation, whole)`: the operation and its answer, in a few
///   words; `whole`: without shortening anything;
/// - `refusal(state, operation)`: why the operation does not fit, as the end of
///   a sentence: "the key holds 3, but it saw 2".
template <class M>
concept explainable_model
  = model<M> && requires(const M& m, const typename M::state& state,
                         const operation_of<M>& x) {
  { m.describe(x, true) } -> std::same_as<std::string>;
  { m.refusal(state, x) } -> std::same_as<std::string>;
};

/// How much to do about showing a violation.
struct explain_limits {
  /// In configurations of searches, or what takes about as long; some hundred
  /// thousand a second. 0: show the violation as it is found.
  std::uint64_t steps_max = 1'000'000;
};

/// Makes a violation smaller for as long as it is one, and until the steps are
/// used up. Each step leaves
/// something out of which follows: if what is left has no order, the whole has
/// none either. Such steps are
/// - to end the history earlier, what was under way then being of unknown
///   outcome;
/// - to drop an operation that the model says can go;
/// - to forget what an operation answered.
/// To just drop operations would not do: a read whose write is gone looks like
/// a violation in every history.
template <model M>
class minimizer {
public:
  using operation = operation_of<M>;
  using part_type = history_part<M>;

  /// @pre `part` has no order.
  minimizer(const M& m, part_type part, const explain_limits& limits)
    : model_{m}, left_{limits.steps_max}, part_{std::move(part)} {
    // nop
  }

  /// The result points into the history and into this object.
  const part_type& run() {
    cut_end();
    for (auto again = true; again && left_ > 0;) {
      again = drop();
      again = forget() || again;
    }
    std::stable_sort(part_.begin(), part_.end(),
                     [](auto* x, auto* y) { return x->start < y->start; });
    return part_;
  }

  /// Of the steps; with none, the part may not be the smallest.
  std::uint64_t left() const noexcept {
    return left_;
  }

private:
  void pay(std::uint64_t steps) {
    left_ -= std::min(steps, left_);
  }

  /// @returns no as well if there are no steps left to find it out.
  bool is_violation(const part_type& x) {
    pay(x.size() / 8);
    if (left_ == 0)
      return false;
    auto found = check_part(model_, x, {left_});
    pay(found.configurations);
    return found.result == verdict::not_linearizable;
  }

  bool take_if_violation(part_type x) {
    if (!is_violation(x))
      return false;
    part_ = std::move(x);
    return true;
  }

  const operation* keep(operation x) {
    changed_.push_back(std::move(x));
    return &changed_.back();
  }

  /// What had been seen up to some moment.
  part_type seen_until(std::int64_t time) {
    part_type result;
    for (const auto* x : part_) {
      if (x->start > time)
        continue;
      if (!x->end || *x->end <= time) {
        result.push_back(x);
        continue;
      }
      auto open = *x;
      open.end.reset();
      open.output.reset();
      result.push_back(keep(std::move(open)));
    }
    return result;
  }

  void cut_end() {
    std::vector<std::int64_t> ends;
    for (const auto* x : part_)
      if (x->end)
        ends.push_back(*x->end);
    std::sort(ends.begin(), ends.end());
    auto first = std::partition_point(ends.begin(), ends.end(), [&](auto time) {
      return !is_violation(seen_until(time));
    });
    if (first != ends.end())
      take_if_violation(seen_until(*first));
  }

  bool only_reads(const operation& x) const {
    if constexpr (requires { model_.only_reads(x); })
      return model_.only_reads(x);
    return false;
  }

  /// Leaves out what can go of some of the operations. Those that only read go
  /// first: that is soon said, and there is less to compare the others with.
  part_type without(std::size_t begin, std::size_t end) {
    auto result = part_;
    if constexpr (requires { model_.can_drop(*part_[0], part_); }) {
      auto first = result.begin() + static_cast<std::ptrdiff_t>(begin);
      auto last = result.begin() + static_cast<std::ptrdiff_t>(end);
      pay((end - begin) / 8);
      auto rest = std::remove_if(first, last, [&](const auto* x) {
        return only_reads(*x) && model_.can_drop(*x, part_);
      });
      end = static_cast<std::size_t>(rest - result.begin());
      result.erase(rest, last);
      for (auto i = end; i-- > begin && left_ > 0;) {
        pay(1 + result.size() / 64);
        const auto* x = result[i];
        result.erase(result.begin() + static_cast<std::ptrdiff_t>(i));
        if (!model_.can_drop(*x, result))
          result.insert(result.begin() + static_cast<std::ptrdiff_t>(i), x);
      }
    }
    return result;
  }

  /// Many at once first, then fewer.
  bool drop() {
    auto dropped = false;
    for (auto size = part_.size(); size > 0; size /= 2)
      for (auto end = part_.size(); end > 0 && left_ > 0;) {
        auto begin = end > size ? end - size : 0;
        auto rest = without(begin, end);
        if (rest.size() < part_.size() && take_if_violation(std::move(rest)))
          dropped = true;
        end = std::min(begin, part_.size());
      }
    return dropped;
  }

  bool forget() {
    auto forgot = false;
    for (std::size_t i = 0; i < part_.size() && left_ > 0; ++i) {
      if (!part_[i]->output)
        continue;
      auto dumb = *part_[i];
      dumb.output.reset();
      auto rest = part_;
      rest[i] = keep(std::move(dumb));
      forgot = take_if_violation(std::move(rest)) || forgot;
    }
    return forgot;
  }

  const M& model_;
  std::uint64_t left_;
  part_type part_;
  std::deque<operation> changed_;
};

/// What is said about one operation.
struct explained_operation {
  std::uint64_t client = 0;
  search_span span;
  std::string text;
};

/// An order and why it cannot go on.
struct explained_dead_end {
  /// Positions of operations.
  std::vector<std::size_t> order;
  /// Operations that would have to be next, each with what speaks against it.
  std::vector<std::pair<std::size_t, std::string>> refused;
};

/// A violation, without its model.
struct explanation {
  std::vector<explained_operation> operations;
  std::vector<explained_dead_end> dead_ends;
  /// How many operations the history has.
  std::size_t total = 0;
  /// Whether fewer operations might do: the steps were used up.
  bool is_given_up = false;
  std::string unit;
};

/// As lines of text for people, each with two blanks in front.
std::string to_text(const explanation& x);

/// The orders of a violation that go furthest, each with what speaks against
/// going on.
template <explainable_model M>
std::vector<explained_dead_end> explain_dead_ends(const M& m,
                                                  const history_part<M>& part,
                                                  std::uint64_t steps_max) {
  // Without foresight, orders end where somebody saw the difference. That can
  // take long.
  search_limits few{std::min<std::uint64_t>(10'000, steps_max)};
  auto spans = spans_of<M>(part);
  modelled_subject<M> subject{m, part, false};
  auto found = search(spans, subject, few);
  modelled_subject<M> foreseeing{m, part};
  auto* used = &subject;
  if (found.result == verdict::undecided) {
    found = search(spans, foreseeing, {steps_max});
    used = &foreseeing;
  }
  std::vector<explained_dead_end> result;
  for (auto& end : found.dead_ends) {
    explained_dead_end told{std::move(end.order), {}};
    const auto& state = used->state(end.state);
    for (auto i : end.refused) {
      const auto& x = *part[i];
      auto fits = m.step(state, x.input, x.output ? &*x.output : nullptr);
      told.refused.emplace_back(
        i, fits ? "no later answer goes on from what it leaves"
                : m.refusal(state, x));
    }
    result.push_back(std::move(told));
  }
  return result;
}

/// Explains why a history is not linearizable. The result is a function of the
/// arguments alone.
/// @pre `found` is what `check` says of it, with `not_linearizable`.
template <explainable_model M>
explanation explain(const history<M>& x, const checked<M>& found,
                    const explain_limits& limits = {}) {
  minimizer<M> smaller{x.model, found.part, limits};
  const auto& part = smaller.run();
  explanation result;
  result.total = x.operations.size();
  result.unit = x.unit;
  result.is_given_up = smaller.left() == 0;
  for (const auto* y : part)
    result.operations.push_back(
      {y->client, {y->start, y->end}, x.model.describe(*y, false)});
  // Orders of what was not made smaller would be too long to read.
  if (!result.is_given_up)
    result.dead_ends = explain_dead_ends(x.model, part, smaller.left());
  return result;
}

} // namespace raft::checker
