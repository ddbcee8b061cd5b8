#include <raft/kv/interpreter.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/kv/pair_stream.hpp>

#include <memory>
#include <utility>

namespace raft::kv {

namespace {

class frozen_pairs final : public machine::frozen_state {
public:
  explicit frozen_pairs(std::unique_ptr<memory_map::moment> what)
    : what_{std::move(what)} {
    // nop
  }

  void write(machine::state_sink& to) override {
    write_pairs(to, [this](const visitor& f) { what_->visit(f); });
    what_ = nullptr;
  }

private:
  std::unique_ptr<memory_map::moment> what_;
};

} // namespace

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

machine::snapshotting* kv_machine::snapshotting() noexcept {
  return this;
}

std::string kv_machine::state_format() const {
  return kv::state_format;
}

void kv_machine::write_state(machine::state_sink& to) const {
  write_pairs(to, [this](const visitor& f) { data_.visit({}, f); });
}

void kv_machine::read_state(machine::state_source& from) {
  pair_reader in{from};
  while (in.next())
    data_.put(in.key(), std::string{in.value()});
}

std::unique_ptr<machine::frozen_state> kv_machine::begin_snapshot() {
  auto now = data_.freeze();
  if (!now)
    return nullptr;
  return std::make_unique<frozen_pairs>(std::move(now));
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
