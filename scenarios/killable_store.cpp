#include <raft/scenarios/killable_store.hpp>

namespace raft::scenarios {

killable_store::killable_store(std::unique_ptr<persistence::store> impl)
  : impl_{std::move(impl)} {
  // nop
}

void killable_store::kill() {
  std::lock_guard guard{mutex_};
  killed_ = true;
}

const persistence::store_identity& killable_store::identity() const noexcept {
  return impl_->identity();
}

void killable_store::commit(std::span<const persist> batches) {
  std::lock_guard guard{mutex_};
  if (killed_)
    throw persistence::store_error{persistence::store_errc::write_failed,
                                   "the process was killed"};
  impl_->commit(batches);
}

store_memory killable_store::memory() const {
  return impl_->memory();
}

void killable_store::remember(const raft::remember& what) {
  std::lock_guard guard{mutex_};
  if (killed_)
    throw persistence::store_error{persistence::store_errc::write_failed,
                                   "the process was killed"};
  impl_->remember(what);
}

void killable_store::conclude() {
  std::lock_guard guard{mutex_};
  if (!killed_)
    impl_->conclude();
}

durable_state killable_store::load(group_id group) const {
  return impl_->load(group);
}

std::vector<entry> killable_store::read(group_id group, log_index first,
                                        log_index last,
                                        std::uint64_t bytes_max) const {
  return impl_->read(group, first, last, bytes_max);
}

std::vector<group_id> killable_store::groups() const {
  return impl_->groups();
}

} // namespace raft::scenarios
