// The disk of a simulated peer as a store, for what changes stores without a
// peer.

#pragma once

#include <raft/persistence/store.hpp>
#include <raft/simulation/recorded_disk.hpp>

namespace raft::simulation {

/// A process that has the disk for as long as this lives.
class disk_store final : public persistence::store {
public:
  /// @param start Of the process.
  disk_store(recorded_disk& disk, peer_id owner, start_id start);

  /// The process ends, without a word.
  ~disk_store() override;

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
  recorded_disk& disk_;
  persistence::store_identity identity_;
};

} // namespace raft::simulation
