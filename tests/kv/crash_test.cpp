// Processes that die while the engine checkpoints: what is found afterwards is
// the state after some entry, with the sessions of that very entry.

#include "told_log.hpp"
#include <raft/kv/kv_machine.hpp>
#include <raft/tests/support/child_process.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>
#include <thread>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;

namespace {

/// Applies and checkpoints, forever, and reports what was checkpointed. As in a
/// peer, the checkpoints run beside the commands.
void run(any_table& disk, int out) {
  auto uut = open(disk.get());
  std::thread checkpointer;
  for (;;) {
    while (!uut.must_wait()) {
      uut.apply(entry_at(uut.applied().value + 1));
      if (auto job = uut.take_checkpoint(uut.applied(), false))
        checkpointer = std::thread{[job] { job->run(); }};
    }
    checkpointer.join();
    uut.checkpoint_done();
    send_number(out, uut.checkpointed().value);
  }
}

/// Compares a state with the one that the log leads to, and how both go on.
void check(const any_table& disk, machine::executor& model) {
  auto found = open(disk.get());
  while (model.applied() < found.applied())
    model.apply(entry_at(model.applied().value + 1));
  BOOST_REQUIRE(
    (found.query(digest_request()) == model.query(digest_request())));
  // `model` must not get ahead of the next round.
  machine::executor twin{std::make_unique<kv_machine>()};
  while (twin.applied() < found.applied())
    twin.apply(entry_at(twin.applied().value + 1));
  for (auto i = 0; i < 100; ++i) {
    auto next = entry_at(found.applied().value + 1);
    BOOST_REQUIRE((found.apply(next) == twin.apply(next)));
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_crash)

BOOST_AUTO_TEST_CASE(a_kill_leaves_the_state_after_some_entry) {
  constexpr int rounds_max = 20;
  auto enough = std::chrono::steady_clock::now() + std::chrono::seconds{8};
  any_table disk{"lmdb"};
  // Few changes in a transaction, so that a checkpoint takes many of them.
  disk.options.portions = {7, 4096};
  disk.reopen();
  machine::executor model{std::make_unique<kv_machine>()};
  std::mt19937_64 random{42};
  for (int round = 0; round < rounds_max; ++round) {
    if (round >= 5 && std::chrono::steady_clock::now() > enough)
      break;
    auto acknowledged = disk->load().state.applied.value;
    disk.close();
    child_process child{[&](int out) {
      disk.reopen();
      run(disk, out);
    }};
    for (auto checkpoints = 1 + random() % 4; checkpoints > 0; --checkpoints) {
      auto checkpointed = child.receive_number();
      BOOST_REQUIRE(checkpointed.has_value());
      acknowledged = *checkpointed;
    }
    // Let it get somewhere into a later checkpoint.
    if (auto checkpointed
        = child.receive_number(static_cast<int>(random() % 2000)))
      acknowledged = *checkpointed;
    child.kill();
    while (auto checkpointed = child.receive_number())
      acknowledged = *checkpointed;
    disk.reopen();
    BOOST_TEST_CONTEXT("round " << round) {
      BOOST_REQUIRE(disk->load().state.applied.value >= acknowledged);
      check(disk, model);
    }
  }
  BOOST_TEST(model.applied().value > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
