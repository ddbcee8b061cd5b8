// Random commands to an engine that checkpoints, crashes and restarts, beside
// the machine in memory, which does none of this: every reply must be the same.

#include "table_fixture.hpp"
#include <raft/kv/engine.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/tests/kv/samples.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;

namespace {

/// A table in memory that counts how often somebody looks for a key.
class watched_table final : public table {
public:
  mutable std::size_t looks = 0;

  contents load() const override {
    return data_->load();
  }

  bool contains(std::string_view key) const override {
    ++looks;
    return data_->contains(key);
  }

  std::uint64_t count_with(const overlay& changes,
                           log_index applied) const override {
    return data_->count_with(changes, applied);
  }

  std::optional<std::string> get(std::string_view key) const override {
    ++looks;
    return data_->get(key);
  }

  void visit(std::string_view first, const visitor& f) const override {
    data_->visit(first, f);
  }

  std::shared_ptr<moment> hold() override {
    return data_->hold();
  }

  void write(const update& x) override {
    data_->write(x);
  }

private:
  std::shared_ptr<table> data_ = make_memory_table();
};

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

BOOST_AUTO_TEST_CASE(to_put_a_key_nobody_looks_what_was_there) {
  auto disk = std::make_shared<watched_table>();
  engine uut{disk};
  auto round = [&](log_index applied) {
    uut.apply({}, encode(command{put{"a", "1"}}));
    uut.apply({}, encode(command{put_many{{{"b", "1"}, {"c", "1"}}}}));
    uut.apply({}, encode_batch({encode(command{put{"a", "2"}}),
                                encode(command{put{"d", "1"}})}));
    auto job = uut.freeze(applied, {});
    uut.apply({}, encode(command{put{"a", "3"}}));
    job->run();
    uut.apply({}, encode(command{put{"e", "1"}}));
    uut.checkpointed();
    uut.apply({}, encode(command{put{"f", "1"}}));
  };
  round({1});
  round({2});
  BOOST_TEST(disk->looks == 0u);
  // Whoever asks for the number of keys pays for that, and once.
  BOOST_TEST(uut.count() == 6u);
  BOOST_TEST(disk->looks == 3u);
  BOOST_TEST(uut.count() == 6u);
  BOOST_TEST(disk->looks == 3u);
}

// Commands would wait for all of it.
BOOST_AUTO_TEST_CASE(the_number_of_keys_costs_so_many_looks_at_most) {
  auto disk = std::make_shared<watched_table>();
  engine uut{disk};
  constexpr std::size_t more = 10;
  for (std::size_t i = 0; i < unknown_keys_max + more; ++i)
    uut.put(std::to_string(i), "1");
  uut.put("7", "2");
  uut.put(std::to_string(unknown_keys_max), "2");
  BOOST_TEST(disk->looks == more);
  BOOST_TEST(uut.count() == unknown_keys_max + more);
  BOOST_TEST(disk->looks == unknown_keys_max + more);
}

BOOST_AUTO_TEST_CASE(what_must_be_looked_at_tells_also_whether_it_was_there) {
  auto disk = std::make_shared<watched_table>();
  engine uut{disk};
  BOOST_TEST(uut.append("a", "1") == 1u);
  BOOST_TEST(!uut.erase("b"));
  BOOST_TEST(disk->looks == 2u);
  uut.freeze({1}, {})->run();
  uut.checkpointed();
  disk->looks = 0;
  BOOST_TEST(uut.append("a", "2") == 2u);
  BOOST_TEST(uut.erase("a"));
  uut.put("a", "3");
  BOOST_TEST(uut.erase("a"));
  BOOST_TEST(disk->looks == 1u);
  BOOST_TEST(uut.count() == 0u);
  BOOST_TEST(disk->looks == 1u);
}

BOOST_AUTO_TEST_CASE(the_number_of_keys_is_right_at_each_step_of_a_checkpoint) {
  // Asked at each moment, at none but the last, and at one alone.
  for (auto asked = 0; asked < 128; ++asked) {
    any_table disk{"memory"};
    engine uut{disk.get()};
    auto moment = 0;
    auto check = [&](std::uint64_t wanted) {
      if ((asked >> moment++ & 1) != 0)
        BOOST_TEST(uut.count() == wanted);
    };
    uut.put("a", "");
    uut.put("b", "");
    check(2);
    auto job = uut.freeze({1}, {});
    check(2);
    uut.put("b", "");
    uut.put("c", "");
    BOOST_TEST(uut.erase("a"));
    check(2);
    job->run();
    check(2);
    uut.put("d", "");
    uut.checkpointed();
    check(3);
    uut.freeze({2}, {})->run();
    check(3);
    BOOST_TEST(uut.erase("b"));
    uut.checkpointed();
    check(2);
    BOOST_TEST(uut.count() == 2u);
  }
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
