// Two models for the linearizability checker: an integer register, and a map
// from strings to strings as the key-value state machine is.

#pragma once

#include <raft/simulation/linearizability.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

namespace raft::simulation {

/// A text for people, shortened in its middle if it is long.
std::string shorten(const std::string& text);

/// One integer that can be read, written, and compared and set.
class register_model {
public:
  using value = std::optional<std::int64_t>;

  struct read {};
  struct write {
    value to;
  };
  struct compare_and_set {
    value from;
    value to;
  };

  using input = std::variant<read, write, compare_and_set>;

  struct output {
    /// `read`.
    value seen;
    /// `compare_and_set`: whether the value was `from`.
    bool done = true;
  };

  using state = value;
  using operation = operation_of<register_model>;

  state initial() const {
    return first;
  }

  std::optional<state> step(const state& now, const input& in,
                            const output* out) const;

  bool can_drop(const operation& x,
                const history_part<register_model>& others) const;

  bool only_reads(const operation& x) const;

  /// The values that somebody found, or must find.
  class outlook {
  public:
    explicit outlook(const history_part<register_model>& part);

    bool allows(const operation& x, const state& after) const;

  private:
    bool vague_ = false;
    std::set<value> found_;
  };

  /// For people, and as our history format has it.
  std::string describe(const operation& x, bool whole) const;

  /// Why an operation does not fit.
  std::string refusal(const state& now, const operation& x) const;

  /// What it holds before the first operation.
  value first;
};

/// Strings by strings; each key is an object of its own.
class map_model {
public:
  using value = std::optional<std::string>;

  struct get {};
  struct put {
    std::string to;
  };
  struct append {
    std::string more;
  };
  struct erase {};
  struct compare_and_set {
    value from;
    std::string to;
  };

  struct input {
    std::string key;
    std::variant<get, put, append, erase, compare_and_set> what;
  };

  struct output {
    /// `get`, and what a failed `compare_and_set` found.
    value seen;
    /// `compare_and_set`: whether the value was `from`. If not, `seen` counts
    /// only with `tells`.
    bool done = true;
    bool tells = false;
    /// `append`: the new length in bytes; `erase`: how many keys there were.
    /// Nothing if the client did not look.
    std::optional<std::uint64_t> count;
  };

  /// Of one key.
  using state = value;
  using operation = operation_of<map_model>;

  state initial() const {
    return first;
  }

  const std::string& key_of(const input& in) const {
    return in.key;
  }

  std::optional<state> step(const state& now, const input& in,
                            const output* out) const;

  bool can_drop(const operation& x,
                const history_part<map_model>& others) const;

  bool only_reads(const operation& x) const;

  /// The values that somebody found, or must find. One that nobody found a
  /// continuation of is no use to an operation of unknown outcome. Where there
  /// is nothing but appending, all that is found later must continue it.
  class outlook {
  public:
    explicit outlook(const history_part<map_model>& part);

    bool allows(const operation& x, const state& after) const;

  private:
    bool vague_ = false;
    std::set<value> found_;
    bool appends_only_ = true;
    /// By the start of a read: the shortest value found by it or a later one.
    std::map<std::int64_t, value> shortest_from_;
  };

  /// For people, and as our history format has it.
  std::string describe(const operation& x, bool whole) const;

  /// Why an operation does not fit.
  std::string refusal(const state& now, const operation& x) const;

  /// What every key holds before the first operation. Systems that read a
  /// missing key as empty have an empty string here.
  value first;
};

} // namespace raft::simulation
