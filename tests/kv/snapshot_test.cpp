// Snapshots at random moments while commands go on: what is restored is the
// state after exactly one entry, with the sessions of that entry.

#include "copied_state.hpp"
#include <raft/kv/pair_stream.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <optional>
#include <random>
#include <utility>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;

namespace {

std::string state_of(std::vector<std::pair<std::string, std::string>> pairs) {
  text_sink out;
  pair_writer to{out};
  for (const auto& [key, value] : pairs)
    to.add(key, value);
  to.finish();
  return out.text;
}

void read(const std::string& state) {
  kv_machine uut;
  text_source in{state};
  uut.read_state(in);
}

} // namespace

BOOST_AUTO_TEST_SUITE(kv_snapshots)

BOOST_DATA_TEST_CASE(of_a_machine_in_memory, boost::unit_test::data::xrange(5),
                     seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  machine::executor uut{std::make_unique<kv_machine>()};
  std::optional<std::future<copied_state>> writing;
  auto snapshots = 0;
  while (snapshots < 8) {
    apply_next(uut);
    if (writing && random() % 50 == 0) {
      check(writing->get());
      writing.reset();
      ++snapshots;
    } else if (!writing && random() % 50 == 0) {
      if (auto begun = uut.begin_snapshot()) {
        BOOST_TEST(begun->applied.value == uut.applied().value);
        writing
          = std::async(std::launch::async, [x = std::move(*begun)]() mutable {
              return written(std::move(x));
            });
      }
    }
  }
  auto expected = told_up_to(uut.applied());
  compare(uut, *expected);
}

BOOST_AUTO_TEST_CASE(changes_are_kept_apart_while_a_state_is_read) {
  memory_map uut;
  for (auto i = 0; i < 100; ++i)
    uut.put(std::to_string(i), "old");
  auto moment = uut.freeze();
  BOOST_REQUIRE(moment);
  for (auto i = 0; i < 100; i += 2)
    uut.put(std::to_string(i), "new");
  for (auto i = 1; i < 100; i += 4)
    uut.erase(std::to_string(i));
  uut.append("3", "er");
  uut.put("100", "");
  auto check_now = [&] {
    BOOST_TEST(uut.count() == 76u);
    std::size_t seen = 0;
    uut.visit({}, [&](std::string_view key, std::string_view value) {
      BOOST_TEST((uut.find(key) == value));
      return ++seen > 0;
    });
    BOOST_TEST(seen == 76u);
    BOOST_TEST(!uut.contains("1"));
    BOOST_TEST((uut.find("3") == "older"));
    BOOST_TEST((uut.find("4") == "new"));
  };
  check_now();
  // There is one at a time.
  BOOST_TEST(!uut.freeze());
  std::size_t pairs = 0;
  moment->visit([&](std::string_view, std::string_view value) {
    BOOST_TEST(value == "old");
    return ++pairs > 0;
  });
  BOOST_TEST(pairs == 100u);
  BOOST_TEST(uut.unsettled() == 77u);
  moment = nullptr;
  uut.put("4", "new");
  BOOST_TEST(uut.unsettled() == 61u);
  check_now();
  BOOST_TEST(uut.freeze());
  BOOST_TEST(uut.unsettled() == 0u);
  check_now();
}

BOOST_AUTO_TEST_CASE(a_moment_outlives_its_map) {
  auto uut = std::make_unique<memory_map>();
  uut->put("a", "1");
  auto moment = uut->freeze();
  uut = nullptr;
  moment->visit([](std::string_view key, std::string_view) {
    BOOST_TEST(key == "a");
    return true;
  });
}

BOOST_AUTO_TEST_CASE(streams_without_sense_are_refused) {
  read(state_of({}));
  read(state_of({{"", ""}, {"a", "1"}, {"b", std::string(100'000, 'x')}}));
  BOOST_CHECK_THROW(read(""), machine::bad_state);
  BOOST_CHECK_THROW(read(state_of({{"b", ""}, {"a", ""}})), machine::bad_state);
  BOOST_CHECK_THROW(read(state_of({{"a", ""}, {"a", ""}})), machine::bad_state);
  BOOST_CHECK_THROW(read(state_of({{std::string(511, 'x'), ""}})),
                    machine::bad_state);
  BOOST_CHECK_THROW(read(state_of({{"a", std::string((8 << 20) + 1, 'x')}})),
                    machine::bad_state);
  auto good = state_of({{"a", "1"}, {"b", "2"}});
  for (std::size_t i = 0; i < good.size(); ++i)
    BOOST_CHECK_THROW(read(good.substr(0, i)), machine::bad_state);
  good.back() = 3;
  BOOST_CHECK_THROW(read(good), machine::bad_state);
}

BOOST_AUTO_TEST_SUITE_END()
