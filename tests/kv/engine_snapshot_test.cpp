// Snapshots of an engine while commands and checkpoints go on, and engines that
// are given one.

#include "copied_state.hpp"
#include <raft/kv/engine_restoration.hpp>
#include <raft/kv/lmdb_table.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>
#include <random>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;
namespace fs = std::filesystem;

namespace {

/// Runs an engine as a peer does: checkpoints and snapshots are written by
/// other threads.
class running_engine {
public:
  explicit running_engine(std::uint64_t seed, const any_table& disk)
    : random_{seed}, uut_{open(disk.get())} {
    // nop
  }

  /// Checks so many snapshots.
  void run(int snapshots) {
    while (snapshots > 0) {
      if (!uut_.must_wait())
        apply_next(uut_);
      checkpoint();
      if (writing_ && random_() % 100 == 0) {
        check(writing_->get());
        writing_.reset();
        --snapshots;
      } else if (!writing_ && random_() % 40 == 0) {
        begin_snapshot();
      }
    }
    auto expected = told_up_to(uut_.applied());
    compare(uut_, *expected);
    if (checkpointing_)
      checkpointing_->get();
  }

private:
  void checkpoint() {
    auto may_end = uut_.must_wait() || random_() % 20 == 0;
    if (checkpointing_ && may_end) {
      checkpointing_->get();
      checkpointing_.reset();
      uut_.checkpoint_done();
    } else if (!checkpointing_) {
      if (auto job
          = uut_.take_checkpoint(uut_.applied(), random_() % 30 == 0)) {
        job->hurry();
        checkpointing_ = std::async(std::launch::async, [job] { job->run(); });
      }
    }
  }

  void begin_snapshot() {
    auto begun = uut_.begin_snapshot();
    if (!begun)
      return;
    BOOST_TEST(begun->applied.value <= uut_.applied().value);
    BOOST_TEST(begun->applied.value >= uut_.checkpointed().value);
    writing_
      = std::async(std::launch::async, [x = std::move(*begun)]() mutable {
          return written(std::move(x));
        });
  }

  std::mt19937_64 random_;
  machine::executor uut_;
  std::optional<std::future<void>> checkpointing_;
  std::optional<std::future<copied_state>> writing_;
};

/// Nobody needs the disk beside it.
void checkpoint_now(machine::executor& uut) {
  auto job = uut.take_checkpoint(uut.applied(), true);
  job->hurry();
  job->run();
}

/// An engine after so many entries, all of them checkpointed.
copied_state sample(std::uint64_t last) {
  any_table disk{"memory"};
  auto uut = open(disk.get());
  while (uut.applied().value < last)
    apply_next(uut);
  checkpoint_now(uut);
  uut.checkpoint_done();
  return written(*uut.begin_snapshot());
}

void checkpoint(engine& uut, log_index applied) {
  auto job = uut.freeze(applied, {});
  job->hurry();
  job->run();
  uut.checkpointed();
}

struct disk_fixture {
  any_table disk{"lmdb"};
  const std::string& directory = disk.options.directory;

  std::unique_ptr<machine::restoration> restoration() const {
    return make_engine_restoration(disk.options);
  }

  /// Everything of it is built.
  static void build(machine::restoration& to, const copied_state& x) {
    text_source in{x.state, 4096};
    to.build(x.what, in);
  }

  /// Advances what is on the disk.
  void run_to(std::uint64_t last) {
    auto uut = open(disk.get());
    while (uut.applied().value < last)
      apply_next(uut);
    checkpoint_now(uut);
  }

  /// Opens it, and compares with the state after this entry.
  void expect(std::uint64_t applied) {
    disk.reopen();
    auto uut = open(disk.get());
    BOOST_TEST(uut.applied().value == applied);
    auto expected = told_up_to(uut.applied());
    compare(uut, *expected);
    BOOST_TEST(!fs::exists(restoration_directory(directory)));
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(engine_snapshots)

BOOST_DATA_TEST_CASE(they_are_of_one_entry_on_a_table_in_memory,
                     boost::unit_test::data::xrange(4), seed) {
  any_table disk{"memory"};
  running_engine{static_cast<std::uint64_t>(seed), disk}.run(6);
}

BOOST_DATA_TEST_CASE(they_are_of_one_entry_on_the_disk,
                     boost::unit_test::data::xrange(4), seed) {
  any_table disk{"lmdb"};
  // Checkpoints of many transactions, so that some are under way.
  disk.options.portions = {7, 4096};
  disk.reopen();
  running_engine{static_cast<std::uint64_t>(seed), disk}.run(6);
}

BOOST_AUTO_TEST_CASE(without_a_checkpoint_there_is_nothing_to_copy) {
  any_table disk{"lmdb"};
  auto uut = open(disk.get());
  apply_next(uut);
  BOOST_TEST(!uut.begin_snapshot());
  checkpoint_now(uut);
  // It is on the disk, whether or not the engine knows by now.
  auto begun = uut.begin_snapshot();
  BOOST_REQUIRE(begun);
  BOOST_TEST(begun->applied.value == 1u);
}

BOOST_FIXTURE_TEST_CASE(at_most_so_many_are_held_at_once, disk_fixture) {
  run_to(10);
  auto uut = open(disk.get());
  std::vector<machine::snapshot> held;
  while (auto begun = uut.begin_snapshot())
    held.push_back(std::move(*begun));
  BOOST_TEST(held.size() == 4u);
  held.pop_back();
  BOOST_TEST(uut.begin_snapshot().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_file_grows_so_much_for_a_reader_and_no_more,
                        disk_fixture) {
  disk.options.growth_bytes_max = 1 << 20;
  disk.options.portions = {16, 16 << 10};
  disk.reopen();
  engine uut{disk.get(), 1 << 20};
  auto put_all = [&](char value) {
    for (auto i = 0; i < 400; ++i)
      uut.put(std::to_string(i), std::string(2000, value));
  };
  put_all('a');
  checkpoint(uut, {1});
  auto held = uut.begin_snapshot();
  BOOST_REQUIRE(held);
  auto pages = [&] { return fs::file_size(directory + "/data.mdb"); };
  // Without a bound it would take 800 KB more each time.
  for (std::uint64_t i = 2; i < 40; ++i) {
    put_all(static_cast<char>('a' + i % 26));
    checkpoint(uut, {i});
  }
  text_sink out;
  BOOST_CHECK_EXCEPTION(held->write(out), machine::given_up, [](const auto& e) {
    return std::string{e.what()}.find(" bytes longer; take it at a higher "
                                      "rate")
        != std::string::npos;
  });
  // What is filled ahead comes to it.
  BOOST_TEST(pages() < (24u << 20));
  // Another one can be taken.
  text_sink again;
  uut.begin_snapshot()->write(again);
  BOOST_TEST(again.text.size() > 800'000u);
}

BOOST_FIXTURE_TEST_CASE(a_checkpoint_without_room_takes_what_a_reader_holds,
                        disk_fixture) {
  disk.options.map_bytes = 8 << 20;
  disk.reopen();
  engine uut{disk.get(), 1 << 20};
  auto put_all = [&](char value) {
    for (auto i = 0; i < 40; ++i)
      uut.put(std::to_string(i), std::string(20'000, value));
  };
  put_all('a');
  checkpoint(uut, {1});
  auto held = uut.begin_snapshot();
  BOOST_REQUIRE(held);
  std::uint64_t refused = 0;
  for (std::uint64_t i = 2; i < 10; ++i) {
    put_all(static_cast<char>('a' + i));
    auto job = uut.freeze({i}, {});
    job->hurry();
    for (auto done = false; !done;)
      try {
        job->run();
        done = true;
      } catch (const machine::no_space&) {
        BOOST_REQUIRE(++refused < 10);
      }
    uut.checkpointed();
  }
  BOOST_TEST(refused > 0u);
  text_sink out;
  BOOST_CHECK_EXCEPTION(held->write(out), machine::given_up, [](const auto& e) {
    return std::string{e.what()}.find("the disk is full") != std::string::npos;
  });
}

BOOST_FIXTURE_TEST_CASE(damaged_pairs_are_in_no_snapshot, disk_fixture) {
  engine uut{disk.get()};
  const std::string value{"a value that is found in the file"};
  uut.put("a", value);
  checkpoint(uut, {1});
  disk.close();
  auto file = directory + "/data.mdb";
  {
    std::fstream data{file, std::ios::in | std::ios::out | std::ios::binary};
    std::string all{std::istreambuf_iterator<char>{data}, {}};
    for (auto at = all.find(value); at != std::string::npos;
         at = all.find(value, at + 1)) {
      data.seekp(static_cast<std::streamoff>(at));
      data.put('A');
    }
  }
  auto held = uut.begin_snapshot();
  BOOST_REQUIRE(held);
  text_sink out;
  BOOST_CHECK_THROW(held->write(out), persistence::store_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(engine_restorations, disk_fixture)

BOOST_AUTO_TEST_CASE(what_is_restored_goes_on_as_the_original_does) {
  for (auto last : {1u, 200u, 777u, 3000u}) {
    auto uut = restoration();
    build(*uut, sample(last));
    disk.close();
    uut->install();
    expect(last);
  }
}

BOOST_AUTO_TEST_CASE(where_there_was_nothing_it_makes_all) {
  disk.close();
  fs::remove_all(directory);
  auto uut = restoration();
  build(*uut, sample(300));
  uut->install();
  expect(300);
}

BOOST_AUTO_TEST_CASE(an_engine_goes_on_beside_it) {
  auto engine_beside = open(disk.get());
  auto uut = restoration();
  build(*uut, sample(300));
  auto expected = told_up_to({});
  compare(engine_beside, *expected);
  // Its place it gets when that is gone.
  BOOST_CHECK_THROW(uut->install(), persistence::store_error);
}

BOOST_AUTO_TEST_CASE(a_snapshot_holds_the_files) {
  run_to(20);
  auto uut = restoration();
  build(*uut, sample(300));
  auto held = open(disk.get()).begin_snapshot();
  disk.close();
  BOOST_CHECK_THROW(uut->install(), persistence::store_error);
  held.reset();
  uut->install();
  expect(300);
}

BOOST_AUTO_TEST_CASE(
  without_room_for_pairs_of_many_transactions_there_is_none) {
  run_to(20);
  disk.options.map_bytes = 8 << 20;
  any_table large{"memory"};
  {
    engine x{large.get()};
    for (auto i = 0; i < 1000; ++i)
      x.put(std::to_string(i), std::string(20'000, 'x'));
    checkpoint(x, {9});
  }
  auto state = written(*open(large.get()).begin_snapshot());
  {
    auto uut = restoration();
    BOOST_CHECK_THROW(build(*uut, state), machine::no_space);
  }
  BOOST_TEST(!fs::exists(restoration_directory(directory)));
  disk.options.map_bytes = 0;
  auto uut = restoration();
  build(*uut, state);
  disk.close();
  uut->install();
  disk.reopen();
  BOOST_TEST(disk->load().keys == 1000u);
  BOOST_TEST(all_of(*disk).back().second.size() == 20'000u);
}

BOOST_AUTO_TEST_CASE(what_is_no_state_leaves_the_old_one) {
  run_to(20);
  auto good = sample(300);
  {
    auto uut = restoration();
    for (auto size :
         {std::size_t{0}, good.state.size() / 2, good.state.size() - 1}) {
      auto bad = good;
      bad.state.resize(size);
      BOOST_CHECK_THROW(build(*uut, bad), machine::bad_state);
      BOOST_CHECK_THROW(uut->install(), std::logic_error);
    }
    auto longer = good;
    longer.state += 'x';
    BOOST_CHECK_THROW(build(*uut, longer), machine::bad_state);
    auto of_nothing = good;
    of_nothing.what.applied = {};
    BOOST_CHECK_THROW(build(*uut, of_nothing), machine::bad_state);
  }
  BOOST_TEST(!fs::exists(restoration_directory(directory)));
  expect(20);
}

BOOST_AUTO_TEST_CASE(what_was_built_is_found_after_a_restart) {
  run_to(20);
  BOOST_TEST(!restoration()->find({300}));
  build(*restoration(), sample(300));
  disk.close();
  BOOST_TEST(!restoration()->find({299}));
  auto uut = restoration();
  BOOST_TEST(uut->find({300}));
  uut->install();
  BOOST_TEST(!restoration()->find({300}));
  expect(300);
}

BOOST_AUTO_TEST_CASE(a_start_removes_what_nobody_asks_for) {
  run_to(20);
  build(*restoration(), sample(300));
  BOOST_TEST(fs::exists(restoration_directory(directory)));
  expect(20);
  BOOST_TEST(!restoration()->find({300}));
}

BOOST_AUTO_TEST_SUITE_END()
