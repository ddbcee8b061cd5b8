// What the search for an order keeps: operations in time, what is done, and
// what was reached.

#pragma once

#include <raft/checker/search.hpp>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <vector>

namespace raft::checker::searching {

/// Operations by their numbers: those with an end, in the order of their
/// starts, are numbered from 0, those of unknown outcome follow.
using numbers = std::vector<std::uint32_t>;

inline void insert(numbers& all, std::uint32_t x) {
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

} // namespace raft::checker::searching
