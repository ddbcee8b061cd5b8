// How many pages of LMDB something takes, in numbers alone.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace raft::lmdb {

/// How many pages a transaction writes, at most.
struct page_need {
  /// Pages that may lie anywhere.
  std::uint64_t single = 0;
  /// Pages of values that are longer than a page: each wants neighbours.
  std::uint64_t joined = 0;
  std::uint64_t values = 0;
  std::uint64_t shortest = 0; // has so many pages
  std::uint64_t longest = 0;

  void add_value(std::uint64_t pages) noexcept {
    shortest = values > 0 ? std::min(shortest, pages) : pages;
    longest = std::max(longest, pages);
    joined += pages;
    ++values;
  }

  std::uint64_t total() const noexcept {
    return single + joined;
  }
};

/// How many pages records will take that are yet to be put into a table, each
/// once, in transactions to come.
class future_need {
public:
  /// @param page_bytes See `reserved_space::page_bytes`.
  explicit future_need(std::uint64_t page_bytes) : page_bytes_{page_bytes} {
    // nop
  }

  void add(std::size_t key_bytes, std::size_t data_bytes);

  /// One that was added is in the table now, or will never be.
  void remove(std::size_t key_bytes, std::size_t data_bytes);

  /// Errs towards too much, but less than a `page_estimate`, which has to be
  /// right.
  /// @param ascending Whether all come in ascending order, behind all that is
  ///        in the table: then LMDB fills its pages.
  page_need total(bool ascending) const;

private:
  std::uint64_t page_bytes_;
  std::uint64_t count_ = 0;
  std::uint64_t leaf_bytes_ = 0;
  std::uint64_t longest_leaf_ = 0;
  page_need joined_;
};

} // namespace raft::lmdb
