// Overlays: what they remember, what they weigh, and two of them in one.

#include <raft/kv/overlay.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <vector>

using namespace raft::kv;

namespace {

using slots = std::map<std::string, overlay::slot>;

slots everything(const overlay& x) {
  return {x.begin(), x.end()};
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
