// The linearizability checker: whether operations on a shared object can have
// taken effect one after the other, each between its start and its end, so that
// every client saw what it saw (Herlihy and Wing, 1990).

#pragma once

#include <raft/checker/history.hpp>
#include <raft/checker/search.hpp>

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace raft::checker {

/// The object that a history is about, as a sequential program. A type of your
/// own does; see docs/histories.md for a whole one.
///
/// - `input`, `output`, `state`: what a client sends and sees, and what the
///   object is in between. States that behave the same should be equal.
/// - `initial()`: the state before the first operation.
/// - `step(state, input, output)`: the state after an operation; nothing if the
///   object would have answered otherwise. With a null `output` any answer
///   will do.
///
/// A model may also have
/// - `key_of(input)`: operations with different keys do not touch each other.
///   They are then checked apart, which is much faster;
/// - `are_alike(input, input)`: whether two do the same in every state. Of
///   those of unknown outcome that are alike, only the first left is tried; of
///   those whose outputs are equal, too (`==`), only the one that ends first;
/// - `overwrites(operation)`: whether it, with what it answered, fits in every
///   state and always leaves the same. What nobody looked at is then not tried
///   in every place where it could stand;
/// - `only_reads(operation)`: whether it, with what it answered, leaves every
///   state as it is. The search needs fewer steps then;
/// - `outlook`: a type that is made from the operations that are checked
///   together, and whose `allows(step)`, of a `step_of<M>`, says no if an order
///   with this step cannot be completed, or could also be completed without
///   the operation, its outcome being unknown. Without this, many unknown
///   outcomes on one key can make the search endless. It may also have
///   `take(operation)` and `put_back(operation)`, which tell it what is done,
///   `settles(step)` with `looks_ahead()`, see `search_subject`, and
///   `is_contradictory(initial)`, which says yes if there is surely no order at
///   all;
/// - `can_drop(operation, others)`: whether a history that has an order with
///   this operation would still have one without it. Such operations are left
///   out when a violation is shown. Say no when in doubt.
template <class M>
concept model
  = requires(const M& m, const typename M::state& state,
             const typename M::input& input, const typename M::output* output) {
  { m.initial() } -> std::same_as<typename M::state>;
  {
    m.step(state, input, output)
    } -> std::same_as<std::optional<typename M::state>>;
  requires std::totally_ordered<typename M::state>;
  requires std::copyable<typename M::input>;
  requires std::copyable<typename M::output>;
};

/// A model whose operations can be told apart by a key.
template <class M>
concept model_with_keys
  = model<M> && requires(const M& m, const typename M::input& input) {
  { m.key_of(input) } -> std::totally_ordered;
};

/// What an operation does in an order.
template <class M>
struct step_of {
  const typename M::state& before;
  const operation_of<M>& what;
  const typename M::state& after;
  /// All that comes after it in the order ends then or later, or never.
  std::int64_t first_end;
  /// Something must come after it that ends then, and does not just look at
  /// what it leaves; the greatest number if there is nothing.
  std::int64_t first_other_end;
};

/// Operations of one history that belong together.
template <class M>
using history_part = std::vector<const operation_of<M>*>;

struct no_outlook {};

template <class M>
struct outlook_type {
  using type = no_outlook;
};

template <class M>
  requires requires {
    typename M::outlook;
  }
struct outlook_type<M> {
  using type = typename M::outlook;
};

/// What a model foresees; an empty type if it has no `outlook`.
template <class M>
using outlook_of = typename outlook_type<M>::type;

/// Numbers the states of a model for the search.
template <model M>
class modelled_subject : public search_subject {
public:
  /// @param foresee whether to use the model's outlook, if it has one.
  /// @throws std::invalid_argument if an operation has an output and no end.
  modelled_subject(const M& m, const history_part<M>& part, bool foresee = true)
    : model_{m}, part_{part} {
    for (const auto* x : part)
      if (x->output && !x->end)
        throw std::invalid_argument{"an operation has an answer, but no end"};
    number(m.initial());
    if constexpr (requires { typename M::outlook; })
      if (foresee)
        outlook_.emplace(part);
  }

  std::optional<state_id> step(state_id from, std::size_t operation) override {
    const auto& x = *part_[operation];
    auto next
      = model_.step(state(from), x.input, x.output ? &*x.output : nullptr);
    if (!next)
      return std::nullopt;
    return number(std::move(*next));
  }

  bool may_help(const search_step& x) const override {
    if constexpr (requires { typename M::outlook; })
      if (outlook_)
        return outlook_->allows(told(x));
    return true;
  }

  /// Whether there is no order, as the model knows without a search.
  bool is_contradictory() const {
    if constexpr (requires { outlook_->is_contradictory(model_.initial()); })
      return outlook_ && outlook_->is_contradictory(model_.initial());
    return false;
  }

  bool looks_ahead() const override {
    if constexpr (requires { outlook_->looks_ahead(); })
      return outlook_ && outlook_->looks_ahead();
    return false;
  }

  bool settles(const search_step& x) const override {
    if constexpr (requires(step_of<M> y) { outlook_->settles(y); })
      return outlook_ && outlook_->settles(told(x));
    return false;
  }

  void take(std::size_t operation) override {
    if constexpr (requires { outlook_->take(*part_[operation]); })
      if (outlook_)
        outlook_->take(*part_[operation]);
  }

  void put_back(std::size_t operation) override {
    if constexpr (requires { outlook_->put_back(*part_[operation]); })
      if (outlook_)
        outlook_->put_back(*part_[operation]);
  }

  bool are_alike(std::size_t x, std::size_t y) const override {
    const auto& a = *part_[x];
    const auto& b = *part_[y];
    if constexpr (requires { model_.are_alike(a.input, b.input); }) {
      if (!a.output && !b.output)
        return model_.are_alike(a.input, b.input);
      if constexpr (std::equality_comparable<typename M::output>)
        return a.output == b.output && model_.are_alike(a.input, b.input);
    }
    return false;
  }

  bool overwrites(std::size_t operation) const override {
    if constexpr (requires { model_.overwrites(*part_[operation]); })
      return model_.overwrites(*part_[operation]);
    return false;
  }

  bool only_reads(std::size_t operation) const override {
    if constexpr (requires { model_.only_reads(*part_[operation]); })
      return model_.only_reads(*part_[operation]);
    return false;
  }

  const typename M::state& state(state_id id) const {
    return *states_[id];
  }

private:
  step_of<M> told(const search_step& x) const {
    return {state(x.from), *part_[x.operation], state(x.to), x.first_end,
            x.first_other_end};
  }

  state_id number(typename M::state x) {
    auto id = static_cast<state_id>(states_.size());
    auto [i, added] = numbers_.try_emplace(std::move(x), id);
    if (added)
      states_.push_back(&i->first);
    return i->second;
  }

  const M& model_;
  const history_part<M>& part_;
  std::optional<outlook_of<M>> outlook_;
  std::map<typename M::state, state_id> numbers_;
  std::vector<const typename M::state*> states_;
};

template <model M>
std::vector<search_span> spans_of(const history_part<M>& part) {
  std::vector<search_span> result;
  for (const auto* x : part)
    result.push_back({x->start, x->end});
  return result;
}

/// Splits a history by key; a model without keys gives one part.
template <model M>
std::vector<history_part<M>> split(const history<M>& x) {
  std::vector<history_part<M>> result;
  if constexpr (model_with_keys<M>) {
    using key = decltype(x.model.key_of(x.operations.front().input));
    std::map<std::remove_cvref_t<key>, history_part<M>> parts;
    for (const auto& y : x.operations)
      parts[x.model.key_of(y.input)].push_back(&y);
    for (auto& [_, part] : parts)
      result.push_back(std::move(part));
  } else {
    result.emplace_back();
    for (const auto& y : x.operations)
      result.back().push_back(&y);
  }
  return result;
}

/// @throws std::invalid_argument as `modelled_subject`.
template <model M>
search_result check_part(const M& m, const history_part<M>& part,
                         const search_limits& limits = {}) {
  modelled_subject<M> subject{m, part};
  if (subject.is_contradictory())
    return {verdict::not_linearizable, 0, {}, {}};
  return search(spans_of<M>(part), subject, limits);
}

/// What came of a check.
template <model M>
struct checked {
  verdict result = verdict::linearizable;
  std::uint64_t configurations = 0;
  /// The operations, of one key if there are keys, that have no order or for
  /// which none was found in time. They point into the history.
  history_part<M> part;
};

/// Checks a history, one key after the other, up to the first violation. The
/// limits hold for each key.
template <model M>
checked<M> check(const history<M>& x, const search_limits& limits = {}) {
  checked<M> result;
  for (auto& part : split(x)) {
    auto found = check_part(x.model, part, limits);
    result.configurations += found.configurations;
    if (found.result == verdict::linearizable || result.result == found.result)
      continue;
    result.result = found.result;
    result.part = std::move(part);
    if (found.result == verdict::not_linearizable)
      break;
  }
  return result;
}

} // namespace raft::checker
