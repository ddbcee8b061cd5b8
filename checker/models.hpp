// Two models for the linearizability checker: an integer register, and a map
// from strings to strings as the key-value state machine is.

#pragma once

#include <raft/checker/ledger.hpp>
#include <raft/checker/linearizability.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace raft::checker {

/// Functions for the alternatives of a variant.
template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};

template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

/// A text for people, shortened in its middle if it is long.
std::string shorten(const std::string& text);

/// What operations that have not ended may still look at, and when the last of
/// them ends that looks at it.
template <class What>
using last_looks = std::map<What, std::int64_t>;

/// One integer that can be read, written, and compared and set.
class register_model {
public:
  using value = std::optional<std::int64_t>;

  struct read {
    friend bool operator==(const read&, const read&) = default;
  };
  struct write {
    value to;

    friend bool operator==(const write&, const write&) = default;
  };
  struct compare_and_set {
    value from;
    value to;

    friend bool operator==(const compare_and_set&, const compare_and_set&)
      = default;
  };

  using input = std::variant<read, write, compare_and_set>;

  struct output {
    /// `read`.
    value seen;
    /// `compare_and_set`: whether the value was `from`.
    bool done = true;

    friend bool operator==(const output&, const output&) = default;
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

  bool overwrites(const operation& x) const;

  bool are_alike(const input& x, const input& y) const {
    return x == y;
  }

  /// The values that somebody must find, or must not find. An operation of
  /// unknown outcome is no use if nobody can tell whether it happened.
  class outlook {
  public:
    explicit outlook(const history_part<register_model>& part);

    bool allows(const step_of<register_model>& x) const;
    bool is_contradictory(const value& first) const;
    bool looks_ahead() const {
      return ledger_.counts();
    }
    bool settles(const step_of<register_model>& x) const;
    void take(const operation& x);
    void put_back(const operation& x);

  private:
    last_looks<value> found_;
    last_looks<value> avoided_;
    value_ledger<value> ledger_;
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

  struct get {
    friend bool operator==(const get&, const get&) = default;
  };
  struct put {
    std::string to;

    friend bool operator==(const put&, const put&) = default;
  };
  struct append {
    std::string more;

    friend bool operator==(const append&, const append&) = default;
  };
  struct erase {
    friend bool operator==(const erase&, const erase&) = default;
  };
  struct compare_and_set {
    value from;
    std::string to;

    friend bool operator==(const compare_and_set&, const compare_and_set&)
      = default;
  };

  struct input {
    std::string key;
    std::variant<get, put, append, erase, compare_and_set> what;

    friend bool operator==(const input&, const input&) = default;
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

    friend bool operator==(const output&, const output&) = default;
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

  bool overwrites(const operation& x) const;

  bool are_alike(const input& x, const input& y) const {
    return x == y;
  }

  /// What somebody must find, or must not find. An operation of unknown outcome
  /// is no use if nobody can tell whether it happened, from what it leaves or
  /// what becomes of that by appending. Where there is nothing but appending,
  /// all that is found later must continue it.
  class outlook {
  public:
    explicit outlook(const history_part<map_model>& part);

    bool allows(const step_of<map_model>& x) const;
    bool is_contradictory(const value& first) const;
    bool looks_ahead() const {
      return ledger_.counts();
    }
    bool settles(const step_of<map_model>& x) const;
    void take(const operation& x);
    void put_back(const operation& x);

  private:
    void note(const operation& x);
    bool may_be_needed(const step_of<map_model>& x) const;
    /// Whether what is found after this step may continue what it leaves.
    bool is_continued(const step_of<map_model>& x) const;

    last_looks<value> found_;
    last_looks<value> avoided_;
    value_ledger<value> ledger_;
    /// By the length before an `append`: when the last one ends that found a
    /// value this long or longer, and told.
    last_looks<std::uint64_t> lengths_;
    /// When the last `erase` ends that told whether there was a value.
    std::optional<std::int64_t> presence_;
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

} // namespace raft::checker
