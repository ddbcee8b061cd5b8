// Writes of so many changes that the table on the disk takes several
// transactions for them.

#include "table_fixture.hpp"
#include <raft/kv/dump.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;

namespace {

/// Looks at a table that may have got the second of two updates.
struct half_way {
  any_table uut{"lmdb"};
  overlay first;
  overlay second;

  /// @param bytes How long the values of the second update are together.
  explicit half_way(std::size_t bytes) {
    for (auto i = 0; i < 100; ++i)
      first.put("k" + std::to_string(i), std::string(2000, '1'));
    for (auto i = 0; i < 100; i += 2)
      second.put("k" + std::to_string(i), std::string(bytes / 100, '2'));
    for (auto i = 0; i < 50; ++i)
      second.put("new" + std::to_string(i), std::string(bytes / 100, '2'));
    second.erase("k1");
    uut.options.map_bytes = 1 << 20;
    uut.options.portions = {4, 4000};
    uut.reopen();
    write(*uut, {1}, first, 100);
  }

  /// @returns whether the second update is there.
  bool check() {
    auto found = uut->load();
    auto is_there = found.state.applied.value == 2;
    overlay all = first;
    for (auto& [key, value, _] : is_there ? second : overlay{})
      value ? all.put(key, *value) : all.erase(key);
    pair_list wanted;
    for (auto& [key, value, _] : all)
      if (value)
        wanted.emplace_back(key, *value);
    BOOST_TEST((all_of(*uut) == wanted));
    BOOST_TEST(found.keys == wanted.size());
    BOOST_TEST(uut->count_with({}, {}) == wanted.size());
    BOOST_TEST(uut->count_with(second, {2}) == 149u);
    for (auto& [key, value, _] : all) {
      BOOST_TEST((uut->get(key) == value));
      BOOST_TEST(uut->contains(key) == value.has_value());
    }
    return is_there;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(staging)

BOOST_AUTO_TEST_CASE(a_large_write_rests_and_can_be_looked_at_meanwhile) {
  half_way x{100'000};
  x.uut.options.map_bytes = 0;
  x.uut.reopen();
  auto rests = 0;
  auto was_there = false;
  const records none;
  x.uut->write({std::make_shared<const overlay>(x.second),
                {2},
                none,
                [&](std::chrono::nanoseconds took) {
                  BOOST_TEST(took.count() > 0);
                  auto is_there = x.check();
                  BOOST_TEST(is_there >= was_there);
                  was_there = is_there;
                  ++rests;
                  return 1;
                }});
  BOOST_TEST(x.check());
  // To empty the place for changes; to put them there, three to a record, for
  // they are 1000 bytes and some, and one without a value; to make them count;
  // to bring them to the pairs, three by three for the same reason.
  BOOST_TEST(rests == 1 + 34 + 1 + 34);
}

BOOST_AUTO_TEST_CASE(a_large_write_takes_as_many_portions_as_it_is_told) {
  half_way x{100'000};
  x.uut.options.map_bytes = 0;
  x.uut.reopen();
  auto rests = 0;
  const records none;
  x.uut->write(
    {std::make_shared<const overlay>(x.second), {2}, none, [&](auto) {
       ++rests;
       return 10;
     }});
  BOOST_TEST(x.check());
  // The same, ten times as many at once.
  BOOST_TEST(rests == 1 + (34 + 9) / 10 + 1 + (101 + 39) / 40);
}

BOOST_AUTO_TEST_CASE(large_pairs_are_not_staged_many_at_once) {
  any_table uut{"lmdb"};
  uut.options.portions = {4, 4000};
  uut.reopen();
  overlay changes;
  for (auto i = 0; i < 10; ++i)
    changes.put("k" + std::to_string(i), std::string(50'000, 'x'));
  auto rests = 0;
  const records none;
  uut->write({std::make_shared<const overlay>(changes), {1}, none, [&](auto) {
                ++rests;
                return 10;
              }});
  BOOST_TEST(uut->load().keys == 10u);
  // Ten portions are 40,000 bytes, so each goes alone, both times.
  BOOST_TEST(rests == 1 + 10 + 1 + 10);
}

/// Twenty changes make a record, and a record a portion.
BOOST_AUTO_TEST_CASE(staged_changes_are_packed_and_survive_the_process) {
  any_table uut{"lmdb"};
  uut.options.portions = {1, 80'300};
  uut.reopen();
  overlay changes;
  for (auto i = 0; i < 39; ++i)
    changes.put("k" + std::to_string(10 + i), std::string(4000, 'x'));
  changes.erase("z");
  struct end_of_process {};
  auto rests = 0;
  const records none;
  // To empty the place, two portions, to make them count.
  auto end = [&](auto) {
    if (++rests == 4)
      throw end_of_process{};
    return 1;
  };
  BOOST_CHECK_THROW(
    uut->write({std::make_shared<const overlay>(changes), {2}, none, end}),
    end_of_process);
  uut.close();
  std::ostringstream shown;
  dump({uut.options.directory, {1}, false}, shown);
  auto two = shown.str().find("staged        2 records");
  BOOST_TEST(two != std::string::npos, shown.str());
  uut.reopen();
  BOOST_TEST(uut->load().state.applied.value == 2u);
  BOOST_TEST(all_of(*uut).size() == 39u);
  BOOST_TEST((uut->get("k48") == std::string(4000, 'x')));
}

// After each transaction, by the process that goes on and by the next one.
BOOST_AUTO_TEST_CASE(what_was_given_up_is_there_or_not) {
  constexpr auto rests_in_all = 1 + 4 + 1 + 3;
  for (auto reopened : {false, true})
    for (auto given_up_at = 1; given_up_at <= rests_in_all; ++given_up_at) {
      BOOST_TEST_CONTEXT("after " << given_up_at << " transactions") {
        half_way x{100'000};
        x.uut.options.map_bytes = 0;
        x.uut.reopen();
        auto rests = 0;
        const records none;
        auto give_up = [&](auto) -> std::size_t {
          if (++rests == given_up_at)
            throw machine::given_up{"it was told to"};
          return 10;
        };
        BOOST_CHECK_THROW(
          x.uut->write(
            {std::make_shared<const overlay>(x.second), {2}, none, give_up}),
          machine::given_up);
        auto counts = given_up_at >= 1 + 4 + 1;
        BOOST_TEST(x.check() == counts);
        if (reopened)
          x.uut.reopen();
        BOOST_TEST(x.check() == counts);
        write(*x.uut, {2}, x.second, 149);
        BOOST_TEST(x.check());
        x.uut.reopen();
        BOOST_TEST(x.check());
      }
    }
}

BOOST_AUTO_TEST_CASE(what_finds_no_room_on_the_way_is_there_or_not) {
  std::size_t before = 0;
  std::size_t after = 0;
  for (std::size_t bytes = 50'000; bytes < 800'000; bytes += 25'000) {
    half_way x{bytes};
    auto refused = false;
    try {
      write(*x.uut, {2}, x.second, 149);
    } catch (const machine::no_space&) {
      refused = true;
    }
    BOOST_TEST_CONTEXT(bytes << " bytes") {
      auto is_there = x.check();
      BOOST_TEST((refused || is_there));
      before += refused && !is_there;
      after += refused && is_there;
      x.uut.options.map_bytes = 0;
      x.uut.reopen();
      BOOST_TEST(x.check() == is_there);
      write(*x.uut, {2}, x.second, 149);
      BOOST_TEST(x.check());
      x.uut.reopen();
      BOOST_TEST(x.check());
    }
  }
  // Both kinds of places were met.
  BOOST_TEST(before > 0u);
  BOOST_TEST(after > 0u);
}

// Then it goes on in smaller ones.
BOOST_AUTO_TEST_CASE(large_transactions_need_no_more_room_than_small_ones) {
  auto refused_with = [](std::size_t portions) {
    auto result = 0;
    for (std::size_t bytes = 50'000; bytes < 800'000; bytes += 25'000) {
      half_way x{bytes};
      const records none;
      try {
        x.uut->write({std::make_shared<const overlay>(x.second),
                      {2},
                      none,
                      [portions](auto) { return portions; }});
      } catch (const machine::no_space&) {
        ++result;
      }
      x.check();
    }
    return result;
  };
  auto with_small = refused_with(1);
  BOOST_TEST(with_small > 0);
  BOOST_TEST(refused_with(16) <= with_small);
}

BOOST_AUTO_TEST_SUITE_END()
