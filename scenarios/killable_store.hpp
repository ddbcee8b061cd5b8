// A store whose process can die at any moment.

#pragma once

#include <raft/persistence/store.hpp>

#include <memory>
#include <mutex>

namespace raft::scenarios {

/// Passes everything on to another store until it is killed. A commit under way
/// then still becomes durable, as on a machine that loses its process after the
/// sync and before the answer; every later one fails, so that what waited for
/// the disk is lost. `kill` may be called by any thread.
class killable_store : public persistence::store {
public:
  explicit killable_store(std::unique_ptr<persistence::store> impl);

  /// Returns when nothing is written any more.
  void kill();

  const persistence::store_identity& identity() const noexcept override;
  void commit(std::span<const persist> batches) override;
  store_memory memory() const override;
  void remember(const raft::remember& what) override;
  void conclude() override;
  durable_state load(group_id group) const override;
  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override;
  std::vector<group_id> groups() const override;

private:
  std::unique_ptr<persistence::store> impl_;
  std::mutex mutex_;
  bool killed_ = false;
};

} // namespace raft::scenarios
