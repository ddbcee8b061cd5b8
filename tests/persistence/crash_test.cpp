// Processes that die while they write, and disks that are full: what was
// acknowledged is there afterwards, what was not is there in full or not at
// all.

#include <raft/tests/persistence/store_fixture.hpp>
#include <raft/tests/support/child_process.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <sys/resource.h>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;

namespace {

constexpr std::uint64_t groups = 2;

/// The commit after which both groups are in term `step`. The same state gives
/// the same commit, so that a child and its parent agree on all of them.
std::vector<persist> make_step(const store& from, std::uint64_t step) {
  std::vector<persist> result;
  for (std::uint64_t group = 1; group <= groups; ++group) {
    std::mt19937_64 random{step * groups + group};
    auto state = from.load({group});
    auto next = state.last.index.value + 1;
    auto size = state.last.index - state.compacted.index;
    batch x{group};
    switch (random() % 6) {
      case 0:
        next -= random() % (1 + size);
        x.truncate(next);
        break;
      case 1:
        if (size > 0) {
          auto index = state.compacted.index + (1 + random() % size);
          auto kept = from.read({group}, index, index, 0);
          x.compact(index.value, kept.at(0).term.value);
        }
        break;
      default:
        break;
    }
    if (random() % 8 != 0)
      x.fill(next, next + random() % 20, step, random() % 3000);
    x.members({{step}, {{1}, {2}}, {}}).term(step, 1 + random() % 3);
    result.push_back(x);
  }
  return result;
}

/// The step that a store is at.
std::uint64_t step_of(const store& x) {
  return x.load({1}).hard.term.value;
}

/// Commits and reports step after step, for ever.
void run_steps(store& x, int out) {
  for (auto step = step_of(x) + 1;; ++step) {
    x.commit(make_step(x, step));
    send_number(out, step);
  }
}

/// Brings `model` to the step that `recovered` is at, and compares.
void check_same(store& model, const any_store& recovered) {
  for (auto step = step_of(model) + 1; step <= step_of(*recovered); ++step)
    model.commit(make_step(model, step));
  for (std::uint64_t group = 1; group <= groups; ++group) {
    auto expected = model.load({group});
    BOOST_REQUIRE((recovered->load({group}) == expected));
    auto first = expected.compacted.index.next();
    auto all = ~std::uint64_t{0};
    BOOST_REQUIRE((recovered->read({group}, first, expected.last.index, all)
                   == model.read({group}, first, expected.last.index, all)));
  }
}

void limit_file_size(std::uint64_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
    throw std::runtime_error{"cannot limit the size of files"};
}

} // namespace

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_a_kill) {
  constexpr int rounds_max = 40;
  auto enough = std::chrono::steady_clock::now() + std::chrono::seconds{4};
  any_store disk{"lmdb", std::filesystem::temp_directory_path()};
  auto model = make_memory_store({"test", {1}, {77}});
  std::mt19937_64 random{42};
  for (int round = 0; round < rounds_max; ++round) {
    if (round >= 5 && std::chrono::steady_clock::now() > enough)
      break;
    auto acknowledged = step_of(*disk);
    disk.close();
    child_process child{[&](int out) {
      disk.reopen();
      run_steps(*disk, out);
    }};
    auto wanted = acknowledged + 1 + random() % 20;
    while (acknowledged < wanted) {
      auto step = child.receive_number();
      BOOST_REQUIRE(step.has_value());
      acknowledged = *step;
    }
    // Let it get somewhere into a later commit.
    if (auto step = child.receive_number(static_cast<int>(random() % 400)))
      acknowledged = *step;
    child.kill();
    while (auto step = child.receive_number())
      acknowledged = *step;
    disk.reopen();
    auto found = step_of(*disk);
    BOOST_TEST_CONTEXT("round " << round) {
      BOOST_REQUIRE(found >= acknowledged);
      BOOST_REQUIRE(found <= acknowledged + 1);
      BOOST_REQUIRE(disk->load({2}).hard.term.value == found);
      check_same(*model, disk);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_writing_and_loses_nothing) {
  constexpr std::uint64_t refused = 1'000'000'000;
  any_store disk{"lmdb", std::filesystem::temp_directory_path()};
  auto model = make_memory_store({"test", {1}, {77}});
  // Rooms that are, and that are not, a multiple of a page.
  for (std::uint64_t room : {0, 4096, 10'000, 65'536, 100'001, 500'000}) {
    auto acknowledged = step_of(*disk);
    disk.close();
    child_process child{[&](int out) {
      disk.reopen();
      auto file = disk.options().directory + "/data.mdb";
      limit_file_size(std::filesystem::file_size(file) + room);
      try {
        run_steps(*disk, out);
      } catch (const store_error& e) {
        send_number(out, refused + static_cast<std::uint64_t>(e.code()));
      }
      try {
        disk->commit(make_step(*disk, step_of(*disk) + 1));
      } catch (const store_error& e) {
        send_number(out, refused + static_cast<std::uint64_t>(e.code()));
      }
    }};
    std::vector<store_errc> errors;
    while (auto x = child.receive_number())
      if (*x < refused)
        acknowledged = *x;
      else
        errors.push_back(static_cast<store_errc>(*x - refused));
    BOOST_REQUIRE(child.wait() == 0);
    // LMDB writes when it commits: the first failure is final.
    BOOST_REQUIRE(errors.size() == 2u);
    BOOST_CHECK(errors[0] == store_errc::write_failed);
    BOOST_CHECK(errors[1] == store_errc::write_failed);
    disk.reopen();
    BOOST_REQUIRE(step_of(*disk) == acknowledged);
    check_same(*model, disk);
  }
}

BOOST_AUTO_TEST_SUITE_END()
