#include <raft/checker/search.hpp>
#include <raft/checker/search_parts.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace raft::checker {

namespace {

using namespace searching;

constexpr std::size_t dead_ends_max = 3;

class searcher {
public:
  searcher(const std::vector<search_span>& spans, search_subject& subject,
           const search_limits& limits)
    : subject_{subject},
      limits_{limits},
      time_{spans},
      known_{time_.known.size()},
      unknown_{time_.unknown.size()},
      left_{time_.ended},
      alike_before_(time_.unknown.size() + 1, linked_list::edge),
      is_used_(time_.unknown.size() + 1) {
    is_used_[linked_list::edge] = true;
    for (std::size_t i = 1; i <= time_.unknown.size(); ++i)
      alike_before_[i] = find_alike_before(i);
    for (std::size_t i = 0; i < spans.size(); ++i)
      overwrites_.push_back(subject.overwrites(time_.positions[i]));
    find_kinds();
  }

  search_result run() {
    place from;
    reached_.insert(now_);
    while (left_ > 0) {
      if (reached_.size() > limits_.configurations_max)
        return finish(verdict::undecided);
      fits_ = false;
      auto fresh = from.at == stage::at_once;
      if (advance(from)) {
        from = {};
        continue;
      }
      if (fresh && !fits_)
        note_dead_end();
      auto next = step_back();
      if (!next)
        return finish(verdict::not_linearizable);
      from = *next;
    }
    return finish(verdict::linearizable);
  }

private:
  /// What kind of operation is tried. One that only reads and fits is done at
  /// once: it cannot stand in the way of any other, so nothing else need be
  /// tried in its place; nor in that of a write that settles. Then come those
  /// after which the one that ends first fits, then all others, in the order of
  /// their ends. Those of unknown outcome come last, because most are not
  /// needed.
  enum class stage : std::uint8_t { at_once, helping, known, unknown };

  /// To look on behind it: the end of an operation of known outcome, or the
  /// start of another.
  struct place {
    stage at = stage::at_once;
    std::size_t node = linked_list::edge;
  };

  /// An operation that was done.
  struct step {
    place where;
    std::uint32_t number = 0;
    /// Whether nothing else need be tried in its place.
    bool is_final = false;
    /// What held before it.
    configuration before;
  };

  /// Looks for the next operation that fits and leads to something new.
  /// @returns whether there was one; it is done then.
  bool advance(place from) {
    if (from.at == stage::at_once) {
      for (auto i = known_.next(linked_list::edge); is_start(i);
           i = known_.next(i)) {
        auto number = time_.known[i - 1].number;
        if (subject_.only_reads(time_.positions[number]) && step_from(number))
          return take({stage::at_once, i}, number, now_.known.state);
      }
      first_end_ = time_.known[first_end() - 1].time;
      if (auto x = subject_.looks_ahead() ? find_settling() : std::nullopt)
        return take(x->where, x->number, x->to, true);
      from = {stage::helping, linked_list::edge};
    }
    auto first = first_end();
    first_end_ = time_.known[first - 1].time;
    if (from.at != stage::unknown) {
      if (advance_by_end(from, time_.known[first - 1].number))
        return true;
      from = {stage::unknown, linked_list::edge};
    }
    for (auto i = unknown_.next(from.node);
         i != linked_list::edge && time_.unknown[i - 1].time <= first_end_;
         i = unknown_.next(i))
      if (try_to_take({stage::unknown, i}, time_.unknown[i - 1].number))
        return true;
    return false;
  }

  struct candidate {
    place where;
    std::uint32_t number = 0;
    state_id to = 0;
  };

  /// A write that can be done at once; see `search_subject::settles`.
  std::optional<candidate> find_settling() {
    std::optional<candidate> result;
    auto from = now_.known.state;
    auto look_at = [&](place where, std::uint32_t number) {
      auto to = step_from(number);
      if (!to || (*to == from && where.at == stage::unknown))
        return true;
      auto position = time_.positions[number];
      if (!result
          && subject_.settles({from, position, *to, first_end_, first_end_}))
        result = candidate{where, number, *to};
      return bool{overwrites_[number]};
    };
    for (auto i = known_.next(linked_list::edge); is_start(i);
         i = known_.next(i))
      if (!look_at({stage::at_once, i}, time_.known[i - 1].number))
        return std::nullopt;
    for (auto i = unknown_.next(linked_list::edge);
         i != linked_list::edge && time_.unknown[i - 1].time <= first_end_;
         i = unknown_.next(i))
      if (!look_at({stage::unknown, i}, time_.unknown[i - 1].number))
        return std::nullopt;
    return result;
  }

  /// Tries those with an end that may be next.
  bool advance_by_end(place from, std::uint32_t first) {
    auto ends = ends_of_those_begun();
    for (auto at : {stage::helping, stage::known}) {
      if (at < from.at)
        continue;
      auto i = at == from.at
               ? std::upper_bound(ends.begin(), ends.end(), from.node)
               : ends.begin();
      for (; i != ends.end(); ++i) {
        auto number = time_.known[*i - 1].number;
        if (at == stage::helping && number != first && !helps(number, first))
          continue;
        if (try_to_take({at, *i}, number))
          return true;
      }
    }
    return false;
  }

  /// The nodes of the ends of the operations that are not done and have begun,
  /// in order. Of those that do the same only the first.
  std::vector<std::size_t> ends_of_those_begun() {
    std::vector<std::size_t> result;
    for (auto i = known_.next(linked_list::edge); is_start(i);
         i = known_.next(i))
      result.push_back(time_.end_of[time_.known[i - 1].number]);
    std::sort(result.begin(), result.end());
    std::vector<std::uint32_t> kinds;
    std::erase_if(result, [&](auto node) {
      auto kind = kind_of_[time_.known[node - 1].number];
      auto seen = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
      kinds.push_back(kind);
      return seen;
    });
    return result;
  }

  /// Whether an operation fits once another one is done, and does not now.
  bool helps(std::uint32_t number, std::uint32_t other) {
    auto to = step_from(number);
    return to && *to != now_.known.state && !step_from(other)
        && subject_.step(*to, time_.positions[other]);
  }

  bool is_start(std::size_t node) const {
    return node != linked_list::edge && !time_.known[node - 1].is_end;
  }

  /// @pre `left_ > 0`.
  std::size_t first_end() const {
    auto i = known_.next(linked_list::edge);
    while (is_start(i))
      i = known_.next(i);
    return i;
  }

  /// Where the operation of a node stands in the argument of `search`.
  std::size_t unknown_position(std::size_t node) const {
    return time_.positions[time_.unknown[node - 1].number];
  }

  /// @returns `edge` if there is none near.
  std::size_t find_alike_before(std::size_t node) const {
    constexpr std::size_t far = 256;
    for (auto i = node - 1; i > 0 && node - i < far; --i)
      if (subject_.are_alike(unknown_position(i), unknown_position(node)))
        return i;
    return linked_list::edge;
  }

  /// Of those that can be under way at the same time, or nearly so.
  void find_kinds() {
    std::vector<std::uint32_t> open;
    kind_of_.resize(time_.ended);
    for (const auto& x : time_.known) {
      if (x.is_end) {
        std::erase(open, x.number);
        continue;
      }
      kind_of_[x.number] = x.number;
      for (auto other : open)
        if (subject_.are_alike(time_.positions[other],
                               time_.positions[x.number])) {
          kind_of_[x.number] = kind_of_[other];
          break;
        }
      open.push_back(x.number);
    }
  }

  std::optional<state_id> step_from(std::uint32_t number) {
    return subject_.step(now_.known.state, time_.positions[number]);
  }

  bool try_to_take(place where, std::uint32_t number) {
    if (where.at == stage::unknown && !is_used_[alike_before_[where.node]])
      return false;
    auto from = now_.known.state;
    auto to = step_from(number);
    if (!to)
      return false;
    if (where.at == stage::unknown
        && (*to == from || covers_the_last_step(number, *to)))
      return false;
    if (!subject_.may_help({from, time_.positions[number], *to, first_end_,
                            first_other_end(number, *to)}))
      return false;
    return take(where, number, *to);
  }

  /// See `search_step`.
  std::int64_t first_other_end(std::uint32_t number, state_id to) {
    for (auto i = known_.next(linked_list::edge);
         subject_.looks_ahead() && i != linked_list::edge; i = known_.next(i)) {
      const auto& x = time_.known[i - 1];
      if (!x.is_end || x.number == number)
        continue;
      auto position = time_.positions[x.number];
      if (!subject_.only_reads(position) || !subject_.step(to, position))
        return x.time;
    }
    return std::numeric_limits<std::int64_t>::max();
  }

  /// Whether the step before was of unknown outcome, too, and leaving it out
  /// would make no difference.
  bool covers_the_last_step(std::uint32_t number, state_id to) {
    if (steps_.empty() || steps_.back().is_final
        || steps_.back().where.at != stage::unknown)
      return false;
    return subject_.step(steps_.back().before.known.state,
                         time_.positions[number])
        == to;
  }

  /// @param final: nothing else need be tried in its place.
  bool take(place where, std::uint32_t number, state_id state,
            bool final = false) {
    fits_ = true;
    auto after = now_;
    after.known.state = state;
    if (where.at == stage::unknown)
      insert(after.used, number);
    else
      after.known.add(number);
    if (!reached_.insert(after))
      return false;
    steps_.push_back({where, number, final || where.at == stage::at_once,
                      std::exchange(now_, std::move(after))});
    subject_.take(time_.positions[number]);
    if (where.at == stage::unknown) {
      unknown_.lift(where.node);
      is_used_[where.node] = true;
    } else {
      known_.lift(time_.start_of[number]);
      known_.lift(time_.end_of[number]);
      --left_;
    }
    return true;
  }

  /// Takes back steps, up to one in whose place another can be tried.
  /// @returns where to look on; nothing if there is no such step.
  std::optional<place> step_back() {
    while (!steps_.empty()) {
      auto last = std::move(steps_.back());
      steps_.pop_back();
      now_ = std::move(last.before);
      subject_.put_back(time_.positions[last.number]);
      if (last.where.at == stage::unknown) {
        unknown_.put_back(last.where.node);
        is_used_[last.where.node] = false;
      } else {
        known_.put_back(time_.end_of[last.number]);
        known_.put_back(time_.start_of[last.number]);
        ++left_;
      }
      if (!last.is_final)
        return last.where;
    }
    return std::nullopt;
  }

  std::vector<std::size_t> order() const {
    std::vector<std::size_t> result;
    for (const auto& x : steps_)
      result.push_back(time_.positions[x.number]);
    return result;
  }

  void note_dead_end() {
    if (left_ > least_left_
        || (left_ == least_left_ && dead_ends_.size() == dead_ends_max))
      return;
    if (left_ < least_left_)
      dead_ends_.clear();
    least_left_ = left_;
    dead_end x{order(), now_.known.state, {}};
    for (auto i = known_.next(linked_list::edge); is_start(i);
         i = known_.next(i))
      x.refused.push_back(time_.positions[time_.known[i - 1].number]);
    dead_ends_.push_back(std::move(x));
  }

  search_result finish(verdict x) {
    search_result result;
    result.result = x;
    result.configurations = reached_.size();
    if (x == verdict::linearizable)
      result.order = order();
    if (x == verdict::not_linearizable)
      result.dead_ends = std::move(dead_ends_);
    return result;
  }

  search_subject& subject_;
  search_limits limits_;
  timeline time_;
  linked_list known_;
  linked_list unknown_;
  /// How many operations with an end are not done.
  std::size_t left_;
  /// By the node of an operation of unknown outcome: that of the last one
  /// before it that does the same, to be used first; `edge` if there is none.
  std::vector<std::size_t> alike_before_;
  std::vector<bool> is_used_;
  /// By number: whether it leaves and answers the same in every state.
  std::vector<bool> overwrites_;
  /// By number of those with an end: equal for those that do the same.
  std::vector<std::uint32_t> kind_of_;
  configuration now_;
  std::vector<step> steps_;
  reached_configurations reached_;
  /// See `search_step`.
  std::int64_t first_end_ = 0;
  /// Whether an operation fitted in the last look, also if it led to nothing
  /// new.
  bool fits_ = false;
  std::size_t least_left_ = std::numeric_limits<std::size_t>::max();
  std::vector<dead_end> dead_ends_;
};

} // namespace

search_result search(const std::vector<search_span>& spans,
                     search_subject& subject, const search_limits& limits) {
  return searcher{spans, subject, limits}.run();
}

} // namespace raft::checker
