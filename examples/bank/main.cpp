// A replicated bank with messages and a state machine of its own: customers
// send a teller typed messages, and what they order is replicated. Run it again
// with the same directory, and the accounts are still there.

#include "accounts.hpp"
#include "messages.hpp"
#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/cluster/node.hpp>
#include <raft/messages/client.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;
using raft::actors::answer_later;
using raft::actors::ask;
using raft::actors::promise;

bank::receipt to_receipt(const raft::executed& x) {
  switch (x.result) {
    case raft::outcome::committed:
      return {x.reply.view().starts_with("ok "),
              std::string{x.reply.view().substr(3)}};
    case raft::outcome::rejected:
      return {false, "nothing was done: the cluster has no leader"};
    default:
      return {false, "nobody knows: look at the account later"};
  }
}

/// Turns the messages of customers into commands, and replies into receipts.
bank::teller_actor::behavior_type teller(bank::teller_actor::pointer self,
                                         raft::actors::client_actor cluster) {
  auto execute = [self, cluster](raft::bytes command) {
    return answer_later<bank::receipt>(self, [&](promise<bank::receipt> x) {
      auto waiting = std::make_shared<promise<bank::receipt>>(std::move(x));
      ask(self, cluster, 10s, raft::submit{{1}, std::move(command), 5000})
        .then(
          [waiting](const raft::executed& done) {
            waiting->answer(to_receipt(done));
          },
          [waiting](const caf::error&) { waiting->fail("the node ended"); });
    });
  };
  return {
    [execute](const bank::deposit& msg) { return execute(bank::encode(msg)); },
    [execute](const bank::transfer& msg) { return execute(bank::encode(msg)); },
  };
}

/// Orders something and shows the receipt.
template <class Order>
void visit(caf::scoped_actor& self, const bank::teller_actor& window,
           const Order& order) {
  ask(self, window, 15s, order)
    .receive(
      [](const bank::receipt& x) {
        std::cout << (x.done ? "done: " : "refused: ") << x.text << '\n';
      },
      [](const caf::error& e) { std::cout << caf::to_string(e) << '\n'; });
}

void run(const std::string& directory) {
  raft::actors::system_config config{true}; // true: with remote actors
  config.add_message_types<caf::id_block::bank>();
  caf::actor_system system{config};
  raft::cluster::configuration me;
  me.cluster = "bank";
  me.id = {1};
  me.members = {{{1}, {"127.0.0.1", 0}}};
  me.data_directory = directory;
  me.bootstrap = true;
  raft::cluster::node node{system, me, [](raft::group_id) {
                             return std::make_unique<bank::accounts>();
                           }};
  auto window = system.spawn(teller, node.client());
  caf::scoped_actor self{system};
  visit(self, window, bank::deposit{"Anna", 100});
  visit(self, window, bank::transfer{"Anna", "Bert", 30});
  visit(self, window, bank::transfer{"Bert", "Anna", 1000});
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bank DIRECTORY\n";
    return 2;
  }
  try {
    run(argv[1]);
  } catch (const std::exception& e) {
    std::cerr << "bank: " << e.what() << '\n';
    return 1;
  }
}
