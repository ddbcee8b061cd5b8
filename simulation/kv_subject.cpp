#include <raft/kv/kv_machine.hpp>
#include <raft/simulation/kv_subject.hpp>

namespace raft::simulation {

std::unique_ptr<machine::state_machine> kv_subject::make_machine() const {
  return std::make_unique<kv::kv_machine>();
}

std::optional<bytes> kv_subject::next_command(const program_context& x) const {
  std::string key{static_cast<char>('a' + x.chance.below(5))};
  auto value = std::to_string(x.client) + "." + std::to_string(x.number) + " ";
  // A few are larger than the bounds that some clusters have.
  if (x.chance.per_mille(30))
    value.resize(x.chance.between(100, 2000), '.');
  auto dice = x.chance.below(10);
  if (dice < 4)
    return kv::encode(kv::get{{key}});
  if (dice < 6)
    return kv::encode(kv::put{key, value});
  if (dice < 8)
    return kv::encode(kv::append{key, value});
  if (dice < 9)
    return kv::encode(kv::erase{{key}});
  return kv::encode(kv::compare_and_set{key, std::nullopt, value});
}

std::string
kv_subject::portrait_of(const machine::state_machine& machine) const {
  return std::string{machine.query(kv::digest_request()).view()};
}

} // namespace raft::simulation
