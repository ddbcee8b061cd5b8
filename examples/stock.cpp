// A state machine that is an actor: the stock of a warehouse. Commands reach it
// through the cluster; other actors of its process ask it with messages of
// their own. Run it again with the same directory, and the stock is still
// there. Its state can be copied, so the log need not be kept from the start.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/cluster/node.hpp>
#include <raft/messages/client.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

namespace stock {

/// Asks how many of an item there are, here and now.
struct count_item {
  std::string item;
};

struct item_count {
  std::string item;
  std::int64_t count = 0;
};

// NOLINTNEXTLINE(misc-unused-using-decls): CAF looks for it here.
using raft::inspect;

/// What a state machine must understand, and more.
using shelf_actor = raft::actors::copied_machine_actor::extend<
  raft::actors::answers<count_item, item_count>>;

} // namespace stock

CAF_BEGIN_TYPE_ID_BLOCK(stock, raft::first_free_type_id)

  CAF_ADD_TYPE_ID(stock, (stock::count_item))
  CAF_ADD_TYPE_ID(stock, (stock::item_count))

CAF_END_TYPE_ID_BLOCK(stock)

namespace {

using namespace std::chrono_literals;
using raft::actors::ask;

class shelf_state {
public:
  static inline const char* name = "shelf";

  /// "put ITEM N" or "take ITEM N"; the reply is how many there are then.
  raft::commands_applied apply(const raft::apply_commands& batch) {
    raft::commands_applied result;
    for (const auto& x : batch.commands)
      result.replies.push_back(raft::bytes{apply_one(x.data)});
    return result;
  }

  std::int64_t count(const std::string& item) const {
    auto i = counts_.find(item);
    return i == counts_.end() ? 0 : i->second;
  }

  raft::state_copied copy(const raft::copy_state& x) {
    aside_.clear();
    for (const auto& [item, count] : counts_)
      aside_ += item + ' ' + std::to_string(count) + '\n';
    aside_after_ = x.applied;
    return {x.applied};
  }

  caf::result<raft::state_piece> read(const raft::read_state& x) const {
    if (x.applied != aside_after_ || x.offset > aside_.size())
      return raft::actors::failure("that was not set aside");
    return raft::state_piece{raft::bytes{aside_.substr(x.offset, 64 << 10)}};
  }

  caf::result<raft::state_taken> take(const raft::take_state& x) {
    taken_ += x.data.view();
    if (!x.data.empty())
      return raft::state_taken{taken_.size()};
    std::istringstream in{taken_};
    std::string item;
    for (std::int64_t number = 0; in >> item >> number;)
      counts_[item] = number;
    if (!in.eof())
      return raft::actors::failure("this is no stock");
    return raft::state_taken{taken_.size()};
  }

private:
  std::string apply_one(const raft::bytes& command) {
    std::istringstream in{std::string{command.view()}};
    std::string verb;
    std::string item;
    std::int64_t number = 0;
    // A command without sense gets a reply, too. Only what no peer can apply,
    // and none should pass over, is told in `commands_applied::failed`.
    if (!(in >> verb >> item >> number) || number <= 0)
      return "no such command";
    if (verb == "put")
      return std::to_string(counts_[item] += number);
    if (verb != "take" || count(item) < number)
      return "there are only " + std::to_string(count(item));
    return std::to_string(counts_[item] -= number);
  }

  std::map<std::string, std::int64_t> counts_;
  /// The state as text, as it was after an entry.
  std::string aside_;
  raft::log_index aside_after_;
  /// What has come of another one's.
  std::string taken_;
};

stock::shelf_actor::behavior_type
shelf(stock::shelf_actor::stateful_pointer<shelf_state> self,
      raft::group_id group) {
  using raft::actors::state_of;
  return {
    // It keeps nothing on a disk of its own, and can be copied.
    [](const raft::recover&) {
      return raft::recovered{false, {}, {}, "stock 1"};
    },
    [self](const raft::apply_commands& x) { return state_of(self).apply(x); },
    [self](const raft::query& x) {
      auto item = std::string{x.request.view()};
      return raft::queried{
        {}, raft::bytes{std::to_string(state_of(self).count(item))}};
    },
    [](const raft::checkpoint_state&) -> caf::result<raft::checkpointed_up_to> {
      return raft::actors::failure("nobody asks for this");
    },
    [self, group](const raft::stop&) {
      self->quit();
      return raft::stopped{group};
    },
    [self](const raft::copy_state& x) { return state_of(self).copy(x); },
    [self](const raft::read_state& x) { return state_of(self).read(x); },
    [self](const raft::take_state& x) { return state_of(self).take(x); },
    [self](const stock::count_item& x) {
      return stock::item_count{x.item, state_of(self).count(x.item)};
    },
  };
}

void run(const std::string& directory) {
  raft::actors::system_config config{true}; // true: with remote actors
  config.add_message_types<caf::id_block::stock>();
  caf::actor_system system{config};
  raft::cluster::configuration me;
  me.cluster = "stock";
  me.id = {1};
  me.members = {{{1}, {"127.0.0.1", 0}}};
  me.data_directory = directory;
  me.bootstrap = true;
  stock::shelf_actor here;
  raft::cluster::node node{system, me, [&](raft::group_id group) {
                             here = system.spawn(shelf, group);
                             return raft::actors::machine_actor{here};
                           }};
  caf::scoped_actor self{system};
  auto complain
    = [](const caf::error& e) { throw std::runtime_error{caf::to_string(e)}; };
  for (const auto* command : {"put bolts 10", "take bolts 3", "take nuts 1"})
    ask(self, node.client(), 10s, raft::submit{{1}, raft::bytes{command}, 5000})
      .receive(
        [&](const raft::executed& x) {
          std::cout << command << ": " << x.reply.view() << '\n';
        },
        complain);
  ask(self, here, 10s, stock::count_item{"bolts"})
    .receive(
      [](const stock::item_count& x) {
        std::cout << x.count << ' ' << x.item << " here\n";
      },
      complain);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: stock DIRECTORY\n";
    return EXIT_FAILURE;
  }
  try {
    run(argv[1]);
  } catch (const std::exception& e) {
    std::cerr << "stock: " << e.what() << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
