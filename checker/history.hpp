// What clients did and saw: the input of the linearizability checker.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace raft::checker {

/// One operation of a client. Operations whose times touch count as
/// simultaneous; those that surely had no effect do not belong in a history.
template <class Input, class Output>
struct operation {
  std::uint64_t client = 0;
  /// When it was sent, by one clock for all clients. Any unit.
  std::int64_t start = 0;
  /// When its answer came. Nothing: its outcome is unknown, it may take effect
  /// at any time after its start, or never.
  std::optional<std::int64_t> end;
  Input input;
  /// What the client saw. Nothing together with an `end`: it took effect in
  /// time, but what it answered is not known. Never there without an `end`.
  std::optional<Output> output;
};

/// What a model takes operations of.
template <class Model>
using operation_of = operation<typename Model::input, typename Model::output>;

/// Operations in any order, and the model that they should follow.
template <class Model>
struct history {
  Model model;
  std::vector<operation_of<Model>> operations;
  /// What a time counts, for people: "line", or empty for just a number.
  std::string unit;
};

} // namespace raft::checker
