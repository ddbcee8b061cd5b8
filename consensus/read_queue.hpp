// The reads of one peer that wait to be answered without an entry.

#pragma once

#include <raft/base/instant.hpp>
#include <raft/messages/client.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace raft::consensus {

using base::instant;

/// What became of a wish to read.
struct read_begun {
  /// 0 if it was refused.
  read_number number;
  /// Why, or `none`.
  reject_reason reason = reject_reason::none;
};

/// Numbers reads in the order in which they were begun, which is the order in
/// which they go through three states:
///
///   begun ──asked──► asked ──confirmed──► confirmed ──applied──► granted
///
/// Those that are not confirmed may be refused. A read index counts for all
/// reads that were begun before it was asked for.
class read_queue {
public:
  /// Reads from `first` to `last`, both inclusive.
  struct range {
    read_number first;
    read_number last;
  };

  /// @param seed Says where the numbers begin.
  /// @param part Of two queues with the same seed but other parts, 0 and 1, no
  ///        numbers are the same.
  explicit read_queue(std::uint64_t seed, std::uint64_t part = 0);

  /// Begins a read.
  /// @param by_lease Whether an index that is known by lease is good enough.
  read_number begin(bool by_lease = false) noexcept;

  /// How many wait, whatever for.
  std::size_t size() const noexcept {
    return size_;
  }

  /// The last read begun.
  read_number last() const noexcept {
    return last_;
  }

  /// Whether there are reads that no index was asked for.
  bool has_unasked() const noexcept {
    return asked_ < last_;
  }

  /// Whether an index that is known by lease is good enough for all of them.
  bool unasked_by_lease() const noexcept {
    return strict_ <= asked_;
  }

  /// Whether there are reads that are not confirmed.
  bool has_unconfirmed() const noexcept {
    return confirmed_ < last_;
  }

  /// Whether an index was asked for and has not come.
  bool has_asked() const noexcept {
    return confirmed_ < asked_;
  }

  /// An index was asked for, for all reads that were begun, of somebody.
  void asked(peer_id whom, term_number term, instant now) noexcept;

  /// Whom, in which term, and when.
  peer_id asked_whom() const noexcept {
    return whom_;
  }

  term_number asked_in() const noexcept {
    return term_;
  }

  instant asked_at() const noexcept {
    return asked_at_;
  }

  /// What was asked for will not come.
  void ask_anew() noexcept {
    asked_ = confirmed_;
  }

  /// The index for all reads up to `last` is known.
  /// @returns whether there are some that wait for one.
  bool confirmed(read_number last, log_index index);

  /// When, at the latest, the index was asked for of the reads that were
  /// granted last; nothing if none was.
  std::optional<instant> fresh_at() const noexcept {
    return fresh_at_;
  }

  /// Takes out those that may be answered when all up to `applied` was applied.
  std::optional<range> take_granted(log_index applied);

  /// Takes out those that are not confirmed.
  std::optional<range> take_unconfirmed();

private:
  struct confirmed_reads {
    range which;
    log_index index;
    instant asked_at{0};
  };

  // Invariant: `confirmed_ <= asked_ <= last_`; indexes of `waiting_` ascend.
  read_number last_;
  /// The last one that a lease is not good enough for.
  read_number strict_;
  read_number asked_;
  read_number confirmed_;
  peer_id whom_;
  term_number term_;
  instant asked_at_{0};
  /// When the first of the questions was asked that may be answered next.
  instant first_asked_at_{0};
  bool all_answered_ = true;
  std::deque<confirmed_reads> waiting_;
  std::size_t size_ = 0;
  std::optional<instant> fresh_at_;
};

} // namespace raft::consensus
