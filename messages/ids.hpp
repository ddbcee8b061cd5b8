// The numbers of Raft as types of their own: a term is no index, a peer is no
// group, and the compiler says so.

#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace raft {

/// A 64-bit number that only compares with its own kind.
/// @tparam Tag Names the kind. `Tag::counts` says whether stepping and
///             distances make sense (terms and indexes) or not (identities).
template <class Tag>
struct strong_number {
  using tag_type = Tag;

  std::uint64_t value = 0;

  friend constexpr auto operator<=>(strong_number, strong_number) = default;

  /// Whether this is anything but zero. Zero stands for "none" in all kinds.
  constexpr explicit operator bool() const noexcept {
    return value != 0;
  }

  constexpr strong_number next() const noexcept requires Tag::counts {
    return {value + 1};
  }

  /// @pre `value > 0`.
  constexpr strong_number previous() const noexcept requires Tag::counts {
    return {value - 1};
  }

  constexpr strong_number& operator++() noexcept requires Tag::counts {
    ++value;
    return *this;
  }

  friend constexpr strong_number
  operator+(strong_number x,
            std::uint64_t steps) noexcept requires Tag::counts {
    return {x.value + steps};
  }

  /// The distance from `y` up to `x`.
  /// @pre `x >= y`.
  friend constexpr std::uint64_t
  operator-(strong_number x, strong_number y) noexcept requires Tag::counts {
    return x.value - y.value;
  }
};

struct term_tag {
  static constexpr bool counts = true;
};
struct index_tag {
  static constexpr bool counts = true;
};
struct batch_tag {
  static constexpr bool counts = true;
};
struct round_tag {
  static constexpr bool counts = true;
};
struct frame_tag {
  static constexpr bool counts = true;
};
struct read_tag {
  static constexpr bool counts = true;
};
struct peer_tag {
  static constexpr bool counts = false;
};
struct group_tag {
  static constexpr bool counts = false;
};
struct incarnation_tag {
  static constexpr bool counts = false;
};
struct session_tag {
  static constexpr bool counts = false;
};
struct cluster_tag {
  static constexpr bool counts = false;
};
struct start_tag {
  static constexpr bool counts = false;
};

/// A term (Raft paper, section 5.1). 0 is the term before the first election.
using term_number = strong_number<term_tag>;

/// A position in the log. The first entry has index 1; 0 means "before it".
using log_index = strong_number<index_tag>;

/// Numbers the durable batches of one peer, from 1, in the order written.
using batch_number = strong_number<batch_tag>;

/// Numbers the rounds of heartbeats of one leader, from 1.
using round_number = strong_number<round_tag>;

/// Numbers the append requests with entries that one leader has sent to one
/// follower, from 1.
using frame_number = strong_number<frame_tag>;

/// Numbers the reads that one process of a peer has begun, ascending; the first
/// one is drawn at random, so that no two processes have numbers in common.
using read_number = strong_number<read_tag>;

/// A peer, unique in its cluster. 0 is nobody.
using peer_id = strong_number<peer_tag>;

/// A Raft group: one log, replicated by one set of peers. A server runs group
/// 1 unless told otherwise.
using group_id = strong_number<group_tag>;

/// Drawn at random when a store is made. A peer whose store was wiped comes
/// back with another one and cannot be taken for its former self.
using incarnation_id = strong_number<incarnation_tag>;

/// A client session (thesis, section 6.3): the index of the entry that opened
/// it. 0 means "no session": the command may take effect more than once if the
/// client retries it.
using session_id = strong_number<session_tag>;

/// Drawn at random by the first leader of a group, and known to all once that
/// leader's first entry is committed. 0 until then. Two that know different
/// ones never talk.
using cluster_id = strong_number<cluster_tag>;

/// Drawn at random whenever a store is opened for writing. It tells a store
/// from an older copy of itself, which has the same incarnation.
using start_id = strong_number<start_tag>;

template <class Tag>
std::string to_text(strong_number<Tag> x) {
  return std::to_string(x.value);
}

} // namespace raft
