#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/nothing.hpp>
#include <raft/scenarios/visit.hpp>
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

guest::guest(const address& where) : peer_{scenarios::visit(self_, where)} {
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
