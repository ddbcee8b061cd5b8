// An engine on a full disk: what it says there is room for gets to the disk,
// whatever it is; to read and to erase there always is.

#include "table_fixture.hpp"
#include <raft/base/random.hpp>
#include <raft/kv/engine.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/kv/space.hpp>
#include <raft/machine/executor.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;

namespace {

constexpr log_index far{1'000'000'000};

/// An engine whose file cannot become longer than its map, as on a full disk,
/// and what the same commands do in memory.
struct full_engine {
  any_table disk{"lmdb"};
  std::unique_ptr<machine::executor> uut;
  machine::executor model{std::make_unique<kv_machine>()};
  /// What was taken and not applied yet.
  std::vector<bytes> under_way;
  std::uint64_t owed = 0;
  space_left left;
  std::shared_ptr<machine::checkpoint_job> job;
  std::uint64_t refusals = 0;
  /// All commands that were applied.
  std::vector<bytes> log;

  explicit full_engine(std::uint64_t map_bytes) {
    disk.options.map_bytes = map_bytes;
    // What is asserted here is true of a disk that does its work, however busy
    // the machine is.
    disk.options.patience_for_space = std::chrono::minutes{1};
    reopen();
  }

  void reopen() {
    job = nullptr;
    uut = nullptr;
    under_way.clear();
    owed = 0;
    disk.reopen();
    uut = std::make_unique<machine::executor>(
      std::make_unique<engine>(disk.get(), 1 << 20));
    look();
    // What was applied before and not checkpointed.
    while (uut->applied().value < log.size()) {
      uut->apply(next_entry(*uut, log[uut->applied().value]));
      if (uut->applied().value % 8 == 0) {
        look();
        begin_checkpoint();
        end_checkpoint();
      }
    }
    look();
    begin_checkpoint();
  }

  void look() {
    left = uut->look_for_space(0);
  }

  /// Takes a command if there is room for it beside those under way.
  bool take(const command& x) {
    return take_encoded(encode(x));
  }

  bool take_encoded(const bytes& x) {
    auto need = estimate_space(x);
    auto room = need.sparing ? left.sparing : left.any;
    if (owed + need.bytes > room) {
      ++refusals;
      return false;
    }
    owed += need.bytes;
    under_way.push_back(x);
    return true;
  }

  static entry next_entry(const machine::executor& to, const bytes& x) {
    return {
      {1}, to.applied().next(), entry_kind::command, to.applied().value, {}, x};
  }

  void apply_all() {
    for (const auto& x : std::exchange(under_way, {})) {
      auto reply = uut->apply(next_entry(*uut, x));
      BOOST_REQUIRE((reply == model.apply(next_entry(model, x))));
      log.push_back(x);
    }
    owed = 0;
    look();
    begin_checkpoint();
  }

  void begin_checkpoint() {
    if (auto next = uut->take_checkpoint(far, false))
      job = std::move(next);
  }

  /// It must always find room.
  void end_checkpoint() {
    if (!job)
      return;
    job->hurry();
    BOOST_REQUIRE_NO_THROW(job->run());
    job = nullptr;
    uut->checkpoint_done();
    look();
    begin_checkpoint();
  }

  void settle() {
    apply_all();
    while (job)
      end_checkpoint();
  }

  /// Puts values until there is no room, for good.
  std::uint64_t fill(std::size_t value_bytes) {
    std::uint64_t keys = 0;
    for (;;) {
      auto fits
        = take(put{"k" + std::to_string(keys), std::string(value_bytes, 'x')});
      if (fits) {
        ++keys;
      } else if (under_way.empty() && !job) {
        return keys;
      }
      settle();
    }
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(room_of_the_engine)

BOOST_AUTO_TEST_CASE(what_commands_take_is_a_function_of_them_alone) {
  auto little = estimate_space(encode(get{{"a"}}));
  for (const auto& x :
       std::vector<command>{get{{"a", "b"}}, scan{}, count{}, exists{{"a"}}}) {
    BOOST_TEST(estimate_space(encode(x)).sparing);
    BOOST_TEST(estimate_space(encode(x)).bytes == little.bytes);
  }
  auto erases = encode(erase{{std::string(100, 'a'), "b"}});
  BOOST_TEST(estimate_space(erases).sparing);
  BOOST_TEST(estimate_space(erases).bytes > little.bytes + 100);
  for (const auto& x : std::vector<command>{
         put{"k", std::string(10'000, 'x')},
         compare_and_set{"k", std::nullopt, std::string(10'000, 'x')},
         append{"k", "x"}, put_many{{{"k", std::string(10'000, 'x')}}}}) {
    auto found = estimate_space(encode(x));
    BOOST_TEST(!found.sparing);
    // To stage it, and to bring it where it belongs.
    BOOST_TEST(found.bytes > little.bytes + 20'000);
    auto batch = encode_batch({encode(get{{"a"}}), encode(x), erases});
    BOOST_TEST(!estimate_space(batch).sparing);
    BOOST_TEST(estimate_space(batch).bytes > found.bytes + 100);
  }
  BOOST_TEST(estimate_space(encode_batch({encode(count{}), erases})).sparing);
  // How long the value will be, the command does not say.
  BOOST_TEST(estimate_space(encode(append{"k", "x"})).bytes > value_bytes_max);
}

BOOST_AUTO_TEST_CASE(where_more_can_be_taken_room_has_no_end) {
  full_engine x{0};
  BOOST_TEST(x.left.any == space_left::unlimited);
  BOOST_TEST(x.left.sparing == space_left::unlimited);
}

BOOST_AUTO_TEST_CASE(what_is_dirty_counts_until_it_is_checkpointed) {
  full_engine x{24 << 20};
  x.fill(20'000);
  BOOST_REQUIRE(x.left.any != space_left::unlimited);
  auto before = x.left;
  BOOST_REQUIRE(x.take(erase{{std::string(500, 'a'), "k0", "k1"}}));
  x.apply_all();
  BOOST_TEST(x.left.sparing < before.sparing);
  x.settle();
  BOOST_TEST(x.left.sparing > before.sparing);
}

BOOST_DATA_TEST_CASE(erasing_makes_room_for_the_next,
                     boost::unit_test::data::make({100, 3'000, 20'000,
                                                   200'000}),
                     value_bytes) {
  full_engine x{32 << 20};
  auto size = static_cast<std::size_t>(value_bytes);
  auto keys = x.fill(size);
  BOOST_TEST(keys * size > 8u << 20);
  for (auto round = 0; round < 3; ++round) {
    // There is always room to erase, one by one and many at once. Small pairs
    // only free pages if their neighbours go, too.
    std::vector<std::string> half;
    for (std::uint64_t i = 0; i < keys; ++i)
      half.push_back("k" + std::to_string(i));
    std::sort(half.begin(), half.end());
    half.resize(half.size() / 2);
    for (auto i = 0; i < 20; ++i) {
      BOOST_REQUIRE(x.take(get{{half.back()}}));
      BOOST_REQUIRE(x.take(erase{{half.back()}}));
      half.pop_back();
      x.settle();
    }
    while (!half.empty()) {
      auto n = std::min<std::size_t>(half.size(), 500);
      BOOST_REQUIRE(
        x.take(erase{{half.end() - static_cast<int>(n), half.end()}}));
      x.settle();
      half.resize(half.size() - n);
    }
    auto again = x.fill(size);
    BOOST_TEST(again >= keys / 2);
    keys = std::min(again, keys);
  }
  auto wanted = x.model.query(digest_request());
  BOOST_TEST((x.uut->query(digest_request()) == wanted));
  x.reopen();
  BOOST_TEST((x.uut->query(digest_request()) == wanted));
}

/// Random commands of all kinds and sizes, many under way, and a checkpoint
/// that takes its time.
BOOST_DATA_TEST_CASE(whatever_is_taken_finds_room,
                     boost::unit_test::data::xrange(8), seed) {
  base::random random{static_cast<std::uint64_t>(seed)};
  full_engine x{static_cast<std::uint64_t>(24 + seed) << 19};
  auto key = [&] { return "k" + std::to_string(random.below(3000)); };
  auto value = [&] {
    const std::size_t sizes[] = {10, 300, 1'500, 2'100, 4'090, 30'000, 150'000};
    auto size = sizes[random.below(3) + random.below(5)];
    return std::string(1 + random.below(size), 'v');
  };
  auto next = [&]() -> bytes {
    switch (random.below(8)) {
      case 0: {
        erase many;
        for (auto n = random.below(random.below(40) == 0 ? 400 : 5); n > 0; --n)
          many.keys.push_back(key());
        return encode(many);
      }
      case 1:
        return encode(get{{key()}});
      case 2: {
        put_many many;
        for (auto n = random.below(200); n > 0; --n)
          many.pairs.emplace_back('m' + key(),
                                  std::string(random.below(60), 'm'));
        return encode(many);
      }
      case 3:
        return encode_batch({encode(put{key(), value()}),
                             encode(erase{{key()}}),
                             encode(compare_and_set{key(), {}, value()})});
      default:
        return encode(put{key(), value()});
    }
  };
  std::uint64_t taken = 0;
  for (auto step = 0; step < 4000; ++step) {
    taken += x.take_encoded(next());
    if (random.below(6) == 0)
      x.apply_all();
    if (random.below(10) == 0)
      x.end_checkpoint();
    if (random.below(500) == 0) {
      x.apply_all();
      x.reopen();
    }
  }
  x.settle();
  BOOST_TEST(taken > 500u);
  BOOST_TEST(x.refusals > 10u);
  BOOST_TEST(
    (x.uut->query(digest_request()) == x.model.query(digest_request())));
  // It can be emptied.
  for (auto i = 0; i < 3000; ++i) {
    BOOST_REQUIRE(x.take(erase{{"k" + std::to_string(i)}}));
    x.settle();
  }
  BOOST_TEST(x.take(put{"k", std::string(30'000, 'x')}));
}

BOOST_AUTO_TEST_SUITE_END()
