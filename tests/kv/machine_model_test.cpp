// Random commands against a model that is a list of pairs without any order.

#include <raft/kv/kv_machine.hpp>
#include <raft/tests/kv/samples.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::kv;

namespace {

reply counted(std::uint64_t x) {
  return {status::ok, x, {}, {}, false};
}

struct model {
  std::vector<std::pair<std::string, std::string>> pairs;

  std::optional<std::string> look_up(const std::string& key) const {
    for (auto& pair : pairs)
      if (pair.first == key)
        return pair.second;
    return std::nullopt;
  }

  bool remove(const std::string& key) {
    return std::erase_if(pairs, [&](auto& x) { return x.first == key; }) > 0;
  }

  void set(const std::string& key, const std::string& value) {
    remove(key);
    pairs.emplace_back(key, value);
  }

  reply run_any(const command& x) {
    return std::visit([this](const auto& y) { return run(y); }, x);
  }

  reply run(const put& x) {
    set(x.key, x.value);
    return {};
  }

  reply run(const get& x) {
    reply result;
    for (auto& key : x.keys)
      result.values.push_back(look_up(key));
    return result;
  }

  reply run(const append& x) {
    set(x.key, look_up(x.key).value_or("") + x.value);
    return counted(look_up(x.key)->size());
  }

  reply run(const erase& x) {
    reply result;
    for (auto& key : x.keys)
      result.count += remove(key);
    return result;
  }

  reply run(const compare_and_set& x) {
    auto found = look_up(x.key);
    if (found != x.expected)
      return {status::mismatch, 0, {found}, {}, false};
    set(x.key, x.value);
    return {};
  }

  reply run(const scan& x) {
    auto sorted = pairs;
    std::erase_if(sorted, [&](auto& y) {
      return y.first.substr(0, x.prefix.size()) != x.prefix
          || (x.after && y.first <= *x.after);
    });
    std::sort(sorted.begin(), sorted.end());
    auto more = sorted.size() > x.limit;
    if (more)
      sorted.resize(x.limit);
    if (x.keys_only)
      for (auto& y : sorted)
        y.second.clear();
    return {status::ok, 0, {}, sorted, more};
  }

  reply run(const count&) {
    return counted(pairs.size());
  }

  reply run(const exists& x) {
    reply result;
    for (auto& key : x.keys)
      result.count += look_up(key).has_value();
    return result;
  }

  reply run(const put_many& x) {
    for (auto& [key, value] : x.pairs)
      set(key, value);
    return {};
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(kv_machine_model)

BOOST_DATA_TEST_CASE(random_commands, boost::unit_test::data::xrange(100),
                     seed) {
  command_source source{static_cast<std::uint64_t>(seed)};
  model expected;
  kv_machine uut;
  kv_machine replica;
  for (auto i = 0; i < 1000; ++i) {
    auto x = source.next();
    auto wanted = encode(expected.run_any(x));
    auto found = uut.apply({}, encode(x));
    BOOST_REQUIRE((found == wanted));
    replica.apply({}, encode(x));
  }
  BOOST_TEST(uut.compute_digest().keys == expected.pairs.size());
  BOOST_TEST((uut.query(digest_request()) == replica.query(digest_request())));
}

BOOST_AUTO_TEST_SUITE_END()
