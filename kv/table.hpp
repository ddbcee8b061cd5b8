// Where the key-value engine keeps what is durable: one interface, a form on
// the disk and one in memory.

#pragma once

#include <raft/kv/map.hpp>
#include <raft/kv/overlay.hpp>
#include <raft/machine/durability.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/ids.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace raft::kv {

/// What is to be written, by its size.
struct table_load {
  /// Keys that changed, and the bytes of these and of their values.
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
  /// How long the session records are that changed, in bytes.
  std::vector<std::size_t> sessions = {};
  /// How many bytes of entries will be applied next, about.
  std::uint64_t following = 0;
};

/// Pairs, how many there are, the applied index that they belong to, and the
/// sessions of that index.
///
/// Threads: `write` is called by one thread at a time; all else may be called
/// by another one beside it and sees what was before it or what is after it,
/// never anything between. No call keeps a transaction open when it returns.
///
/// All members throw `persistence::store_error` if something is damaged, naming
/// the record, or cannot be read.
class table {
public:
  struct contents {
    machine::checkpointed_state state;
    /// How many pairs there are.
    std::uint64_t keys = 0;
  };

  /// Called between two steps of a write with the time that the last one took;
  /// may block, so that others get the disk.
  /// @returns how many times as much as usual the next one may take, at
  /// least 1.
  using rest_handler = std::function<std::size_t(std::chrono::nanoseconds)>;

  struct update {
    std::shared_ptr<const overlay> changes;
    log_index applied;
    /// Only those that changed.
    const std::vector<machine::session_record>& sessions;
    /// What it throws ends the write: nothing of it counts, or all of it, and
    /// the next write brings it to its end.
    rest_handler rest = [](auto) { return 1; };
  };

  /// What the table holds at some moment, for one thread, beside all others.
  class moment {
  public:
    virtual ~moment();

    virtual log_index applied() const noexcept = 0;

    /// @throws machine::given_up if whoever writes has taken it away, because
    ///         the disk could not do without.
    virtual contents load() = 0;

    /// Visits the next pairs, in order, from the first one on; so many that it
    /// takes a millisecond or so. The visitor must not wait.
    /// @returns whether there may be more.
    /// @throws machine::given_up as `load`.
    virtual bool visit_next(const visitor& f) = 0;
  };

  virtual ~table();

  virtual contents load() const = 0;

  virtual bool contains(std::string_view key) const = 0;

  /// The same for many keys, as of one moment.
  virtual std::vector<bool>
  contains_each(const std::vector<std::string_view>& keys) const;

  /// How many pairs there are once an update is written, whether or not it is
  /// by now.
  /// @param applied The index of that update, above that of all others so far;
  ///        of no interest if there are no changes.
  virtual std::uint64_t count_with(const overlay& changes,
                                   log_index applied) const = 0;

  virtual std::optional<std::string> get(std::string_view key) const = 0;

  /// Visits all pairs whose key is not below `first`, in order. Does so in
  /// steps: a `write` that ends meanwhile may show from some key on.
  virtual void visit(std::string_view first, const visitor& f) const = 0;

  /// Holds what there is now, until the result is gone. Costs nothing now, and
  /// some of the disk while others write. Must end before the table does.
  /// @returns null if too many are held.
  virtual std::shared_ptr<moment> hold() = 0;

  /// Whether pairs are expected to be found without waiting for the disk.
  virtual bool is_prompt() const noexcept;

  /// How much more there is room for, and takes what is lacking: see
  /// `machine::durability::space`. By the thread that applies, also while a
  /// `write` is under way.
  virtual space_left look_for_space(const table_load& what);

  /// Makes an update durable in one atomic step. Does nothing if it is already:
  /// its index tells.
  /// @throws machine::no_space if nothing was written, and it can be tried
  ///         again; `persistence::store_error` (`write_failed`) if it is not
  ///         known what the disk holds: the process must end.
  virtual void write(const update& x) = 0;
};

/// A table in memory, for tests. Share it between an engine and its successor
/// to simulate a restart.
std::shared_ptr<table> make_memory_table();

} // namespace raft::kv
