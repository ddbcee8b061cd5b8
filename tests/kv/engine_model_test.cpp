// Random commands to an engine that checkpoints, crashes and restarts, beside
// the machine in memory, which does none of this: every reply must be the same.

#include "table_fixture.hpp"
#include <raft/kv/engine.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/tests/kv/samples.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>
#include <vector>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;

namespace {

struct run {
  std::mt19937_64 random;
  command_source source;
  any_table disk;
  std::unique_ptr<engine> uut;
  std::unique_ptr<kv_machine> expected = std::make_unique<kv_machine>();
  std::shared_ptr<machine::checkpoint_job> job;
  std::vector<bytes> log;

  run(const std::string& kind, std::uint64_t seed)
    : random{seed}, source{seed}, disk{kind} {
    if (seed % 2 == 0)
      disk.options.portions = {3, 200};
    disk.reopen();
    start();
  }

  void start() {
    uut = std::make_unique<engine>(disk.get());
  }

  void step() {
    log.push_back(encode(source.next()));
    auto found = uut->apply({}, log.back());
    BOOST_REQUIRE((found == expected->apply({}, log.back())));
    if (random() % 16 == 0)
      checkpoint();
    if (random() % 64 == 0)
      crash();
  }

  /// Begins a checkpoint, writes it, or hears that it was written.
  void checkpoint() {
    if (!job) {
      job = uut->freeze({log.size()}, {});
      return;
    }
    if (random() % 2 == 0)
      job->run();
    if (random() % 2 == 0) {
      job->run();
      uut->checkpointed();
      job = nullptr;
    }
  }

  void crash() {
    job = nullptr;
    uut = nullptr;
    disk.reopen();
    start();
    for (auto i = uut->recovered().applied.value; i < log.size(); ++i)
      uut->apply({}, log[i]);
    compare();
  }

  void compare() {
    BOOST_REQUIRE(
      (uut->query(digest_request()) == expected->query(digest_request())));
    BOOST_REQUIRE(uut->count() == expected->compute_digest().keys);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(engine_model)

BOOST_DATA_TEST_CASE(on_a_table_in_memory, boost::unit_test::data::xrange(100),
                     seed) {
  run x{"memory", static_cast<std::uint64_t>(seed)};
  for (auto i = 0; i < 1000; ++i)
    x.step();
  x.compare();
}

BOOST_DATA_TEST_CASE(on_the_disk, boost::unit_test::data::xrange(6), seed) {
  run x{"lmdb", static_cast<std::uint64_t>(seed)};
  for (auto i = 0; i < 1000; ++i)
    x.step();
  x.compare();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(engine_edges)

BOOST_AUTO_TEST_CASE(what_is_frozen_can_be_read_and_changed) {
  any_table disk{"memory"};
  engine uut{disk.get()};
  uut.put("a", "1");
  uut.put("b", "1");
  auto job = uut.freeze({1}, {});
  BOOST_TEST((uut.find("a") == "1"));
  BOOST_TEST(uut.append("a", "2") == 2u);
  BOOST_TEST(uut.erase("b"));
  BOOST_TEST(!uut.erase("b"));
  BOOST_TEST(uut.count() == 1u);
  job->run();
  // The job wrote what was frozen, not what came later.
  BOOST_TEST((disk->get("a") == "1"));
  BOOST_TEST((disk->get("b") == "1"));
  BOOST_TEST(disk->load().keys == 2u);
  uut.checkpointed();
  BOOST_TEST((uut.find("a") == "12"));
  BOOST_TEST(!uut.contains("b"));
  BOOST_TEST(uut.count() == 1u);
}

BOOST_AUTO_TEST_CASE(only_changes_weigh_anything) {
  any_table disk{"memory"};
  engine uut{disk.get(), 1000};
  BOOST_TEST(uut.dirty_bytes_max() == 1000u);
  uut.put("a", std::string(500, 'x'));
  BOOST_TEST(uut.dirty_bytes() > 500u);
  uut.freeze({1}, {})->run();
  BOOST_TEST(uut.dirty_bytes() == 0u);
  uut.checkpointed();
  uut.find("a");
  BOOST_TEST(uut.dirty_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(
  a_checkpoint_that_fails_loses_nothing_and_can_be_tried_again) {
  any_table disk{"lmdb"};
  disk.options.map_bytes = 1 << 20;
  disk.reopen();
  engine uut{disk.get()};
  uut.put("a", std::string(2 << 20, 'x'));
  auto job = uut.freeze({1}, {});
  BOOST_CHECK_THROW(job->run(), machine::no_space);
  BOOST_CHECK_THROW(job->run(), machine::no_space);
  BOOST_TEST(uut.find("a")->size() == std::size_t{2 << 20});
  BOOST_TEST(disk->load().state.applied.value == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
