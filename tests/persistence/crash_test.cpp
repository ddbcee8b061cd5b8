// Processes that die while they write: what was acknowledged is there
// afterwards, what was not is there in full or not at all.

#include <raft/tests/persistence/steps.hpp>
#include <raft/tests/support/child_process.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(crash)

BOOST_DATA_TEST_CASE(what_was_acknowledged_survives_a_kill,
                     data::make(disk_kinds), kind) {
  constexpr int rounds_max = 40;
  auto enough = std::chrono::steady_clock::now() + std::chrono::seconds{4};
  any_store disk{kind, std::filesystem::temp_directory_path()};
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

BOOST_AUTO_TEST_SUITE_END()
