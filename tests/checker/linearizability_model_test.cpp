// The linearizability checker against one that tries every order: thousands of
// small random histories, most of a true execution, many of them changed.

#include <raft/base/random.hpp>
#include <raft/tests/checker/histories.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

using namespace raft::checker;
using dice = raft::base::random;

namespace {

/// Tries every order of every choice of unknown operations. No memory, no key,
/// no shortcut.
template <class Model>
class brute_force {
public:
  explicit brute_force(const history<Model>& x)
    : history_{x}, done_(x.operations.size()) {
    // nop
  }

  bool fits() {
    return fits(objects{});
  }

private:
  using objects = std::map<std::string, typename Model::state>;

  bool fits(const objects& now) {
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
      auto& value
        = after.try_emplace(key_of(all[i].input), history_.model.initial())
            .first->second;
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

  std::string key_of(const typename Model::input& x) const {
    if constexpr (model_with_keys<Model>)
      return history_.model.key_of(x);
    return {};
  }

  bool may_be_next(std::size_t i) const {
    const auto& all = history_.operations;
    for (std::size_t j = 0; j < all.size(); ++j)
      if (!done_[j] && all[j].end && *all[j].end < all[i].start)
        return false;
    return true;
  }

  const history<Model>& history_;
  std::vector<bool> done_;
};

/// Whether the checker and the brute force agree, and on what.
template <class Model>
bool is_accepted(std::uint64_t seed, const history<Model>& x) {
  auto expected = brute_force<Model>{x}.fits();
  auto found = check(x).result == verdict::linearizable;
  std::ostringstream text;
  if (found != expected)
    write(text, x);
  BOOST_REQUIRE_MESSAGE(found == expected, "seed " << seed << ", expected "
                                                   << expected << '\n'
                                                   << text.str());
  return found;
}

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

register_model::input some_input(dice& chance) {
  auto value = [&] { return static_cast<std::int64_t>(chance.below(3)); };
  switch (chance.below(4)) {
    case 0:
      return register_model::write{value()};
    case 1:
    case 2:
      return register_model::compare_and_set{value(), value()};
    default:
      return register_model::read{};
  }
}

register_model::output run(register_model::state& now,
                           const register_model::input& in) {
  register_model::output out;
  const auto* cas = std::get_if<register_model::compare_and_set>(&in);
  if (std::holds_alternative<register_model::read>(in))
    out.seen = now;
  out.done = !cas || cas->from == now;
  now = *register_model{}.step(now, in, nullptr);
  return out;
}

/// What became of an operation that takes effect around a moment, as far as
/// anybody knows.
enum class fate { known, lost_on_the_way, unknown };

template <class Operation>
fate begin_and_end(dice& chance, Operation& x, std::int64_t moment,
                   std::int64_t spread, std::uint64_t unknown_per_mille) {
  auto around = static_cast<std::uint64_t>(spread);
  x.client = chance.below(5);
  x.start = moment - static_cast<std::int64_t>(chance.below(around));
  if (chance.per_mille(unknown_per_mille))
    return chance.below(2) == 0 ? fate::unknown : fate::lost_on_the_way;
  x.end = moment + static_cast<std::int64_t>(chance.below(around));
  return fate::known;
}

/// A true execution: each operation takes effect at a moment of its own, and
/// begins and ends somewhere around it. Some outcomes stay unknown; some of
/// these never happen.
history<map_model> true_history(dice& chance, std::size_t size,
                                std::uint64_t keys, std::int64_t spread,
                                std::uint64_t unknown_per_mille = 200) {
  history<map_model> result;
  std::map<std::string, map_model::state> now;
  auto counts = chance.below(2) == 0;
  for (std::size_t i = 0; i < size; ++i) {
    map_model::operation x;
    x.input = some_input(chance, keys);
    auto became = begin_and_end(chance, x, static_cast<std::int64_t>(10 * i),
                                spread, unknown_per_mille);
    if (became != fate::lost_on_the_way) {
      auto out = run(now[x.input.key], x.input);
      if (!counts)
        out.count.reset();
      // Some clients do not look whether a value was the expected one, others
      // not at which one it was.
      out.tells = out.tells && chance.below(2) == 0;
      if (became == fate::known && chance.per_mille(900))
        x.output = out;
    }
    result.operations.push_back(x);
  }
  return result;
}

history<register_model> true_register(dice& chance, std::size_t size,
                                      std::uint64_t unknown_per_mille) {
  history<register_model> result;
  register_model::state now;
  for (std::size_t i = 0; i < size; ++i) {
    register_model::operation x;
    x.input = some_input(chance);
    auto became = begin_and_end(chance, x, static_cast<std::int64_t>(10 * i),
                                25, unknown_per_mille);
    if (became != fate::lost_on_the_way) {
      auto out = run(now, x.input);
      if (became == fate::known && chance.per_mille(900))
        x.output = out;
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

void change_an_answer(dice& chance, history<register_model>& x) {
  auto& y = x.operations[chance.below(x.operations.size())];
  if (!y.output)
    return;
  if (std::holds_alternative<register_model::read>(y.input))
    y.output->seen = static_cast<std::int64_t>(chance.below(3));
  else if (std::holds_alternative<register_model::compare_and_set>(y.input))
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
  for (auto unknown_per_mille : {200, 600}) {
    std::array<int, 2> verdicts{};
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
      dice chance{seed};
      auto size = 2 + chance.below(6);
      auto keys = 1 + chance.below(2);
      auto x = true_history(chance, size, keys, 25,
                            static_cast<std::uint64_t>(unknown_per_mille));
      for (auto changes = chance.below(3); changes > 0; --changes)
        change_an_answer(chance, x);
      ++verdicts[is_accepted(seed, x) ? 1 : 0];
    }
    // One that always says the same tests nothing.
    BOOST_TEST(verdicts[0] > 1500);
    BOOST_TEST(verdicts[1] > 3000);
  }
}

BOOST_AUTO_TEST_CASE(the_register_agrees_with_brute_force) {
  std::array<int, 2> verdicts{};
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    dice chance{seed};
    auto size = 2 + chance.below(6);
    auto x = true_register(chance, size, 200 + 400 * (seed % 2));
    for (auto changes = chance.below(3); changes > 0; --changes)
      change_an_answer(chance, x);
    ++verdicts[is_accepted(seed, x) ? 1 : 0];
  }
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

/// Clients that write one of few values and mostly do not hear what came of it:
/// there is much to try, and the search must not try it all.
BOOST_AUTO_TEST_CASE(many_unknown_outcomes_take_few_configurations) {
  std::uint64_t configurations = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    dice chance{seed};
    auto x = true_history(chance, 100, 1, 60, 600);
    if (seed % 2 == 1)
      change_an_answer(chance, x);
    auto found = check(x, {100'000});
    BOOST_TEST((found.result != verdict::undecided));
    configurations += found.configurations;
  }
  BOOST_TEST_MESSAGE(configurations << " configurations");
  BOOST_TEST(configurations < 100'000u);
}

/// What is left of a violation proves it: a history in which the whole is
/// linearizable cannot have such a part.
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
