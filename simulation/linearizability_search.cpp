#include <raft/simulation/linearizability_search.hpp>

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace raft::simulation {

namespace {

constexpr std::size_t dead_ends_max = 3;

/// Operations by their numbers: those with an end, in the order of their
/// starts, are numbered from 0, those of unknown outcome follow.
using numbers = std::vector<std::uint32_t>;

void insert(numbers& all, std::uint32_t x) {
  all.insert(std::lower_bound(all.begin(), all.end(), x), x);
}

/// Those of the operations with an end that are done, and the state.
struct known_part {
  /// All below this number are done.
  std::uint32_t prefix = 0;
  state_id state = 0;
  /// The others that are done, in order.
  numbers beyond;

  friend auto operator<=>(const known_part&, const known_part&) = default;

  void add(std::uint32_t number) {
    insert(beyond, number);
    auto i = beyond.begin();
    for (; i != beyond.end() && *i == prefix; ++i)
      ++prefix;
    beyond.erase(beyond.begin(), i);
  }
};

/// What has been done, and the state it led to. All that matters for what can
/// still be done.
struct configuration {
  known_part known;
  /// The operations of unknown outcome that are done, in order.
  numbers used;
};

/// The configurations that were reached. What can still be done in one could
/// also be done with fewer operations of unknown outcome used up, so one counts
/// as reached with those that use some of the same.
class reached_configurations {
public:
  /// @returns whether it had not been reached.
  bool insert(const configuration& x) {
    auto& all = by_known_part_[x.known];
    if (all.contains(x.used))
      return false;
    auto left = comparisons_max;
    for (auto i = all.begin();
         i != all.end() && i->size() < x.used.size() && left > 0; ++i, --left)
      if (std::includes(x.used.begin(), x.used.end(), i->begin(), i->end()))
        return false;
    all.insert(x.used);
    ++size_;
    return true;
  }

  std::uint64_t size() const noexcept {
    return size_;
  }

private:
  /// More would cost more time than they save.
  static constexpr int comparisons_max = 64;

  struct fewer_first {
    bool operator()(const numbers& x, const numbers& y) const {
      return x.size() != y.size() ? x.size() < y.size() : x < y;
    }
  };

  std::map<known_part, std::set<numbers, fewer_first>> by_known_part_;
  std::uint64_t size_ = 0;
};

/// A list over numbers of which any can be taken out, and put back in the
/// reverse order.
class linked_list {
public:
  explicit linked_list(std::size_t size)
    : next_(size + 1), previous_(size + 1) {
    for (std::size_t i = 0; i <= size; ++i) {
      next_[i] = i == size ? 0 : i + 1;
      previous_[i] = i == 0 ? size : i - 1;
    }
  }

  /// The position before the first and after the last element.
  static constexpr std::size_t edge = 0;

  std::size_t next(std::size_t i) const noexcept {
    return next_[i];
  }

  void lift(std::size_t i) noexcept {
    next_[previous_[i]] = next_[i];
    previous_[next_[i]] = previous_[i];
  }

  void put_back(std::size_t i) noexcept {
    next_[previous_[i]] = i;
    previous_[next_[i]] = i;
  }

private:
  std::vector<std::size_t> next_;
  std::vector<std::size_t> previous_;
};

/// The start or the end of an operation with an end, or the start of another.
struct turn {
  std::int64_t time = 0;
  bool is_end = false;
  std::uint32_t number = 0;

  friend bool operator<(const turn& x, const turn& y) {
    // What touches is simultaneous: starts come first.
    return std::tie(x.time, x.is_end, x.number)
         < std::tie(y.time, y.is_end, y.number);
  }
};

/// Operations by number, and their events in order.
struct timeline {
  explicit timeline(const std::vector<search_span>& spans) {
    positions.resize(spans.size());
    std::iota(positions.begin(), positions.end(), std::size_t{0});
    std::sort(positions.begin(), positions.end(), [&](auto x, auto y) {
      return std::tuple{!spans[x].end, spans[x].start, x}
           < std::tuple{!spans[y].end, spans[y].start, y};
    });
    for (std::uint32_t i = 0; i < positions.size(); ++i) {
      const auto& span = spans[positions[i]];
      (span.end ? known : unknown).push_back({span.start, false, i});
      if (span.end)
        known.push_back({*span.end, true, i});
    }
    ended = static_cast<std::uint32_t>(known.size() / 2);
    std::sort(known.begin(), known.end());
    start_of.resize(ended);
    end_of.resize(ended);
    for (std::size_t i = 0; i < known.size(); ++i)
      (known[i].is_end ? end_of : start_of)[known[i].number] = i + 1;
  }

  /// Where an operation stands in the argument of `search`.
  std::vector<std::size_t> positions;
  std::uint32_t ended = 0;
  /// Element `i` is position `i + 1` of the list of the same name.
  std::vector<turn> known;
  std::vector<turn> unknown;
  std::vector<std::size_t> start_of;
  std::vector<std::size_t> end_of;
};

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
  }

  search_result run() {
    place from;
    reached_.insert(now_);
    while (left_ > 0) {
      if (reached_.size() > limits_.configurations_max)
        return finish(verdict::undecided);
      fits_ = false;
      auto fresh = from.at == stage::reading;
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
  /// once: it can not stand in the way of any other, so nothing else need be
  /// tried in its place. Those of unknown outcome come last, because most are
  /// not needed.
  enum class stage : std::uint8_t { reading, known, unknown };

  /// An element of a stage's list; to look on behind it.
  struct place {
    stage at = stage::reading;
    std::size_t node = linked_list::edge;
  };

  /// An operation that was done.
  struct step {
    place where;
    std::uint32_t number = 0;
    /// What held before it.
    configuration before;
  };

  /// Looks for the next operation that fits and leads to something new.
  /// @returns whether there was one; it is done then.
  bool advance(place from) {
    if (from.at == stage::reading) {
      for (auto i = known_.next(linked_list::edge); is_start(i);
           i = known_.next(i)) {
        auto number = time_.known[i - 1].number;
        if (subject_.only_reads(time_.positions[number]) && step_from(number))
          return take({stage::reading, i}, number, now_.known.state);
      }
      from = {stage::known, linked_list::edge};
    }
    first_end_ = first_end();
    if (from.at == stage::known) {
      for (auto i = known_.next(from.node); is_start(i); i = known_.next(i))
        if (try_to_take({stage::known, i}, time_.known[i - 1].number))
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

  bool is_start(std::size_t node) const {
    return node != linked_list::edge && !time_.known[node - 1].is_end;
  }

  /// @pre `left_ > 0`.
  std::int64_t first_end() const {
    auto i = known_.next(linked_list::edge);
    while (is_start(i))
      i = known_.next(i);
    return time_.known[i - 1].time;
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
    if (!subject_.may_help({from, time_.positions[number], *to, first_end_}))
      return false;
    return take(where, number, *to);
  }

  /// Whether the step before was of unknown outcome, too, and leaving it out
  /// would make no difference.
  bool covers_the_last_step(std::uint32_t number, state_id to) {
    if (steps_.empty() || steps_.back().where.at != stage::unknown)
      return false;
    return subject_.step(steps_.back().before.known.state,
                         time_.positions[number])
        == to;
  }

  bool take(place where, std::uint32_t number, state_id state) {
    fits_ = true;
    auto after = now_;
    after.known.state = state;
    if (where.at == stage::unknown)
      insert(after.used, number);
    else
      after.known.add(number);
    if (!reached_.insert(after))
      return false;
    steps_.push_back({where, number, std::exchange(now_, std::move(after))});
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
      if (last.where.at == stage::unknown) {
        unknown_.put_back(last.where.node);
        is_used_[last.where.node] = false;
      } else {
        known_.put_back(time_.end_of[last.number]);
        known_.put_back(time_.start_of[last.number]);
        ++left_;
      }
      if (last.where.at != stage::reading)
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

} // namespace raft::simulation
