#include <raft/checker/models.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace raft::checker {

namespace {

/// What an operation needs to find, if its answer says so exactly.
std::optional<register_model::value> needs(const register_model::operation& x) {
  if (!x.output)
    return std::nullopt;
  if (std::holds_alternative<register_model::read>(x.input))
    return x.output->seen;
  const auto* cas = std::get_if<register_model::compare_and_set>(&x.input);
  if (cas && x.output->done)
    return cas->from;
  return std::nullopt;
}

std::optional<map_model::value> needs(const map_model::operation& x) {
  if (!x.output)
    return std::nullopt;
  if (std::holds_alternative<map_model::get>(x.input.what))
    return x.output->seen;
  const auto* cas = std::get_if<map_model::compare_and_set>(&x.input.what);
  if (cas && x.output->done)
    return cas->from;
  if (cas && x.output->tells)
    return x.output->seen;
  return std::nullopt;
}

/// What a `compare_and_set` asks for, if it is one.
std::optional<register_model::value>
asked_for(const register_model::operation& x) {
  const auto* cas = std::get_if<register_model::compare_and_set>(&x.input);
  if (!cas)
    return std::nullopt;
  return cas->from;
}

std::optional<map_model::value> asked_for(const map_model::operation& x) {
  const auto* cas = std::get_if<map_model::compare_and_set>(&x.input.what);
  if (!cas)
    return std::nullopt;
  return cas->from;
}

/// Whether an operation took effect, and its effect or answer depends on the
/// value in a way that `needs` does not tell.
bool is_vague(const register_model::operation& x) {
  return x.end
      && std::holds_alternative<register_model::compare_and_set>(x.input)
      && !needs(x);
}

bool is_vague(const map_model::operation& x) {
  if (!x.end)
    return false;
  if (std::holds_alternative<map_model::compare_and_set>(x.input.what))
    return !needs(x);
  return x.output && x.output->count;
}

bool just_reads(const register_model::operation& x) {
  if (std::holds_alternative<register_model::read>(x.input))
    return true;
  return std::holds_alternative<register_model::compare_and_set>(x.input)
      && x.output && !x.output->done;
}

bool just_reads(const map_model::operation& x) {
  if (std::holds_alternative<map_model::get>(x.input.what))
    return true;
  return std::holds_alternative<map_model::compare_and_set>(x.input.what)
      && x.output && !x.output->done;
}

/// Whether an operation took effect and left nothing of what was before.
bool replaced_all(const register_model::operation& x) {
  return x.end && std::holds_alternative<register_model::write>(x.input);
}

bool replaced_all(const map_model::operation& x) {
  return x.end
      && (std::holds_alternative<map_model::put>(x.input.what)
          || std::holds_alternative<map_model::erase>(x.input.what));
}

/// Whether a value that was found may be, or hold, what an operation wrote.
bool may_have_written(const register_model::operation& x,
                      const register_model::value& found) {
  auto write = overloaded{[](const register_model::read&) { return false; },
                          [&](const auto& y) { return y.to == found; }};
  return !just_reads(x) && std::visit(write, x.input);
}

bool may_have_written(const map_model::operation& x,
                      const map_model::value& found) {
  auto write = overloaded{
    [](const map_model::get&) { return false; },
    // What follows a deletion may begin with anything.
    [](const map_model::erase&) { return true; },
    [&](const map_model::append& y) {
      return found && found->find(y.more) != std::string::npos;
    },
    [&](const auto& y) { return found && found->starts_with(y.to); }};
  return !just_reads(x) && std::visit(write, x.input.what);
}

std::size_t kind_of(const register_model::operation& x) {
  return x.input.index();
}

std::size_t kind_of(const map_model::operation& x) {
  return x.input.what.index();
}

/// Whether others than `x` may have written what `reader` found. A violation
/// should show where a value came from, once.
template <class Operation, class Part, class Value>
bool others_wrote(const Operation& x, const Part& others,
                  const Operation& reader, const Value& found) {
  return std::any_of(others.begin(), others.end(), [&](const auto* y) {
    return kind_of(*y) == kind_of(x) && y->start < reader.start
        && may_have_written(*y, found);
  });
}

/// A write can go if nobody can have looked between it and the next one that
/// overwrites it: all that may stand there would have done and answered the
/// same without it.
template <class Operation, class Part>
bool nobody_looked(const Operation& x, const Part& others) {
  auto gone = std::numeric_limits<std::int64_t>::max();
  for (const auto* y : others)
    if (replaced_all(*y) && x.end && y->start > *x.end)
      gone = std::min(gone, *y->end);
  return std::none_of(others.begin(), others.end(), [&](const auto* y) {
    auto before = y->end && *y->end < x.start;
    auto after = y->start > gone;
    auto found = needs(*y);
    if (found && may_have_written(x, *found))
      return !before && !(after && others_wrote(x, others, *y, *found));
    return !before && !after && is_vague(*y);
  });
}

/// When an operation that has no end ends.
constexpr auto never = std::numeric_limits<std::int64_t>::max();

template <class What>
void note_look(last_looks<What>& all, const What& what, std::int64_t end) {
  auto& last = all.try_emplace(what, end).first->second;
  last = std::max(last, end);
}

/// Notes what an operation must find to have answered, or to do, what it did or
/// perhaps did; and what it must not find.
template <class Operation, class Looks>
void note_values(const Operation& x, Looks& found, Looks& avoided) {
  auto end = x.end.value_or(never);
  if (auto value = needs(x)) {
    note_look(found, *value, end);
    return;
  }
  auto value = asked_for(x);
  if (!value)
    return;
  if (!x.output)
    note_look(found, *value, end);
  // Those without an end need not have happened.
  if (x.end)
    note_look(avoided, *value, end);
}

/// What an operation of unknown outcome, or one without an answer, does.
template <class Value>
value_user<Value> user_that_compares(const Value& from, const Value& to,
                                     bool has_end) {
  // Whether it changed the value is not known, if it took effect.
  return {has_end ? value_role::depends : value_role::changes, from, to};
}

value_user<register_model::value> user_of(const register_model::operation& x) {
  using result = value_user<register_model::value>;
  auto role
    = overloaded{[&](const register_model::read&) {
                   return x.output
                          ? result{value_role::looks, x.output->seen, {}}
                          : result{};
                 },
                 [](const register_model::write& y) {
                   return result{value_role::writes, {}, y.to};
                 },
                 [&](const register_model::compare_and_set& y) {
                   if (!x.output)
                     return user_that_compares(y.from, y.to, x.end.has_value());
                   if (x.output->done)
                     return result{value_role::changes, y.from, y.to};
                   return result{value_role::misses, y.from, {}};
                 }};
  auto user = std::visit(role, x.input);
  user.start = x.start;
  user.end = x.end.value_or(never);
  user.must_happen = x.end.has_value();
  return user;
}

value_user<map_model::value> user_of(const map_model::operation& x) {
  using result = value_user<map_model::value>;
  auto role = overloaded{
    [&](const map_model::get&) {
      return x.output ? result{value_role::looks, x.output->seen, {}}
                      : result{};
    },
    [](const map_model::put& y) {
      return result{value_role::writes, {}, y.to};
    },
    [&](const map_model::erase&) {
      auto looks = x.output && x.output->count;
      return result{looks ? value_role::depends : value_role::writes, {}, {}};
    },
    [](const map_model::append&) {
      return result{value_role::depends, {}, {}};
    },
    [&](const map_model::compare_and_set& y) {
      if (!x.output)
        return user_that_compares<map_model::value>(y.from, y.to,
                                                    x.end.has_value());
      if (x.output->done)
        return result{value_role::changes, y.from, y.to};
      if (x.output->tells)
        return result{value_role::looks, x.output->seen, {}};
      return result{value_role::misses, y.from, {}};
    }};
  auto user = std::visit(role, x.input.what);
  user.start = x.start;
  user.end = x.end.value_or(never);
  user.must_happen = x.end.has_value();
  return user;
}

/// Whether a step may replace what was there by what it leaves.
template <class Ledger, class Step>
bool lets_go(const Ledger& ledger, const Step& x) {
  if (x.before == x.after)
    return true;
  auto user = user_of(x.what);
  return ledger.can_go(x.before, user)
      && ledger.can_come(x.after, user, x.first_other_end);
}

/// Whether a value can come from another by appending.
bool continues(const map_model::value& x, const map_model::value& from) {
  return !from || (x && x->starts_with(*from));
}

/// Whether somebody who ends at `first_end` or later looks at what continues a
/// value.
bool is_looked_at(const last_looks<map_model::value>& all,
                  const map_model::value& from, std::int64_t first_end) {
  for (auto i = all.lower_bound(from);
       i != all.end() && continues(i->first, from); ++i)
    if (i->second >= first_end)
      return true;
  return false;
}

bool is_looked_at(const last_looks<register_model::value>& all,
                  const register_model::value& x, std::int64_t first_end) {
  auto i = all.find(x);
  return i != all.end() && i->second >= first_end;
}

std::uint64_t length_of(const map_model::value& x) {
  return x ? x->size() : 0;
}

} // namespace

std::optional<register_model::state>
register_model::step(const state& now, const input& in,
                     const output* out) const {
  auto run
    = overloaded{[&](const read&) -> std::optional<state> {
                   if (out && out->seen != now)
                     return std::nullopt;
                   return now;
                 },
                 [&](const write& x) -> std::optional<state> { return x.to; },
                 [&](const compare_and_set& x) -> std::optional<state> {
                   if (out && out->done != (x.from == now))
                     return std::nullopt;
                   return x.from == now ? x.to : now;
                 }};
  return std::visit(run, in);
}

bool register_model::only_reads(const operation& x) const {
  return just_reads(x);
}

bool register_model::overwrites(const operation& x) const {
  return std::holds_alternative<write>(x.input);
}

register_model::outlook::outlook(const history_part<register_model>& part) {
  for (const auto* x : part) {
    note_values(*x, found_, avoided_);
    ledger_.add(user_of(*x));
  }
  ledger_.finish();
}

bool register_model::outlook::is_contradictory(const value& first) const {
  return ledger_.is_contradictory(first);
}

bool register_model::outlook::settles(const step_of<register_model>& x) const {
  return ledger_.settles(user_of(x.what), x.first_end);
}

void register_model::outlook::take(const operation& x) {
  ledger_.take(user_of(x));
}

void register_model::outlook::put_back(const operation& x) {
  ledger_.put_back(user_of(x));
}

bool register_model::outlook::allows(const step_of<register_model>& x) const {
  auto may_be_needed = x.what.end || is_looked_at(found_, x.after, x.first_end)
                    || is_looked_at(avoided_, x.before, x.first_end);
  return may_be_needed && lets_go(ledger_, x);
}

bool register_model::can_drop(
  const operation& x, const history_part<register_model>& others) const {
  return just_reads(x) || nobody_looked(x, others);
}

namespace {

/// The state after an operation on one key, or nothing.
struct map_step {
  using result = std::optional<map_model::state>;

  const map_model::state& now;
  const map_model::output* out;

  result operator()(const map_model::get&) const {
    if (out && out->seen != now)
      return std::nullopt;
    return now;
  }

  result operator()(const map_model::put& x) const {
    return x.to;
  }

  result operator()(const map_model::append& x) const {
    auto next = now.value_or("") + x.more;
    auto size = next.size();
    return counted(size, std::move(next));
  }

  result operator()(const map_model::erase&) const {
    return counted(now ? 1 : 0, std::nullopt);
  }

  result operator()(const map_model::compare_and_set& x) const {
    auto same = x.from == now;
    if (out && (out->done != same || (!same && out->tells && out->seen != now)))
      return std::nullopt;
    return same ? map_model::state{x.to} : now;
  }

  result counted(std::uint64_t count, map_model::state next) const {
    if (out && out->count && *out->count != count)
      return std::nullopt;
    return next;
  }
};

} // namespace

std::optional<map_model::state>
map_model::step(const state& now, const input& in, const output* out) const {
  return std::visit(map_step{now, out}, in.what);
}

bool map_model::only_reads(const operation& x) const {
  return just_reads(x);
}

bool map_model::overwrites(const operation& x) const {
  return std::holds_alternative<put>(x.input.what)
      || (std::holds_alternative<erase>(x.input.what)
          && !(x.output && x.output->count));
}

map_model::outlook::outlook(const history_part<map_model>& part) {
  for (const auto* x : part)
    note(*x);
  ledger_.finish();
  auto last = std::numeric_limits<std::int64_t>::min();
  for (auto i = lengths_.rbegin(); i != lengths_.rend(); ++i)
    last = i->second = std::max(last, i->second);
  std::optional<value> shortest;
  for (auto i = shortest_from_.rbegin(); i != shortest_from_.rend(); ++i) {
    if (shortest && length_of(*shortest) < length_of(i->second))
      i->second = *shortest;
    shortest = i->second;
  }
}

void map_model::outlook::note(const operation& x) {
  ledger_.add(user_of(x));
  note_values(x, found_, avoided_);
  const auto* appends = std::get_if<append>(&x.input.what);
  auto reads = std::holds_alternative<get>(x.input.what);
  appends_only_ = appends_only_ && (reads || appends);
  if (!x.output)
    return;
  if (reads)
    shortest_from_.emplace(x.start, x.output->seen);
  if (!x.output->count)
    return;
  auto end = *x.end;
  if (!appends)
    presence_ = std::max(presence_.value_or(end), end);
  else if (*x.output->count >= appends->more.size())
    note_look(lengths_, *x.output->count - appends->more.size(), end);
}

bool map_model::outlook::is_contradictory(const value& first) const {
  return ledger_.is_contradictory(first);
}

bool map_model::outlook::settles(const step_of<map_model>& x) const {
  return ledger_.settles(user_of(x.what), x.first_end);
}

void map_model::outlook::take(const operation& x) {
  ledger_.take(user_of(x));
}

void map_model::outlook::put_back(const operation& x) {
  ledger_.put_back(user_of(x));
}

bool map_model::outlook::allows(const step_of<map_model>& x) const {
  return (x.what.end || may_be_needed(x)) && is_continued(x)
      && lets_go(ledger_, x);
}

bool map_model::outlook::may_be_needed(const step_of<map_model>& x) const {
  if (is_looked_at(found_, x.after, x.first_end)
      || is_looked_at(avoided_, x.before, x.first_end))
    return true;
  if (!x.before != !x.after && presence_ >= x.first_end)
    return true;
  auto length = lengths_.lower_bound(length_of(x.after));
  return length != lengths_.end() && length->second >= x.first_end;
}

bool map_model::outlook::is_continued(const step_of<map_model>& x) const {
  auto next = shortest_from_.upper_bound(x.first_end);
  return !appends_only_ || next == shortest_from_.end()
      || continues(next->second, x.after);
}

bool map_model::can_drop(const operation& x,
                         const history_part<map_model>& others) const {
  return just_reads(x) || nobody_looked(x, others);
}

} // namespace raft::checker
