// raft-compare-redis: load on a system with a Redis port.

#include <raft/bench/failover.hpp>
#include <raft/bench/redis_connection.hpp>

int main(int argc, char** argv) {
  using namespace raft::bench;
  return compare_program(
    argc, argv, "raft-compare-redis",
    {[](auto port) { return std::make_unique<redis_connection>(port); }, 1});
}
