// The linearizability checker against one that tries every order: thousands of
// small random histories, most of a true execution, many of them changed.

#include <raft/simulation/random.hpp>
#include <raft/tests/simulation/histories.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

using namespace raft::simulation;
using dice = raft::simulation::random;

namespace {

using operation = map_model::operation;

/// Tries every order of every choice of unknown operations. No memory, no key,
/// no shortcut.
class brute_force {
public:
  explicit brute_force(const history<map_model>& x)
    : history_{x}, done_(x.operations.size()) {
    // nop
  }

  bool fits() {
    return fits(std::map<std::string, map_model::state>{});
  }

private:
  bool fits(const std::map<std::string, map_model::state>& now) {
    const auto& all = history_.operations;
    auto left = false;
    for (std::size_t i = 0; i < all.size(); ++i)
      left = left || (!done_[i] && all[i].end);
    if (!left)
      return true;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (done_[i] || !may_be_next(i))
        continue;
      auto after = now;
      auto& value = after[all[i].input.key];
      auto next = history_.model.step(
        value, all[i].input, all[i].output ? &*all[i].output : nullptr);
      if (!next)
        continue;
      value = *next;
      done_[i] = true;
      auto found = fits(after);
      done_[i] = false;
      if (found)
        return true;
    }
    return false;
  }

  bool may_be_next(std::size_t i) const {
    const auto& all = history_.operations;
    for (std::size_t j = 0; j < all.size(); ++j)
      if (!done_[j] && all[j].end && *all[j].end < all[i].start)
        return false;
    return true;
  }

  const history<map_model>& history_;
  std::vector<bool> done_;
};

std::string some_text(dice& chance) {
  return std::string(1, static_cast<char>('a' + chance.below(3)));
}

map_model::value some_value(dice& chance) {
  if (chance.below(3) == 0)
    return std::nullopt;
  return some_text(chance);
}

map_model::input some_input(dice& chance, std::uint64_t keys) {
  map_model::input result{"k" + std::to_string(chance.below(keys)),
                          map_model::get{}};
  switch (chance.below(6)) {
    case 0:
      result.what = map_model::put{some_text(chance)};
      break;
    case 1:
      result.what = map_model::append{some_text(chance)};
      break;
    case 2:
      result.what
        = map_model::compare_and_set{some_value(chance), some_text(chance)};
      break;
    case 3:
      if (chance.below(2) == 0)
        result.what = map_model::erase{};
      break;
    default:
      break;
  }
  return result;
}

/// What an operation answers, and what it leaves.
map_model::output run(map_model::state& now, const map_model::input& in) {
  map_model::output out;
  const auto* cas = std::get_if<map_model::compare_and_set>(&in.what);
  if (std::holds_alternative<map_model::get>(in.what))
    out.seen = now;
  if (cas && cas->from != now) {
    out.done = false;
    out.tells = true;
    out.seen = now;
  }
  if (std::holds_alternative<map_model::erase>(in.what))
    out.count = now ? 1 : 0;
  now = *map_model{}.step(now, in, nullptr);
  if (std::holds_alternative<map_model::append>(in.what))
    out.count = now->size();
  return out;
}

/// A true execution: each operation takes effect at a moment of its own, and
/// begins and ends somewhere around it. Some outcomes stay unknown; some of
/// these never happen.
history<map_model> true_history(dice& chance, std::size_t size,
                                std::uint64_t keys, std::int64_t spread) {
  history<map_model> result;
  std::map<std::string, map_model::state> now;
  auto around = static_cast<std::uint64_t>(spread);
  auto counts = chance.below(2) == 0;
  for (std::size_t i = 0; i < size; ++i) {
    auto moment = static_cast<std::int64_t>(10 * i);
    operation x;
    x.client = chance.below(5);
    x.input = some_input(chance, keys);
    x.start = moment - static_cast<std::int64_t>(chance.below(around));
    auto unknown = chance.per_mille(200);
    if (!unknown || chance.below(2) == 0) {
      auto out = run(now[x.input.key], x.input);
      if (!counts)
        out.count.reset();
      if (!unknown) {
        x.end = moment + static_cast<std::int64_t>(chance.below(around));
        if (chance.per_mille(900))
          x.output = out;
      }
    }
    result.operations.push_back(x);
  }
  return result;
}

/// Makes somebody see something else.
void change_an_answer(dice& chance, history<map_model>& x) {
  auto& y = x.operations[chance.below(x.operations.size())];
  if (!y.output)
    return;
  if (y.output->count)
    *y.output->count += chance.below(2) == 0 ? 1 : 2;
  else if (std::holds_alternative<map_model::get>(y.input.what))
    y.output->seen = some_value(chance);
  else if (std::holds_alternative<map_model::compare_and_set>(y.input.what))
    y.output->done = !y.output->done;
}

std::string text_of(const history<map_model>& x) {
  std::ostringstream out;
  write(out, x);
  return out.str();
}

} // namespace

BOOST_AUTO_TEST_SUITE(linearizability_model)

BOOST_AUTO_TEST_CASE(it_agrees_with_brute_force) {
  std::array<int, 2> verdicts{};
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    dice chance{seed};
    auto x = true_history(chance, 2 + chance.below(6), 1 + chance.below(2), 25);
    for (auto changes = chance.below(3); changes > 0; --changes)
      change_an_answer(chance, x);
    auto expected = brute_force{x}.fits();
    auto found = check(x).result == verdict::linearizable;
    BOOST_REQUIRE_MESSAGE(found == expected, "seed " << seed << ", expected "
                                                     << expected << "\n"
                                                     << text_of(x));
    ++verdicts[expected ? 1 : 0];
  }
  // One that always says the same tests nothing.
  BOOST_TEST(verdicts[0] > 3000);
  BOOST_TEST(verdicts[1] > 3000);
}

BOOST_AUTO_TEST_CASE(true_executions_are_accepted) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    dice chance{seed};
    auto x = true_history(chance, 300, 3, 40);
    BOOST_REQUIRE_MESSAGE(check(x).result == verdict::linearizable,
                          "seed " << seed << '\n'
                                  << text_of(x));
  }
}

/// What is left of a violation proves it: a history in which the whole is
/// linearizable can not have such a part.
BOOST_AUTO_TEST_CASE(no_step_to_a_smaller_part_makes_up_a_violation) {
  auto steps = 0;
  for (std::uint64_t seed = 1; seed <= 4'000; ++seed) {
    dice chance{seed};
    auto x = true_history(chance, 3 + chance.below(6), 1, 25);
    auto part = split(x).at(0);
    for (std::size_t i = part.size(); i-- > 0;) {
      const auto* dropped = part[i];
      auto rest = part;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      if (!x.model.can_drop(*dropped, rest))
        continue;
      part = rest;
      ++steps;
      BOOST_REQUIRE_MESSAGE(check_part(x.model, part).result
                              == verdict::linearizable,
                            "seed " << seed << " without "
                                    << x.model.describe(*dropped, true) << '\n'
                                    << text_of(x));
    }
  }
  BOOST_TEST(steps > 4'000);
}

BOOST_AUTO_TEST_CASE(smaller_parts_stay_violations) {
  auto violations = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    dice chance{seed};
    auto x = true_history(chance, 60, 2, 30);
    change_an_answer(chance, x);
    auto found = check(x);
    if (found.result == verdict::linearizable)
      continue;
    ++violations;
    minimizer<map_model> smaller{x.model, found.part, {}};
    const auto& part = smaller.run();
    BOOST_TEST(part.size() < found.part.size());
    BOOST_TEST((check_part(x.model, part).result == verdict::not_linearizable));
  }
  BOOST_TEST(violations > 60);
}

BOOST_AUTO_TEST_CASE(the_same_history_gives_the_same_result) {
  dice chance{7};
  auto x = true_history(chance, 300, 2, 40);
  auto once = check_part(x.model, split(x).at(0));
  auto again = check_part(x.model, split(x).at(0));
  BOOST_TEST(once.configurations == again.configurations);
  BOOST_TEST(once.order == again.order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
