// Shows a violation: the smallest part of a history that has no order, and why
// it has none.

#pragma once

#include <raft/simulation/linearizability.hpp>

#include <algorithm>
#include <concepts>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace raft::simulation {

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

/// Makes a violation smaller for as long as it is one. Each step leaves
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
  minimizer(const M& m, part_type part, const search_limits& limits)
    : model_{m}, limits_{limits}, part_{std::move(part)} {
    // nop
  }

  /// The result points into the history and into this object.
  const part_type& run() {
    cut_end();
    for (auto again = true; again;) {
      again = drop();
      again = forget() || again;
    }
    std::stable_sort(part_.begin(), part_.end(),
                     [](auto* x, auto* y) { return x->start < y->start; });
    return part_;
  }

private:
  bool is_violation(const part_type& x) const {
    return check_part(model_, x, limits_).result == verdict::not_linearizable;
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

  /// Leaves out what can go of some of the operations.
  part_type without(std::size_t begin, std::size_t end) const {
    auto result = part_;
    if constexpr (requires { model_.can_drop(*part_[0], part_); })
      for (auto i = end; i-- > begin;) {
        const auto* x = result[i];
        result.erase(result.begin() + static_cast<std::ptrdiff_t>(i));
        if (!model_.can_drop(*x, result))
          result.insert(result.begin() + static_cast<std::ptrdiff_t>(i), x);
      }
    return result;
  }

  /// Many at once first, then fewer.
  bool drop() {
    auto dropped = false;
    for (auto size = part_.size(); size > 0; size /= 2)
      for (auto end = part_.size(); end > 0;) {
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
    for (std::size_t i = 0; i < part_.size(); ++i) {
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
  search_limits limits_;
  part_type part_;
  std::deque<operation> changed_;
};

/// What is said about one operation.
struct explained_operation {
  std::uint64_t client = 0;
  search_span span;
  std::string text;
};

/// An order and why it can not go on.
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
  std::string unit;
};

/// As lines of text for people, each with two blanks in front.
std::string to_text(const explanation& x);

/// The orders of a violation that go furthest, each with what speaks against
/// going on.
template <explainable_model M>
std::vector<explained_dead_end> explain_dead_ends(const M& m,
                                                  const history_part<M>& part,
                                                  const search_limits& limits) {
  // Without foresight, orders end where somebody saw the difference. That can
  // take long.
  constexpr search_limits few{10'000};
  auto spans = spans_of<M>(part);
  modelled_subject<M> subject{m, part, false};
  auto found = search(spans, subject, few);
  modelled_subject<M> foreseeing{m, part};
  auto* used = &subject;
  if (found.result == verdict::undecided) {
    found = search(spans, foreseeing, limits);
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

/// Explains why a history is not linearizable.
/// @pre `found` is what `check` says of it, with `not_linearizable`.
template <explainable_model M>
explanation explain(const history<M>& x, const checked<M>& found,
                    const search_limits& limits = {}) {
  minimizer<M> smaller{x.model, found.part, limits};
  const auto& part = smaller.run();
  explanation result;
  result.total = x.operations.size();
  result.unit = x.unit;
  for (const auto* y : part)
    result.operations.push_back(
      {y->client, {y->start, y->end}, x.model.describe(*y, false)});
  result.dead_ends = explain_dead_ends(x.model, part, limits);
  return result;
}

} // namespace raft::simulation
