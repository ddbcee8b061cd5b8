// The middleman's event loop, from outside: who sends what, and when it comes.

#include "support.hpp"
#include <raft/messages/caf/type_ids.hpp>
#include <raft/messages/timer.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/io/all.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

struct with_middleman {
  system_config config{true};
  caf::actor_system system{config};

  /// Spawns an actor in the middleman's thread.
  template <class OnWake>
  caf::actor spawn(OnWake on_wake) {
    return system.middleman().spawn_broker(
      [on_wake](caf::io::broker* self) -> caf::behavior {
        return {[self, on_wake](const wake& x) mutable {
          if (!on_wake(self, x.number))
            self->quit();
        }};
      });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(loop, with_middleman)

BOOST_AUTO_TEST_CASE(what_threads_send_arrives_in_the_order_of_each) {
  constexpr std::uint64_t threads = 4;
  constexpr std::uint64_t messages = 20'000;
  std::vector<std::uint64_t> last(threads);
  std::uint64_t seen = 0;
  std::atomic<bool> in_order = true;
  auto done = std::make_shared<std::promise<void>>();
  auto target = spawn([&, done](caf::io::broker*, std::uint64_t number) {
    auto& before = last[number / messages];
    in_order = in_order && number % messages == before;
    ++before;
    if (++seen < threads * messages)
      return true;
    done->set_value();
    return false;
  });
  std::vector<std::thread> senders;
  for (std::uint64_t i = 0; i < threads; ++i)
    senders.emplace_back([&, i] {
      for (std::uint64_t n = 0; n < messages; ++n)
        send_anonymously(target, wake{i * messages + n});
    });
  for (auto& x : senders)
    x.join();
  BOOST_REQUIRE(done->get_future().wait_for(deadline)
                == std::future_status::ready);
  BOOST_TEST(in_order.load());
}

// Each step follows the one before, without anything from outside.
BOOST_AUTO_TEST_CASE(steps_follow_each_other) {
  auto done = std::make_shared<std::promise<std::uint64_t>>();
  auto target = spawn([done](caf::io::broker* self, std::uint64_t number) {
    if (number < 10'000) {
      send(self, caf::actor{self}, wake{number + 1});
      return true;
    }
    done->set_value(number);
    return false;
  });
  send_anonymously(target, wake{0});
  auto result = done->get_future();
  BOOST_REQUIRE(result.wait_for(deadline) == std::future_status::ready);
  BOOST_TEST(result.get() == 10'000u);
}

// Two that always have something to say to each other.
BOOST_AUTO_TEST_CASE(who_never_rests_keeps_nobody_waiting) {
  struct game {
    std::atomic<bool> over = false;
    caf::actor ping;
  };
  auto both = std::make_shared<game>();
  auto pong = spawn([both](caf::io::broker* self, std::uint64_t number) {
    send(self, both->ping, wake{number + 1});
    return !both->over;
  });
  both->ping = spawn([both, pong](caf::io::broker* self, std::uint64_t number) {
    send(self, pong, wake{number + 1});
    return !both->over;
  });
  send_anonymously(both->ping, wake{0});
  for (std::uint64_t i = 0; i < 100; ++i) {
    auto answer = std::make_shared<std::promise<std::uint64_t>>();
    auto other = spawn([answer](caf::io::broker*, std::uint64_t number) {
      answer->set_value(number);
      return false;
    });
    send_anonymously(other, wake{i});
    auto result = answer->get_future();
    BOOST_REQUIRE(result.wait_for(deadline) == std::future_status::ready);
    BOOST_TEST(result.get() == i);
  }
  both->over = true;
}

BOOST_AUTO_TEST_CASE(what_is_on_its_way_at_the_end_harms_nobody) {
  for (auto i = 0; i < 20; ++i) {
    caf::actor_system other{config};
    auto kept = std::make_shared<int>(i);
    auto target = other.middleman().spawn_broker(
      [kept](caf::io::broker* self) -> caf::behavior {
        return {[self, kept](const wake& x) {
          if (x.number == 0)
            self->quit();
        }};
      });
    for (std::uint64_t n = 100; n-- > 0;)
      send_anonymously(target, wake{n});
  }
}

BOOST_AUTO_TEST_SUITE_END()
