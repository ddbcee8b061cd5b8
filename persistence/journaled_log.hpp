// A journal and the tables behind it, as one.

#pragma once

#include <raft/persistence/indexed_logs.hpp>
#include <raft/persistence/journal_step.hpp>
#include <raft/persistence/log_tables.hpp>

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

/// Opening comes first, by one thread. Then `commit` and `conclude` are called
/// by one thread at a time, the other members by any.
class journaled_log {
public:
  /// @param tables Outlives this object.
  /// @param incarnation Of the store.
  /// @param ahead How much of the journal is filled before it is needed, in
  ///        bytes.
  journaled_log(log_tables& tables, incarnation_id incarnation,
                std::uint64_t ahead);

  // -- opening ----------------------------------------------------------------

  /// Looks at what the tables hold. May be called again.
  /// @returns what they say of the journal; no segments if there is none yet.
  /// @throws store_error `corrupt`, `no_access`.
  const journal_mark& begin();

  /// Adds what the journal holds. Nothing is written. @pre `begin`.
  /// @param files Outlives this object.
  /// @throws store_error `corrupt`, `no_access`.
  void recover(journal_files& files);

  /// There is no journal yet.
  /// @param files Outlives this object.
  /// @param secret See `journal_mark`.
  void make(journal_files& files, std::uint64_t secret);

  /// See `journal::secure`. Whoever writes calls it, and `note` then.
  void secure() {
    journal_->secure();
  }

  /// See `journal::segments_needed`.
  std::uint32_t segments_needed() const {
    return journal_->segments_needed();
  }

  /// See `journal::last`.
  std::uint64_t last() const {
    return journal_->last();
  }

  /// Notes how many records the journal has, and how many files.
  /// @throws store_error as `store::commit`.
  void note(std::uint32_t segments);

  // -- what a store does ------------------------------------------------------

  const indexed_logs& logs() const noexcept {
    return logs_;
  }

  /// As `store::commit`.
  void commit(std::span<const persist> batches);

  /// As `store::conclude`.
  void conclude();

  /// Whether segments are to be freed, see `journal::is_due`.
  bool is_due() const {
    return journal_->is_due(journal_->oldest());
  }

  /// Moves some of the oldest records to the tables, if that is due.
  /// @returns whether it was.
  /// @throws store_error as `store::commit`.
  bool move_if_due();

  /// The same, whether it is due or not.
  void move_oldest();

  /// As `store::load`.
  durable_state load(group_id group) const;

  /// As `store::read`.
  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const;

private:
  using batches_of_record = std::vector<journaled_batch>;

  // Opening.
  void open(journal_files& files);
  void replay(const journal_record& at, std::string_view body);

  // Committing.
  std::uint64_t time_of_compacted(const persist& x) const;
  void assure_room(const batches_of_record& batches);
  bool find_room(std::uint64_t body_bytes);
  void write_to_tables(std::string body, const batches_of_record& batches,
                       bool may_use_reserve);
  void apply(const batches_of_record& batches, const journal_record* at);

  // Moving records to the tables. The caller holds `moving_`.
  void move(std::size_t bytes_max);
  void move_some();
  void move_all();
  void write(const journal_step& step, const journal_mark& mark,
             bool may_use_reserve);

  std::optional<std::vector<entry>> try_to_read(group_id group,
                                                const indexed_log::plan& plan,
                                                std::uint64_t bytes_max) const;
  entry decoded(group_id group, log_index index, std::string_view data) const;

  log_tables* tables_;
  incarnation_id incarnation_;
  std::uint64_t ahead_;
  indexed_logs logs_;
  std::optional<journal> journal_; // none in an old store that is read

  /// Held by whoever moves records to the tables.
  std::mutex moving_;
  journal_mark mark_; // guarded by `moving_`
};

} // namespace raft::persistence
