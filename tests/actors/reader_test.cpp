// Reading what only the disk has.

#include "support.hpp"
#include <raft/actors/reader.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

struct reader_fixture : system_fixture {
  reader_fixture() {
    persist all{{1}, {1}, {}};
    all.batch.hard = {{1}, {1}};
    for (std::uint64_t i = 1; i <= 9; ++i)
      all.batch.entries.push_back(command_at(i, "0123456789"));
    store->commit(std::span{&all, 1});
    written = all.batch.entries;
  }

  std::shared_ptr<difficult_store> store = std::make_shared<difficult_store>(
    persistence::make_memory_store({"c", {1}, {7}}));
  std::vector<entry> written;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(reader_suite, reader_fixture)

BOOST_AUTO_TEST_CASE(reads_are_bounded) {
  auto reader = spawn_reader(system, store, false);
  auto some = ask<entries_read>(
    reader, read_entries{{1}, {5}, {3}, {8}, 2 * cost(written[0])});
  BOOST_REQUIRE(some.has_value());
  BOOST_TEST(some->reader.value == 5u);
  BOOST_TEST(some->first.value == 3u);
  BOOST_REQUIRE(some->entries.size() == 2u);
  BOOST_TEST((some->entries[0] == written[2]));
  BOOST_TEST((some->entries[1] == written[3]));
  BOOST_TEST(ask<stopped>(reader, stop{{1}}).has_value());
}

BOOST_AUTO_TEST_CASE(what_can_not_be_read_is_an_error_that_says_what) {
  auto reader = spawn_reader(system, store, false);
  store->fail_reads();
  BOOST_TEST(!ask<entries_read>(reader, read_entries{{1}, {1}, {3}, {8}, 100}));
  BOOST_TEST((error.find("reading entry 3 of group 1 failed: the page is torn")
              != std::string::npos),
             error);
  BOOST_TEST(ask<stopped>(reader, stop{{1}}).has_value());
}

// Whoever is told `stopped` may open the directory again.
BOOST_AUTO_TEST_CASE(stop_comes_after_the_read_and_releases_the_store) {
  auto reader = spawn_reader(system, store);
  std::weak_ptr<difficult_store> released = store;
  store->hold_reads(true);
  auto read = actors::ask(self, reader, deadline,
                          read_entries{{1}, {1}, {1}, {1}, 100});
  BOOST_REQUIRE(store->await_reads(1));
  auto end = actors::ask(self, reader, deadline, stop{{1}});
  store->hold_reads(false);
  store.reset();
  auto wrong = [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); };
  std::move(read).receive(
    [](const entries_read& x) { BOOST_TEST(x.entries.size() == 1u); }, wrong);
  std::move(end).receive([](const stopped&) {}, wrong);
  BOOST_TEST(released.expired());
}

BOOST_AUTO_TEST_SUITE_END()
