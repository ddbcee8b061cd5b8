// Applier and checkpointer together: what is checkpointed when, what waits for
// that, and what a full disk does.

#include "support.hpp"
#include <raft/actors/applier.hpp>
#include <raft/tests/machine/fake_disk.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <optional>
#include <utility>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

/// Takes half of the room.
const std::string half(50, 'x');

struct checkpointer_fixture : system_fixture {
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  event_log told;
  applier_options options;
  applier_actor uut;
  log_index next{1};

  checkpointer_fixture() {
    options.on_event = told.sink();
  }

  ~checkpointer_fixture() {
    if (uut)
      ask<stopped>(uut, stop{{1}});
  }

  void begin() {
    options.executor
      = std::make_shared<machine::executor>(std::make_unique<counter>(disk));
    next = options.executor->applied().next();
    uut = spawn_applier(system, std::exchange(options, {}));
  }

  apply request(std::vector<std::string> commands, log_index durable) {
    apply result{{1}, {}, true, durable};
    for (const auto& x : commands) {
      result.entries.push_back(command_at(next.value, x.c_str()));
      next = next.next();
    }
    return result;
  }

  /// Has the applier apply, and waits for the answer.
  log_index give(std::vector<std::string> commands, log_index durable) {
    auto done = ask<applied>(uut, request(std::move(commands), durable));
    BOOST_REQUIRE(done.has_value());
    return done->durable;
  }

  /// Waits until the applier tells unasked what is on the disk.
  log_index await_report() {
    log_index result;
    self->receive([&](const applied& msg) { result = msg.durable; },
                  caf::after(deadline) >> [] {});
    return result;
  }

  void end() {
    BOOST_REQUIRE(ask<stopped>(uut, stop{{1}}).has_value());
    uut = applier_actor{};
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(flushing, checkpointer_fixture)

BOOST_AUTO_TEST_CASE(what_was_checkpointed_is_told_to_whoever_gives_entries) {
  begin();
  give({"a", half}, {2});
  BOOST_TEST(await_report().value == 2u);
  BOOST_TEST(give({"b"}, {3}).value == 2u);
  BOOST_TEST(disk->applied.value == 2u);
}

BOOST_AUTO_TEST_CASE(nothing_is_checkpointed_before_the_log_is_durable) {
  begin();
  give({half}, {0});
  give({"a"}, {0});
  give({}, {1});
  BOOST_TEST(await_report().value == 1u);
  BOOST_TEST(disk->applied.value == 1u);
}

BOOST_AUTO_TEST_CASE(a_little_is_checkpointed_after_a_while) {
  options.checkpoint_after = std::chrono::milliseconds{1};
  begin();
  give({"a"}, {1});
  BOOST_TEST(await_report().value == 1u);
}

BOOST_AUTO_TEST_CASE(a_little_is_checkpointed_when_the_log_lacks_room) {
  options.checkpoint_after = std::chrono::hours{1};
  begin();
  give({"a"}, {1});
  send_anonymously(uut, checkpoint_for_space{});
  BOOST_TEST(await_report().value == 1u);
}

BOOST_AUTO_TEST_CASE(stop_checkpoints_the_rest) {
  begin();
  give({"a", "b"}, {2});
  end();
  BOOST_TEST(disk->applied.value == 2u);
  begin();
  BOOST_TEST(next.value == 3u);
  give({"c"}, {2});
  end();
  // The log was not durable up to there.
  BOOST_TEST(disk->applied.value == 2u);
}

BOOST_AUTO_TEST_CASE(commands_wait_while_memory_is_full) {
  std::promise<void> gate;
  disk->before_write = [wait = gate.get_future().share()] { wait.wait(); };
  begin();
  give({half}, {1});
  give({half}, {2});
  std::optional<applied> late;
  auto later = actors::ask(self, uut, deadline, request({half, "a"}, {4}));
  // Queries do not wait. The answer lies behind the request in the mailbox.
  auto seen = ask<queried>(uut, query{{1}, {}});
  BOOST_REQUIRE(seen.has_value());
  BOOST_TEST(seen->applied.value == 3u);
  gate.set_value();
  std::move(later).receive([&](applied& x) { late = std::move(x); },
                           [](const caf::error&) {});
  BOOST_REQUIRE(late.has_value());
  BOOST_TEST(late->index.value == 4u);
  BOOST_TEST(late->results.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_tried_again_and_loses_nothing) {
  auto attempts = std::make_shared<std::atomic<int>>(0);
  disk->before_write = [attempts] {
    if (++*attempts < 3)
      throw machine::no_space{"the disk is full"};
  };
  begin();
  give({half}, {1});
  BOOST_TEST(await_report().value == 1u);
  BOOST_TEST(disk->state.at(half) == 1);
  BOOST_TEST(attempts->load() == 3);
  auto blocked = told.of<events::checkpoint_lacks_space>();
  BOOST_REQUIRE(blocked.size() == 1u);
  BOOST_TEST(blocked[0].reason == "the disk is full");
  BOOST_TEST(told.count<events::checkpoint_has_space>() == 1u);
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(stop_does_not_wait_for_room) {
  disk->before_write = [] { throw machine::no_space{"the disk is full"}; };
  begin();
  give({half}, {1});
  give({half}, {2});
  auto stuck = actors::ask(self, uut, deadline, request({half, "a"}, {4}));
  end();
  auto refused = false;
  std::move(stuck).receive([](applied&) {},
                           [&](const caf::error&) { refused = true; });
  BOOST_TEST(refused);
  BOOST_TEST(disk->applied.value == 0u);
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(stop_hurries_a_checkpoint_under_way) {
  std::promise<void> hurried;
  std::atomic<bool> in_time = false;
  disk->before_write = [&, wait = hurried.get_future().share()] {
    in_time = wait.wait_for(deadline) == std::future_status::ready;
  };
  disk->on_hurry = [&] { hurried.set_value(); };
  begin();
  give({half}, {1});
  end();
  BOOST_TEST(in_time.load());
  BOOST_TEST(disk->applied.value == 1u);
}

BOOST_AUTO_TEST_CASE(stop_gives_up_a_checkpoint_that_takes_long) {
  std::promise<void> order;
  disk->before_write = [wait = order.get_future().share()] {
    if (wait.wait_for(deadline) == std::future_status::ready)
      throw machine::given_up{"it was told to"};
  };
  disk->on_give_up = [&] { order.set_value(); };
  begin();
  give({half}, {1});
  end();
  BOOST_TEST(disk->applied.value == 0u);
  BOOST_TEST(told.failures().empty());
  // The log still has it.
  disk->before_write = nullptr;
  begin();
  BOOST_TEST(next.value == 1u);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_fails_is_final) {
  disk->before_write = [] { throw std::runtime_error{"the disk is on fire"}; };
  begin();
  give({half}, {1});
  // The failure comes some time after that.
  while (ask<applied>(uut, request({"a"}, {1})))
    ;
  BOOST_REQUIRE(told.failures().size() == 1u);
  BOOST_TEST(told.failures()[0].find("the disk is on fire")
             != std::string::npos);
  BOOST_TEST(!ask<queried>(uut, query{{1}, {}}));
}

BOOST_AUTO_TEST_CASE(room_is_told_to_who_wants_to_know) {
  disk->space = [](const machine::space_question& what) {
    return space_left{what.following, 7};
  };
  begin();
  auto what = request({"a"}, {1});
  auto done = ask<applied>(uut, what);
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST((done->space == space_left{}));
  what = request({"b"}, {2});
  what.space_wanted = true;
  what.following = 5;
  done = ask<applied>(uut, what);
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST((done->space == space_left{5, 7}));
}

BOOST_AUTO_TEST_CASE(with_little_room_it_checkpoints_and_looks_again) {
  std::atomic<bool> full = true;
  disk->space = [&full](const machine::space_question&) {
    return full ? space_left{0, 7} : space_left{};
  };
  options.checkpoint_after = std::chrono::hours{1};
  begin();
  auto what = request({"a"}, {1});
  what.space_wanted = true;
  BOOST_REQUIRE(ask<applied>(uut, what).has_value());
  BOOST_TEST(await_report().value == 1u);
  full = false;
  auto left = space_left{0, 0};
  while (left.any != space_left::unlimited)
    self->receive([&](const applied& msg) { left = msg.space; },
                  caf::after(deadline) >>
                    [&] {
                      left = {};
                      full = true;
                    });
  BOOST_TEST(!full);
  end();
}

BOOST_AUTO_TEST_SUITE_END()
