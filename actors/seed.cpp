#include <raft/actors/seed.hpp>

#include <random>

namespace raft::actors {

std::uint64_t draw_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

} // namespace raft::actors
