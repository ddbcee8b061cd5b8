// Who waits for a disk has a thread of its own. All others share a single one
// here, and go on.

#include "support.hpp"
#include <raft/actors/applier.hpp>
#include <raft/actors/caf/setting.hpp>
#include <raft/actors/persister.hpp>
#include <raft/tests/machine/fake_disk.hpp>

#include <boost/test/unit_test.hpp>

#include <future>

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

} // namespace

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
