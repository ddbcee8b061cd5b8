// Who waits for a disk has a thread of its own. All others share a single one
// here, and go on.

#include "support.hpp"
#include <raft/actors/applier.hpp>
#include <raft/actors/caf/setting.hpp>
#include <raft/actors/persister.hpp>
#include <raft/tests/machine/fake_disk.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/multiplexer.hpp>

#include <atomic>
#include <future>
#include <thread>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

struct one_thread : system_config {
  one_thread() {
    set(setting("scheduler.max-threads"), std::size_t{1});
  }
};

struct thread_fixture {
  one_thread config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  event_log told;
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  applier_actor applier;

  /// An applier that shares the thread.
  void begin() {
    applier_options options;
    options.on_event = told.sink();
    options.executor
      = std::make_shared<machine::executor>(std::make_unique<counter>(disk));
    applier = spawn_applier(system, std::move(options));
  }

  /// Whether it answers.
  bool goes_on() {
    auto result = false;
    actors::ask(self, applier, deadline, query{{1}, {}})
      .receive([&](const queried&) { result = true; },
               [](const caf::error&) {});
    return result;
  }

  template <class Handle>
  void end(const Handle& who) {
    actors::ask(self, who, deadline, stop{{1}})
      .receive([](const stopped&) {},
               [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  }
};

/// Says in which thread it runs, and that it is prompt until it is told.
class whereabouts final : public machine::state_machine {
public:
  struct notes {
    std::atomic<bool> prompt{true};
    std::thread::id applied_in{};
    std::thread::id asked_in{};
    bool gone = false;
  };

  explicit whereabouts(notes& to) : notes_{to} {
    // nop
  }

  ~whereabouts() override {
    notes_.gone = true;
  }

  bytes apply(const machine::apply_context&, const bytes&) override {
    notes_.applied_in = std::this_thread::get_id();
    return {};
  }

  bytes query(const bytes&) const override {
    notes_.asked_in = std::this_thread::get_id();
    return {};
  }

  bool is_prompt() const noexcept override {
    return notes_.prompt;
  }

private:
  notes& notes_;
};

struct in_middleman_fixture {
  system_config config{true};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  event_log told;
  whereabouts::notes seen;
  log_index next{1};

  applier_actor begin(bool detached = false) {
    applier_options options;
    options.on_event = told.sink();
    options.executor = std::make_shared<machine::executor>(
      std::make_unique<whereabouts>(seen));
    options.in_middleman = true;
    options.detached = detached;
    return spawn_applier(system, std::move(options));
  }

  void apply_some(const applier_actor& applier, std::size_t count) {
    apply request{{1}, {}, true, {}};
    for (std::size_t i = 0; i < count; ++i)
      request.entries.push_back(command_at(next.value + i, "x"));
    next = log_index{next.value + count};
    actors::ask(self, applier, deadline, std::move(request))
      .receive(
        [&](const applied& done) {
          BOOST_TEST((done.index.next() == next));
          BOOST_TEST(done.results.size() == count);
        },
        [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  }

  /// In which thread sockets are served.
  std::thread::id middleman() {
    std::promise<std::thread::id> result;
    system.middleman().backend().post(
      [&] { result.set_value(std::this_thread::get_id()); });
    auto found = result.get_future();
    BOOST_REQUIRE((found.wait_for(deadline) == std::future_status::ready));
    return found.get();
  }

  void ask_state(const applier_actor& applier) {
    actors::ask(self, applier, deadline, query{{1}, {}})
      .receive([](const queried&) {},
               [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  }

  void end(const applier_actor& applier) {
    actors::ask(self, applier, deadline, stop{{1}})
      .receive([](const stopped&) {},
               [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
    BOOST_TEST(seen.gone);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(threads_of_state_machines, in_middleman_fixture)

BOOST_AUTO_TEST_CASE(a_prompt_one_runs_where_sockets_are_served) {
  auto applier = begin();
  auto where = middleman();
  apply_some(applier, 3);
  BOOST_TEST((seen.applied_in == where));
  // More than it takes at once.
  apply_some(applier, 3000);
  ask_state(applier);
  BOOST_TEST((seen.applied_in == where));
  BOOST_TEST((seen.asked_in == where));
  end(applier);
}

BOOST_AUTO_TEST_CASE(who_is_prompt_no_more_gets_another_thread_for_good) {
  auto applier = begin(true);
  apply_some(applier, 2);
  ask_state(applier);
  auto where = middleman();
  BOOST_TEST((seen.applied_in == where));
  BOOST_TEST((seen.asked_in == where));
  seen.prompt = false;
  apply_some(applier, 2);
  ask_state(applier);
  BOOST_TEST((seen.applied_in != where));
  BOOST_TEST((seen.asked_in == seen.applied_in));
  seen.prompt = true;
  apply_some(applier, 1000);
  BOOST_TEST((seen.applied_in != where));
  end(applier);
}

BOOST_AUTO_TEST_CASE(one_that_is_not_prompt_gets_another_thread_at_once) {
  seen.prompt = false;
  auto slow = begin();
  apply_some(slow, 1);
  BOOST_TEST((seen.applied_in != middleman()));
  end(slow);
}

BOOST_AUTO_TEST_CASE(its_failure_ends_who_took_over) {
  auto applier = begin(true);
  apply_some(applier, 1);
  seen.prompt = false;
  apply_some(applier, 1);
  // An entry that does not follow.
  apply wrong{{1}, {command_at(9, "x")}, true, {}};
  auto failed = false;
  actors::ask(self, applier, deadline, std::move(wrong))
    .receive([](const applied&) {}, [&](const caf::error&) { failed = true; });
  BOOST_TEST(failed);
  end(applier);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(threads, thread_fixture)

BOOST_AUTO_TEST_CASE(a_commit_takes_no_thread_from_others) {
  begin();
  auto store = std::make_shared<difficult_store>(
    persistence::make_memory_store({"test", {1}, {77}}));
  persister_options options;
  options.store = store;
  options.on_event = told.sink();
  auto persister = spawn_persister(system, std::move(options));
  store->hold(true);
  persist batch{{1}, {1}, {}};
  batch.batch.hard = {{1}, {1}};
  auto done = actors::ask(self, persister, deadline, std::move(batch));
  BOOST_TEST(store->await_commits(1));
  BOOST_TEST(goes_on());
  store->hold(false);
  std::move(done).receive(
    [](const persisted&) {},
    [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  end(persister);
  end(applier);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_takes_no_thread_from_others) {
  std::promise<void> begun;
  std::promise<void> gate;
  auto first = true;
  disk->before_write = [&, wait = gate.get_future().share()] {
    if (std::exchange(first, false))
      begun.set_value();
    wait.wait();
  };
  begin();
  apply request{{1}, {command_at(1, "x")}, true, {1}};
  request.entries.front().data = bytes{std::string(100, 'x')};
  actors::ask(self, applier, deadline, std::move(request))
    .receive([](const applied&) {},
             [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  BOOST_TEST(
    (begun.get_future().wait_for(deadline) == std::future_status::ready));
  BOOST_TEST(goes_on());
  gate.set_value();
  end(applier);
}

BOOST_AUTO_TEST_SUITE_END()
