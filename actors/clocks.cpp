#include <raft/actors/clocks.hpp>

#include <chrono>

namespace raft::actors {

using std::chrono::duration_cast;

consensus::instant clocks::steady_now() {
  auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return duration_cast<consensus::instant>(since_boot);
}

std::uint64_t clocks::system_wall_ms() {
  using std::chrono::milliseconds;
  auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
    duration_cast<milliseconds>(since_1970).count());
}

} // namespace raft::actors
