// A peer that keeps its key-value data on the disk and serves Redis clients,
// until standard input ends. Prints the port.

#include <raft/actors/caf/system.hpp>
#include <raft/cluster/node.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/redis/server.hpp>

#include <caf/actor_system.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: server DIRECTORY\n";
    return 2;
  }
  raft::actors::system_config config{true};
  caf::actor_system system{config};
  raft::cluster::configuration me;
  me.id = {1};
  me.members = {{{1}, {"127.0.0.1", 0}}};
  me.data_directory = argv[1];
  me.bootstrap = true;
  raft::kv::engine_options engine;
  engine.directory = me.data_directory;
  raft::cluster::node node{system, me, raft::kv::engine_factory(engine)};
  raft::redis::server_options options;
  options.where = {"127.0.0.1", 0};
  options.client = node.client();
  options.peer = node.peer();
  raft::redis::server server{system, options};
  std::cout << server.port() << std::endl;
  std::cin.get();
}
