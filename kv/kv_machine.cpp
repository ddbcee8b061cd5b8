#include <raft/kv/interpreter.hpp>
#include <raft/kv/kv_machine.hpp>

#include <memory>
#include <utility>

namespace raft::kv {

bytes kv_machine::apply(const machine::apply_context&, const bytes& command) {
  return digests_.execute(data_, command);
}

bool kv_machine::is_prompt() const noexcept {
  return true;
}

bool kv_machine::only_reads(const bytes& command) const {
  return kv::only_reads(command);
}

bytes kv_machine::query(const bytes& request) const {
  return answer(data_, request);
}

std::shared_ptr<machine::slow_query>
kv_machine::begin_query(const bytes& request) {
  return digests_.begin(data_, request);
}

reply kv_machine::run(command x) {
  return kv::run(data_, std::move(x));
}

digest kv_machine::compute_digest() const {
  return kv::compute_digest(data_);
}

machine::state_machine_factory kv_machine_factory() {
  return [](group_id) { return std::make_unique<kv_machine>(); };
}

} // namespace raft::kv
