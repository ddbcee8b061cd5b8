// raft-compare-etcd: load on etcd.

#include <raft/bench/etcd/connection.hpp>
#include <raft/bench/failover.hpp>

int main(int argc, char** argv) {
  // More connections cost etcd more than the streams on one do.
  constexpr std::size_t clients_per_connection = 8;
  using raft::bench::etcd::connection;
  return raft::bench::compare_program(
    argc, argv, "raft-compare-etcd",
    {[](auto port) { return std::make_unique<connection>(port); },
     clients_per_connection});
}
