#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/nothing.hpp>
#include <raft/cluster/dial.hpp>
#include <raft/cluster/greeting.hpp>
#include <raft/tests/cluster/guest.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/exit_reason.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace raft::cluster {

namespace {

constexpr std::chrono::seconds deadline{30};

void no_answer(const caf::error& why) {
  BOOST_FAIL(caf::to_string(why));
}

} // namespace

guest::guest(const address& where) {
  actors::door_actor door;
  std::uint64_t patience_ms = 10'000;
  actors::ask(self_, spawn_dial(system_), deadline, where.host, where.port,
              patience_ms)
    .receive(
      [&](const caf::node_id&, const caf::strong_actor_ptr& found,
          const std::string& complaint) {
        BOOST_REQUIRE_MESSAGE(found, complaint);
        door = caf::actor_cast<actors::door_actor>(found);
      },
      no_answer);
  actors::ask(self_, door, deadline, make_hello({"raft", {}, {}, {}}, {}))
    .receive([this](const welcome&,
                    const actors::peer_actor& found) { peer_ = found; },
             no_answer);
  auto count = [total = received_](actors::nothing) {
    return actors::subscriber_actor::behavior_type{
      [total](const delivery& msg) {
        for (const auto& x : msg.entries)
          *total += cost(x);
      }};
  };
  subscriber_ = system_.spawn(count, actors::nothing{});
}

guest::~guest() {
  // The peer keeps its handle.
  self_->send_exit(subscriber_, caf::exit_reason::user_shutdown);
}

template <class Answer, class... Ts>
Answer guest::ask(Ts&&... xs) {
  Answer result;
  actors::ask(self_, peer_, deadline, std::forward<Ts>(xs)...)
    .receive([&](const Answer& x) { result = x; }, no_answer);
  return result;
}

started guest::start(bytes command) {
  return ask<started>(raft::start{{1}, std::move(command)});
}

subscribed guest::subscribe(std::uint64_t id) {
  constexpr std::uint64_t any_number = std::uint64_t{1} << 60;
  return ask<subscribed>(raft::subscribe{{1}, id, {1}, any_number},
                         subscriber_);
}

} // namespace raft::cluster
