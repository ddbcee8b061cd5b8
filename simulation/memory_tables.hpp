// The tables behind a journal, in memory.

#pragma once

#include <raft/persistence/log_tables.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace raft::simulation {

/// Each change is on the disk at once and completely, as a transaction of LMDB
/// is. Outlives the process that makes it, which may be ended before or after.
class memory_tables final : public persistence::log_tables,
                            public persistence::table_view {
public:
  /// Where the process ends, with a `process_ends`.
  enum class stop : std::uint8_t { nowhere, before, after };

  struct stops {
    /// In a transaction that moves records of the journal.
    stop moving = stop::nowhere;
    /// In one that writes a batch for which the journal has no room.
    stop batch = stop::nowhere;
    /// The number of the record that such a batch would have.
    std::uint64_t sequence = 0;
  };

  void arm(const stops& x) {
    stops_ = x;
  }

  /// Called before and after each transaction, if given: it may do what another
  /// thread would at that moment, or end the process with a `process_ends`.
  std::function<void(stop)> at_write = {};

  /// How many transactions that move or write batches, and questions for room,
  /// find none from now on.
  std::uint64_t refusals = 0;

  /// How often a process wrote to them from its journal.
  std::uint64_t writes() const noexcept {
    return writes_;
  }

  /// Puts a group there as if earlier processes had written it.
  void preset(group_id group, const durable_state& state,
              std::span<const entry> entries);

  // -- what a process does ----------------------------------------------------

  void look(const std::function<void(const table_view&)>& what) const override {
    what(*this);
  }

  void write(const planner& plan, const persistence::journal_mark& mark,
             bool may_use_reserve) override;
  void write(const persistence::journal_mark& mark) override;
  void conclude(const persistence::journal_mark* mark) override;

  void assure(const lmdb::page_need& need) override;

  bool make_room(std::span<const group_id>) override {
    return false;
  }

  std::uint64_t page_bytes() const override {
    return 4096;
  }

  const std::string& directory() const override;

  // -- what it sees -----------------------------------------------------------

  durable_state load(group_id group) const override;
  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override;
  std::vector<group_id> groups() const override;

  std::optional<persistence::journal_mark> journal() const override {
    return mark_;
  }

  persistence::group_summary summary(group_id group) const override;
  persistence::compaction_point compaction(group_id group) const override;
  term_number term_at(group_id group, log_index index) const override;

private:
  struct row {
    log_position where;
    std::string record;
  };

  struct table {
    hard_state hard;
    configurations members;
    cluster_id cluster;
    persistence::compaction_point compacted;
    snapshot_head installing;
    std::deque<row> log;

    log_position last() const {
      return log.empty() ? compacted.where : log.back().where;
    }

    /// @pre It is there.
    const row& at(log_index index) const {
      return log.at(index - log.front().where.index);
    }
  };

  void refuse_if_full();
  void tell(stop when) const;
  const table& of(group_id group) const;
  void write(const persistence::group_write& x);
  template <class T>
  T decoded(group_id group, const row& x) const;

  std::map<group_id, table> groups_;
  std::optional<persistence::journal_mark> mark_;
  stops stops_;
  std::uint64_t writes_ = 0;
};

} // namespace raft::simulation
