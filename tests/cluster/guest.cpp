#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/tests/cluster/connect_patiently.hpp>
#include <raft/tests/cluster/guest.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace raft::cluster {

namespace {

/// To commands that may have to wait for a disk.
constexpr auto answers_max = 3 * test::patience;

void no_answer(const caf::error& why) {
  BOOST_FAIL(caf::to_string(why));
}

} // namespace

guest::guest(const links::address& where, grants more)
  : peer_{connect_patiently(self_, where)} {
  auto count = [total = received_, to = peer_,
                more](actors::subscriber_actor::pointer self, actors::nothing) {
    return actors::subscriber_actor::behavior_type{
      [self, total, to, more](const delivery& msg) {
        std::size_t size = 0;
        for (const auto& x : msg.entries) {
          size += cost(x);
          *total += x.data.size();
        }
        if (more == grants::yes)
          actors::send(self, to, credit{msg.group, msg.id, size});
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
  actors::ask(self_, peer_, test::patience, std::forward<Ts>(xs)...)
    .receive([&](const Answer& x) { result = x; }, no_answer);
  return result;
}

started guest::start(bytes command) {
  return ask<started>(raft::start{{1}, std::move(command)});
}

std::shared_ptr<const endings>
guest::execute_at_once(std::size_t count,
                       std::function<bytes(std::size_t)> make) {
  auto result = std::make_shared<endings>();
  system_.spawn([count, result, to = peer_,
                 make = std::move(make)](caf::event_based_actor* self) {
    auto take = [result](const executed& x) {
      if (x.result == outcome::committed)
        ++result->committed;
      else if (x.reason == reject_reason::busy)
        ++result->busy;
      else
        ++result->other;
    };
    for (std::size_t i = 0; i < count; ++i)
      actors::ask(self, to, answers_max, raft::execute{{1}, {}, make(i)})
        .then(take, [result](const caf::error&) { ++result->other; });
  });
  return result;
}

subscribed guest::subscribe(std::uint64_t id) {
  constexpr std::uint64_t any_number = std::uint64_t{1} << 60;
  return ask<subscribed>(raft::subscribe{{1}, id, {1}, any_number},
                         subscriber_);
}

} // namespace raft::cluster
