// Which values are still looked for, and by whom they can still be written:
// what a model of an object that holds one value foresees.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace raft::checker {

/// What an operation does to an object that holds one value.
enum class value_role : std::uint8_t {
  /// It may take effect or not, and nobody sees a difference.
  nothing,
  /// It found `from`, and left it.
  looks,
  /// It found, or needs, `from`, and leaves `to`.
  changes,
  /// It leaves `to`, whatever was before.
  writes,
  /// It did not find `from`, and left what it found.
  misses,
  /// Its effect or its answer depends on the value in some other way.
  depends,
};

/// An operation as the ledger sees it.
template <class Value>
struct value_user {
  value_role role = value_role::nothing;
  Value from{};
  Value to{};
  std::int64_t start = 0;
  /// The greatest number if it has none.
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  /// Whether it has an end, so that it must take effect.
  bool must_happen = true;
};

/// Counts the operations that are not done.
template <class Value>
class value_ledger {
public:
  void add(const value_user<Value>& x) {
    if (x.role == value_role::looks)
      note_last(values_[x.from].last_look, x.start);
    if (needs(x)) {
      auto& found = values_[x.from];
      ++found.needs;
      note_last(found.last_need, x.start);
      found.first_need_end = std::min(found.first_need_end, x.end);
    }
    if (x.role == value_role::misses)
      note_last(values_[x.from].last_miss, x.start);
    if (x.role == value_role::writes || x.role == value_role::changes) {
      values_[x.to].written_from = x.start;
      values_[x.to].written_until = x.end;
    }
    was_depending_ = was_depending_ || x.role == value_role::depends;
    count(x, 1);
    if (x.role == value_role::writes || x.role == value_role::changes)
      all_writes_.emplace_back(x.start, x.to);
  }

  /// To be called once all are added.
  void finish() {
    for (auto& x : all_writes_)
      if (is_missed(x.second))
        open_writes_.insert(std::move(x));
    all_writes_.clear();
    is_finished_ = true;
  }

  void take(const value_user<Value>& x) {
    count(x, -1);
  }

  void put_back(const value_user<Value>& x) {
    count(x, 1);
  }

  /// Whether what is asked below can have another answer than the one that
  /// says nothing.
  bool counts() const {
    return depending_ == 0;
  }

  /// Whether the value may be replaced by an operation: not if somebody must
  /// still find it, and nobody is left to write it again.
  bool can_go(const Value& now, const value_user<Value>& by) const {
    auto i = values_.find(now);
    if (depending_ > 0 || i == values_.end() || i->second.writers > 0)
      return true;
    auto itself = by.role == value_role::changes && by.must_happen;
    return i->second.must_find == (itself ? 1 : 0);
  }

  /// Whether a value can come now, as something that does not just look at it
  /// must follow that ends at a moment: not if somebody who begins later must
  /// still find it, and nobody is left to write it again.
  bool can_come(const Value& next, const value_user<Value>& by,
                std::int64_t first_other_end) const {
    auto i = values_.find(next);
    if (depending_ > 0 || i == values_.end())
      return true;
    auto itself
      = by.role == value_role::changes || by.role == value_role::writes;
    return i->second.writers > (itself ? 1 : 0)
        || i->second.last_need <= first_other_end;
  }

  /// Whether a write can be done at once when nothing else fits but writes:
  /// all that can follow right behind it, and is no write itself, only looks,
  /// and has begun; and all others fit without it where it stood.
  /// @param first_end: of the operations that are not done.
  bool settles(const value_user<Value>& write, std::int64_t first_end) const {
    if (write.role != value_role::writes)
      return false;
    auto i = values_.find(write.to);
    auto is_found = i != values_.end();
    if (depending_ > 0 || (!write.must_happen && !is_found))
      return false;
    auto end = write.end;
    if (is_found) {
      const auto& x = i->second;
      if (x.changers > 0 || x.last_look > first_end)
        return false;
      // Whoever must find the value ends the time for writing it.
      if (x.writers == 1 && x.must_find == x.needs)
        end = std::min(end, x.first_need_end);
      if (!write.must_happen && x.must_find == 0)
        return false;
    }
    return nobody_relies_on(write, end, first_end);
  }

  /// Whether somebody must find what cannot be there, because each of some
  /// values is written at most once and must be there all the time from one
  /// moment to another (Gibbons and Korach, 1997, section 4.2).
  bool is_contradictory(const Value& first) const {
    if (was_depending_)
      return false;
    std::vector<zone> forward;
    std::vector<zone> backward;
    for (const auto& [value, x] : values_) {
      auto writers = x.writers + (value == first ? 1 : 0);
      if (x.needs > 0 && writers == 0)
        return true;
      if (writers != 1 || (x.needs == 0 && x.written_until == forever))
        continue;
      zone here{std::min(x.written_until, x.first_need_end),
                std::max(x.written_from, x.last_need)};
      if (value == first)
        here.begin = never;
      else if (x.first_need_end < x.written_from)
        return true;
      (here.begin < here.end ? forward : backward).push_back(here);
    }
    return overlap(forward, backward);
  }

private:
  static constexpr auto never = std::numeric_limits<std::int64_t>::min();
  static constexpr auto forever = std::numeric_limits<std::int64_t>::max();

  /// If it begins before it ends, the time in which a value is surely there;
  /// else, all around it can have happened at one moment between end and begin.
  struct zone {
    std::int64_t begin;
    std::int64_t end;

    friend bool operator<(const zone& x, const zone& y) {
      return x.begin < y.begin;
    }
  };

  static bool overlap(std::vector<zone>& forward,
                      const std::vector<zone>& backward) {
    std::sort(forward.begin(), forward.end());
    for (std::size_t i = 1; i < forward.size(); ++i)
      if (forward[i].begin < forward[i - 1].end)
        return true;
    return std::any_of(backward.begin(), backward.end(), [&](const auto& x) {
      auto i
        = std::lower_bound(forward.begin(), forward.end(), zone{x.end, x.end});
      return i != forward.begin() && x.begin < (--i)->end;
    });
  }

  /// Whoever did not find a value may rely on a write that comes after that of
  /// this value.
  bool nobody_relies_on(const value_user<Value>& write, std::int64_t end,
                        std::int64_t first_end) const {
    for (const auto& [start, value] : open_writes_) {
      if (start > end)
        break;
      auto i = values_.find(value);
      if (value != write.to && i != values_.end()
          && i->second.last_miss > first_end)
        return false;
    }
    return true;
  }

  struct entry {
    /// Those that must happen and need to find the value.
    std::int64_t must_find = 0;
    std::int64_t changers = 0;
    std::int64_t writers = 0;
    /// When the last one begins that looks, or that misses.
    std::int64_t last_look = never;
    /// The same for those that must happen, and look or change.
    std::int64_t last_need = never;
    /// When the first of them ends, and how many there are.
    std::int64_t first_need_end = std::numeric_limits<std::int64_t>::max();
    std::int64_t needs = 0;
    /// When the last write begins and ends.
    std::int64_t written_from = never;
    std::int64_t written_until = forever;
    std::int64_t last_miss = never;
  };

  static bool needs(const value_user<Value>& x) {
    return x.role == value_role::looks
        || (x.role == value_role::changes && x.must_happen);
  }

  static void note_last(std::int64_t& last, std::int64_t start) {
    last = start > last ? start : last;
  }

  void count(const value_user<Value>& x, std::int64_t n) {
    switch (x.role) {
      case value_role::looks:
        values_[x.from].must_find += n;
        return;
      case value_role::changes:
        values_[x.from].changers += n;
        if (x.must_happen)
          values_[x.from].must_find += n;
        count_write(x, n);
        return;
      case value_role::writes:
        count_write(x, n);
        return;
      case value_role::depends:
        depending_ += n;
        return;
      case value_role::nothing:
      case value_role::misses:
        return;
    }
  }

  void count_write(const value_user<Value>& x, std::int64_t n) {
    values_[x.to].writers += n;
    if (!is_finished_ || !is_missed(x.to))
      return;
    if (n > 0)
      open_writes_.emplace(x.start, x.to);
    else
      open_writes_.erase(open_writes_.find({x.start, x.to}));
  }

  bool is_missed(const Value& x) const {
    auto i = values_.find(x);
    return i != values_.end() && i->second.last_miss != never;
  }

  std::map<Value, entry> values_;
  using write = std::pair<std::int64_t, Value>;

  std::vector<write> all_writes_;
  /// Those not done of values that somebody did not find, by their starts.
  std::multiset<write> open_writes_;
  bool is_finished_ = false;
  std::int64_t depending_ = 0;
  bool was_depending_ = false;
};

} // namespace raft::checker
