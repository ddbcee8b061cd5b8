#include <raft/simulation/disk_store.hpp>

namespace raft::simulation {

disk_store::disk_store(recorded_disk& disk, peer_id owner, start_id start)
  : disk_{disk}, identity_{"simulated", owner, disk.incarnation()} {
  disk_.begin_start(start);
}

disk_store::~disk_store() {
  disk_.end(nullptr, false);
}

const persistence::store_identity& disk_store::identity() const noexcept {
  return identity_;
}

void disk_store::commit(std::span<const persist> batches) {
  for (const auto& x : batches)
    disk_.write(x);
}

store_memory disk_store::memory() const {
  return disk_.memory();
}

void disk_store::remember(const raft::remember& what) {
  disk_.remember(what);
}

void disk_store::conclude() {
  disk_.conclude();
}

durable_state disk_store::load(group_id) const {
  return disk_.state();
}

std::vector<entry> disk_store::read(group_id group, log_index first,
                                    log_index last,
                                    std::uint64_t bytes_max) const {
  return disk_.read({group, {}, first, last, bytes_max}).entries;
}

std::vector<group_id> disk_store::groups() const {
  return {{1}};
}

} // namespace raft::simulation
