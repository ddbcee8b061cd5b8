#include <raft/base/random.hpp>
#include <raft/tests/checker/large_histories.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace raft::checker::test {

namespace {

using dice_of = base::random;

/// What the two kinds of objects are asked, and how they answer.
struct register_user {
  using model = register_model;

  std::uint64_t values;

  std::int64_t value(dice_of& chance, std::size_t n) const {
    return static_cast<std::int64_t>(values > 0 ? chance.below(values) : n);
  }

  model::input ask(dice_of& chance, std::size_t n,
                   const model::state& guess) const {
    auto dice = chance.below(10);
    if (dice < 5)
      return model::read{};
    if (dice < 9)
      return model::write{value(chance, n)};
    return model::compare_and_set{guess, value(chance, n)};
  }

  static std::string key_of(const model::input&) {
    return {};
  }

  static bool reads(const model::input& x) {
    return std::holds_alternative<model::read>(x);
  }

  static bool writes(const model::input& x) {
    return std::holds_alternative<model::write>(x);
  }

  static bool appends(const model::input&) {
    return false;
  }

  static std::array<model::input, 3> three(std::size_t n) {
    auto value = static_cast<std::int64_t>(n + 1'000'000);
    return {model::write{value}, model::write{value + 1}, model::read{}};
  }

  static model::output answer(const model::state& now, const model::input& in,
                              const model::state&) {
    model::output out;
    const auto* cas = std::get_if<model::compare_and_set>(&in);
    if (reads(in))
      out.seen = now;
    out.done = !cas || cas->from == now;
    return out;
  }
};

struct map_user {
  using model = map_model;

  std::uint64_t keys;
  std::uint64_t values;
  bool appends_only;

  model::input ask(dice_of& chance, std::size_t n,
                   const model::state& guess) const {
    std::string key{"k"};
    key += std::to_string(chance.below(keys));
    auto value
      = '<' + std::to_string(values > 0 ? chance.below(values) : n) + '>';
    auto dice = chance.below(20);
    if (dice < 10)
      return {key, model::get{}};
    if (appends_only || dice < 13)
      return {key, model::append{value}};
    if (dice < 17)
      return {key, model::put{value}};
    if (dice < 18)
      return {key, model::erase{}};
    return {key, model::compare_and_set{guess, value}};
  }

  static std::string key_of(const model::input& x) {
    return x.key;
  }

  static bool reads(const model::input& x) {
    return std::holds_alternative<model::get>(x.what);
  }

  static bool writes(const model::input& x) {
    return std::holds_alternative<model::put>(x.what)
        || std::holds_alternative<model::append>(x.what);
  }

  static bool appends(const model::input& x) {
    return std::holds_alternative<model::append>(x.what);
  }

  static std::array<model::input, 3> three(std::size_t n) {
    auto value = "<first " + std::to_string(n) + '>';
    return {model::input{"k0", model::append{value}},
            model::input{"k0", model::append{"<lost>"}},
            model::input{"k0", model::get{}}};
  }

  static model::output answer(const model::state& now, const model::input& in,
                              const model::state& after) {
    model::output out;
    const auto* cas = std::get_if<model::compare_and_set>(&in.what);
    if (reads(in))
      out.seen = now;
    if (cas && cas->from != now) {
      out.done = false;
      out.tells = true;
      out.seen = now;
    }
    if (std::holds_alternative<model::erase>(in.what))
      out.count = now ? 1 : 0;
    if (appends(in))
      out.count = after->size();
    return out;
  }
};

/// Clients that each ask one thing after the other, of objects that do one
/// thing after the other. Times are nanoseconds.
template <class User>
class execution {
public:
  using model = typename User::model;
  using operation = operation_of<model>;

  execution(User user, const large_history_options& options)
    : user_{user}, options_{options}, chance_{options.seed} {
    // nop
  }

  history<model> run() {
    for (std::uint64_t i = 0; i < options_.clients; ++i)
      clients_.emplace(time(1000), i);
    while (!clients_.empty() || !effects_.empty()) {
      auto asks = !clients_.empty()
               && (effects_.empty()
                   || clients_.begin()->first < effects_.begin()->first);
      if (asks)
        begin(clients_.extract(clients_.begin()));
      else
        take_effect(effects_.extract(effects_.begin()).mapped());
    }
    return std::move(result_);
  }

private:
  /// What an object held, and who replaced it.
  struct past_value {
    typename model::state held;
    std::int64_t seen_at;
    std::int64_t replaced_from;
    std::int64_t replaced_until;
  };

  struct object {
    typename model::state now;
    /// When it was surely there.
    std::int64_t seen_at = 0;
    std::vector<past_value> past;
  };

  std::int64_t time(std::uint64_t most) {
    return static_cast<std::int64_t>(chance_.between(1, most));
  }

  bool goes_wrong(mishap x) const {
    return options_.what == x && !is_wrong_
        && result_.operations.size() >= options_.when;
  }

  template <class Node>
  void begin(Node who) {
    auto n = result_.operations.size();
    if (n >= options_.operations)
      return;
    auto start = std::max(who.key(), barrier_);
    if (goes_wrong(mishap::lost_write)) {
      lose_a_write(who.mapped());
      clients_.emplace(barrier_ + time(100), who.mapped());
      return;
    }
    operation x;
    x.client = who.mapped();
    x.start = start;
    x.input = user_.ask(chance_, n, last_);
    auto effect = start + time(1000);
    auto end = effect + time(1000);
    if (!chance_.per_mille(options_.unknown_per_mille))
      x.end = end;
    else if (chance_.below(2) == 0)
      effect += time(100'000);
    else
      effect = -1;
    latest_ = std::max(latest_, end);
    result_.operations.push_back(x);
    if (effect >= 0)
      effects_.emplace(effect, n);
    clients_.emplace(end + time(100), x.client);
  }

  void take_effect(std::size_t position) {
    auto& x = result_.operations[position];
    auto& it = objects_[User::key_of(x.input)];
    auto after = *model{}.step(it.now, x.input, nullptr);
    auto out = User::answer(it.now, x.input, after);
    if (User::appends(x.input) && x.end && goes_wrong(mishap::doubled_append)) {
      is_wrong_ = true;
      after = *model{}.step(after, x.input, nullptr);
    }
    if (User::reads(x.input) && x.end && goes_wrong(mishap::stale_read))
      make_stale(it, x, out);
    else if (User::reads(x.input) && x.end && it.seen_at == 0)
      it.seen_at = *x.end;
    if (x.end)
      x.output = out;
    if (!(after == it.now)) {
      it.past.push_back({it.now, it.seen_at, x.start, x.end.value_or(never)});
      it.now = after;
      it.seen_at = User::writes(x.input) && x.end ? *x.end : 0;
      last_ = after;
    }
  }

  /// Lets a read find what was certainly replaced before it began.
  void make_stale(const object& it, const operation& x,
                  typename model::output& out) {
    for (auto i = it.past.rbegin(); i != it.past.rend() && !is_wrong_; ++i)
      if (i->seen_at > 0 && i->seen_at < i->replaced_from
          && i->replaced_until < x.start && i->held != it.now) {
        out.seen = i->held;
        is_wrong_ = true;
      }
  }

  /// Three operations while nobody else is there: a write, one that is lost,
  /// and a read.
  void lose_a_write(std::uint64_t client) {
    is_wrong_ = true;
    auto [first, second, read] = User::three(result_.operations.size());
    auto& it = objects_[User::key_of(first)];
    auto at = std::max(latest_, barrier_) + 10;
    while (!effects_.empty() && effects_.begin()->first < at)
      take_effect(effects_.extract(effects_.begin()).mapped());
    for (const auto& in : {first, second, read}) {
      operation x{client, at, at + 5, in, {}};
      auto after = *model{}.step(it.now, in, nullptr);
      x.output = User::answer(it.now, in, after);
      if (!(in == second))
        it.now = after;
      at += 10;
      result_.operations.push_back(std::move(x));
    }
    it.seen_at = at;
    barrier_ = at;
  }

  static constexpr auto never = std::numeric_limits<std::int64_t>::max();

  User user_;
  large_history_options options_;
  dice_of chance_;
  history<model> result_;
  /// When each wants to ask next.
  std::multimap<std::int64_t, std::uint64_t> clients_;
  std::multimap<std::int64_t, std::size_t> effects_;
  std::map<std::string, object> objects_;
  /// What some object was given last.
  typename model::state last_;
  /// Nobody asks before.
  std::int64_t barrier_ = 0;
  std::int64_t latest_ = 0;
  bool is_wrong_ = false;
};

} // namespace

history<register_model> large_register(const large_history_options& x) {
  return execution<register_user>{{x.values}, x}.run();
}

history<map_model> large_map(const large_history_options& x) {
  return execution<map_user>{{x.keys, x.values, false}, x}.run();
}

history<map_model> large_appends(const large_history_options& x) {
  return execution<map_user>{{x.keys, x.values, true}, x}.run();
}

} // namespace raft::checker::test
