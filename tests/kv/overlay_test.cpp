// Overlays: what they remember, what they weigh, and two of them in one.

#include <raft/kv/overlay.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <string_view>
#include <vector>

using namespace raft::kv;

namespace {

using slots = std::map<std::string, overlay::slot>;

slots everything(const overlay& x) {
  slots result;
  for (const auto& change : x)
    result.emplace(change.key, change.value);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(overlays)

BOOST_AUTO_TEST_CASE(an_erased_key_is_not_an_unknown_one) {
  overlay uut;
  BOOST_TEST(uut.find("k") == nullptr);
  uut.erase("k");
  BOOST_REQUIRE(uut.find("k") != nullptr);
  BOOST_TEST(!uut.find("k")->has_value());
  uut.put("k", "v");
  BOOST_TEST(uut.find("k")->value() == "v");
  BOOST_TEST(uut.size() == 1u);
}

BOOST_AUTO_TEST_CASE(keys_and_values_weigh_what_they_hold) {
  overlay uut;
  BOOST_TEST(uut.bytes() == 0u);
  uut.put("key", std::string(1000, 'x'));
  auto full = uut.bytes();
  BOOST_TEST(full >= 1003u);
  BOOST_TEST(uut.append("key", "yy") == 1002u);
  BOOST_TEST(uut.bytes() == full + 2);
  uut.put("key", "z");
  BOOST_TEST(uut.bytes() == full - 999);
  uut.erase("key");
  BOOST_TEST(uut.bytes() == full - 1000);
  uut.erase("key");
  BOOST_TEST(uut.bytes() == full - 1000);
  // A tombstone has to be kept: it weighs something.
  BOOST_TEST(uut.bytes() >= 3u);
}

BOOST_DATA_TEST_CASE(it_finds_what_a_map_finds_and_in_its_order,
                     boost::unit_test::data::xrange(20), seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  overlay uut;
  slots expected;
  for (auto i = 0; i < 3000; ++i) {
    auto key = std::to_string(random() % 1000);
    switch (random() % 8) {
      case 0:
        uut.erase(key);
        expected[key] = std::nullopt;
        break;
      case 1:
        if (auto known = expected.find(key);
            known != expected.end() && known->second) {
          *known->second += "x";
          BOOST_REQUIRE(uut.append(key, "x") == known->second->size());
        }
        break;
      case 2: {
        auto i = expected.find(key);
        auto* found = uut.find(key);
        BOOST_REQUIRE((found != nullptr) == (i != expected.end()));
        BOOST_REQUIRE((found == nullptr || *found == i->second));
        break;
      }
      default:
        uut.put(key, std::to_string(i));
        expected[key] = std::to_string(i);
    }
    // Whoever asks for the order finds what came since somebody asked last.
    if (random() % 500 == 0) {
      BOOST_REQUIRE((everything(uut) == expected));
      auto next = uut.from(key);
      auto wanted = expected.lower_bound(key);
      BOOST_REQUIRE((next == uut.end()) == (wanted == expected.end()));
      BOOST_REQUIRE((next == uut.end() || next->key == wanted->first));
    }
  }
  BOOST_TEST(uut.size() == expected.size());
  auto copy = uut;
  uut.put("another", "");
  BOOST_TEST((everything(copy) == expected));
  BOOST_TEST(
    std::is_sorted(uut.begin(), uut.end(),
                   [](const auto& x, const auto& y) { return x.key < y.key; }));
}

// More than it sorts at a time, with and without somebody who asks meanwhile.
BOOST_DATA_TEST_CASE(many_changes_come_in_order,
                     boost::unit_test::data::xrange(4), seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  overlay uut;
  slots expected;
  for (auto i = 0; i < 20'000; ++i) {
    auto key = std::to_string(random() % 15'000);
    uut.put(key, "x");
    expected[key] = "x";
    if (seed % 2 != 0 && random() % 1000 == 0) {
      auto wanted = expected.lower_bound(key);
      for (auto found = uut.from(key); found != uut.end(); ++found, ++wanted)
        BOOST_REQUIRE(found->key == wanted->first);
      BOOST_REQUIRE((wanted == expected.end()));
    }
  }
  auto wanted = expected.begin();
  for (const auto& found : uut) {
    BOOST_REQUIRE(found.key == wanted->first);
    ++wanted;
  }
  BOOST_TEST((wanted == expected.end()));
}

BOOST_AUTO_TEST_CASE(it_counts_the_keys_that_there_are_with_it) {
  overlay uut;
  uut.put("new", "1", false);
  uut.put("old", "1", true);
  uut.erase("gone", true);
  uut.erase("never there", false);
  BOOST_TEST(uut.knows_all());
  BOOST_TEST(uut.count_over(10) == 10u);
  uut.put("a", "1");
  uut.put("b", "1");
  uut.erase("b");
  uut.put("old", "2");
  BOOST_TEST(!uut.knows_all());
  BOOST_TEST(uut.unknown() == (std::vector<std::string_view>{"a", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST(uut.count_over(10, [](auto key) { return key == "b"; }) == 10u);
  BOOST_TEST(uut.count_over(10, [](auto) { return false; }) == 11u);
  uut.know({false, true});
  BOOST_TEST(uut.knows_all());
  BOOST_TEST(uut.count_over(10) == 10u);
}

BOOST_DATA_TEST_CASE(the_newer_one_hides_the_older_one,
                     boost::unit_test::data::xrange(100), seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  auto key = [&random] { return std::string(1, "abcdefgh"[random() % 8]); };
  overlay newer;
  overlay older;
  for (auto* x : {&newer, &older})
    for (auto n = random() % 8; n > 0; --n)
      if (random() % 2 == 0)
        x->erase(key());
      else
        x->put(key(), std::to_string(random()));
  auto first = random() % 4 == 0 ? std::string{} : key();
  auto expected = everything(newer);
  expected.merge(everything(older));
  expected.erase(expected.begin(), expected.lower_bound(first));
  slots found;
  std::vector<std::string> order;
  for (overlay_cursor x{newer, older, first}; !x.at_end(); x.next()) {
    found.emplace(x.key(), x.value());
    order.emplace_back(x.key());
  }
  BOOST_TEST((found == expected));
  BOOST_TEST(order.size() == found.size());
  BOOST_TEST(std::is_sorted(order.begin(), order.end()));
}

BOOST_AUTO_TEST_SUITE_END()
