// A replicated counter inside a program of one's own: adds 3 and prints the
// sum. Run it again with the same directory and it goes on counting.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/cluster/node.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/client.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

using namespace std::literals;

namespace {

/// What is replicated: a sum. Every peer applies the same commands in the same
/// order, so every peer has the same sum.
class counter : public raft::machine::state_machine {
public:
  raft::bytes apply(const raft::machine::apply_context&,
                    const raft::bytes& command) override {
    // Rubbish counts as 0. To throw would stop the peer.
    sum_ += std::strtol(std::string{command.view()}.c_str(), nullptr, 10);
    return raft::bytes{std::to_string(sum_)};
  }

private:
  long sum_ = 0;
};

std::unique_ptr<raft::machine::state_machine> make_counter(raft::group_id) {
  return std::make_unique<counter>();
}

int run(const std::string& directory) {
  auto exit_code = EXIT_SUCCESS;
  auto show = [](const raft::executed& x) {
    std::cout << (x.result == raft::outcome::committed ? x.reply.view() : "?")
              << '\n';
  };
  auto complain = [&](const caf::error&) {
    std::cerr << "no answer\n";
    exit_code = EXIT_FAILURE;
  };
  // [README]
  raft::actors::system_config config{true}; // true: with remote actors
  caf::actor_system system{config};
  raft::cluster::configuration me;
  me.id = {1};
  me.members = {{{1}, {"127.0.0.1", 0}}}; // one peer; list all of them here
  me.data_directory = directory;
  me.bootstrap = true; // this start may found the cluster
  raft::cluster::node node{system, me, make_counter};
  caf::scoped_actor self{system};
  raft::actors::ask(self, node.client(), 10s,
                    raft::submit{{1}, raft::bytes{"3"}, 5000})
    .receive(show, complain);
  // [README]
  return exit_code;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: counter DIRECTORY\n";
    return 2;
  }
  return run(argv[1]);
}
