// The linearizability checker on histories of 50 clients and 10,000 operations.
// Times depend on the machine, so configurations are counted;
// --log_level=message shows both.

#include <raft/checker/explain.hpp>
#include <raft/tests/checker/histories.hpp>
#include <raft/tests/checker/large_histories.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace raft::checker;
using namespace raft::checker::test;

namespace {

/// What takes less than a second.
constexpr std::uint64_t configurations_max = 250'000;

/// Enough for what went wrong early. What comes late takes more, and is shown
/// as far as it got.
constexpr explain_limits short_explanation{50'000};

class stopwatch {
public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now()
                                         - since_)
      .count();
  }

private:
  std::chrono::steady_clock::time_point since_
    = std::chrono::steady_clock::now();
};

template <class Model>
void expect(verdict wanted, const history<Model>& x, const std::string& name) {
  BOOST_TEST_CONTEXT(name) {
    BOOST_TEST(x.operations.size() >= 10'000u);
    stopwatch checking;
    auto found = check(x, {configurations_max});
    BOOST_TEST_MESSAGE(name << ": " << found.configurations
                            << " configurations, " << checking.seconds()
                            << " s");
    BOOST_TEST((found.result == wanted));
    BOOST_TEST(found.configurations < configurations_max);
    if (found.result != verdict::not_linearizable)
      return;
    stopwatch explaining;
    minimizer<Model> smaller{x.model, found.part, short_explanation};
    const auto& part = smaller.run();
    BOOST_TEST_MESSAGE("  explained by " << part.size() << " operations, "
                                         << smaller.left() << " steps left, "
                                         << explaining.seconds() << " s");
    BOOST_TEST((check_part(x.model, part).result == verdict::not_linearizable));
    BOOST_TEST(part.size() <= found.part.size());
    BOOST_TEST((smaller.left() == 0 || part.size() < 300));
  }
}

verdict with(mishap x) {
  return x == mishap::nothing ? verdict::linearizable
                              : verdict::not_linearizable;
}

/// Each write has a value of its own, as users should write them.
template <class Run>
void for_each_mishap(const std::vector<mishap>& mishaps, const Run& run) {
  for (std::uint64_t unknown : {0, 20})
    for (auto what : mishaps)
      for (std::size_t when : {100, 9'500}) {
        large_history_options x;
        x.unknown_per_mille = unknown;
        x.what = what;
        x.when = when;
        run(x, "unknown " + std::to_string(unknown) + ", mishap "
                 + std::to_string(static_cast<int>(what)) + " at "
                 + std::to_string(when));
      }
}

} // namespace

BOOST_AUTO_TEST_SUITE(large_histories)

BOOST_AUTO_TEST_CASE(of_a_register) {
  for_each_mishap({mishap::nothing, mishap::stale_read, mishap::lost_write},
                  [](const large_history_options& x, const std::string& name) {
                    expect(with(x.what), large_register(x),
                           "register, " + name);
                  });
}

BOOST_AUTO_TEST_CASE(of_a_register_with_few_values) {
  for_each_mishap({mishap::nothing, mishap::lost_write},
                  [](large_history_options x, const std::string& name) {
                    x.values = 5;
                    expect(with(x.what), large_register(x), "values, " + name);
                  });
}

BOOST_AUTO_TEST_CASE(of_keys_that_are_appended_to) {
  for_each_mishap({mishap::nothing, mishap::stale_read, mishap::lost_write,
                   mishap::doubled_append},
                  [](large_history_options x, const std::string& name) {
                    x.keys = 20;
                    expect(with(x.what), large_appends(x), "appends, " + name);
                  });
}

BOOST_AUTO_TEST_CASE(of_keys_with_all_that_can_be_done) {
  for_each_mishap({mishap::nothing, mishap::stale_read, mishap::lost_write},
                  [](large_history_options x, const std::string& name) {
                    expect(with(x.what), large_map(x), "map, " + name);
                  });
}

/// The verdict does not wait for the explanation, and that has an end.
BOOST_AUTO_TEST_CASE(an_explanation_ends_at_its_bound) {
  large_history_options options;
  options.what = mishap::stale_read;
  options.when = 5'000;
  auto x = large_register(options);
  auto found = check(x);
  BOOST_REQUIRE((found.result == verdict::not_linearizable));
  auto none = explain(x, found, {0});
  BOOST_TEST(none.is_given_up);
  BOOST_TEST(none.operations.size() == found.part.size());
  auto some = explain(x, found, {20'000});
  BOOST_TEST(some.is_given_up);
  BOOST_TEST(some.operations.size() <= found.part.size());
  BOOST_TEST(to_text(some).find("given up at the bound") != std::string::npos);
  auto all = explain(x, found, {5'000'000});
  BOOST_TEST(!all.is_given_up);
  BOOST_TEST(all.operations.size() < 10u);
}

BOOST_AUTO_TEST_SUITE_END()
