// The tables behind a journal, as far as it needs them.

#pragma once

#include <raft/lmdb/page_need.hpp>
#include <raft/persistence/log_change.hpp>
#include <raft/persistence/record.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

/// An entry, and its record.
struct encoded_entry {
  log_position where;
  std::string_view record;
};

/// What is to be written of a group.
struct group_write {
  group_id group;
  hard_state hard;
  /// If they change; else null.
  const configurations* members = nullptr;
  /// 0 keeps what is there.
  cluster_id cluster;
  /// The snapshot that is being installed from now on, a default value if none
  /// is any more; null keeps what is there.
  const snapshot_head* installing = nullptr;
  log_change change;
  /// The time of the last entry that is compacted, if it is known; if not, the
  /// entry tells if the store has it.
  std::uint64_t compacted_time_ms = 0;
  /// What follows `change.base`.
  std::vector<encoded_entry> entries;
};

/// What the tables hold, at one moment.
///
/// All members throw `store_error` (`corrupt`) if a record is damaged or does
/// not fit the others.
class table_view {
public:
  /// As `store::load`.
  virtual durable_state load(group_id group) const = 0;

  /// As `store::read`.
  virtual std::vector<entry> read(group_id group, log_index first,
                                  log_index last,
                                  std::uint64_t bytes_max) const = 0;

  /// As `store::groups`.
  virtual std::vector<group_id> groups() const = 0;

  /// What is said of the journal; nothing if there is none.
  virtual std::optional<journal_mark> journal() const = 0;

  /// The short form of `load`.
  virtual group_summary summary(group_id group) const = 0;

  virtual compaction_point compaction(group_id group) const = 0;

  /// The term of an entry of the log.
  virtual term_number term_at(group_id group, log_index index) const = 0;

protected:
  ~table_view() = default;
};

/// Tests and the simulator put tables in their place that live in memory.
///
/// Threads: any, beside each other; those that write wait for each other.
class log_tables {
public:
  virtual ~log_tables();

  /// Finds out what to write.
  using planner = std::function<std::vector<group_write>(const table_view&)>;

  /// @throws store_error `corrupt`, `no_access`.
  virtual void
  look(const std::function<void(const table_view&)>& what) const = 0;

  /// Carries out what was planned, and writes the mark, in one transaction.
  /// @param may_use_reserve Whether it holds nothing that clients asked for.
  /// @throws store_error as `store::commit`.
  virtual void write(const planner& plan, const journal_mark& mark,
                     bool may_use_reserve)
    = 0;

  /// Writes the mark, after which no program opens the store that knows of no
  /// journal.
  /// @throws store_error as `store::commit`.
  virtual void write(const journal_mark& mark) = 0;

  /// As `store::conclude`.
  /// @param mark Written as well, if there is one.
  virtual void conclude(const journal_mark* mark) = 0;

  /// Sees to it that there is room for what is promised to be written later.
  /// @throws store_error `no_space`.
  virtual void assure(const lmdb::page_need& need) = 0;

  /// Erases some of what is compacted.
  /// @returns whether there was any.
  virtual bool make_room(std::span<const group_id> groups) = 0;

  /// In bytes.
  virtual std::uint64_t page_bytes() const = 0;

  /// Where they are, for messages.
  virtual const std::string& directory() const = 0;

  /// @throws store_error `corrupt`, with a text that says which record.
  [[noreturn]] void corrupt(const std::string& record,
                            const std::string& why) const;
};

} // namespace raft::persistence
