// Who may stay at a port where anybody can knock.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace raft::transport {

/// A moment, as the time since some origin that the shell chose.
using moment = std::chrono::microseconds;

/// Names a connection. Grows with each.
using place_id = std::uint64_t;

struct place_bounds {
  /// Connections of those who are no members, at most.
  std::size_t open_max = 256;
  /// Places beyond that, where newcomers may show that they are members.
  std::size_t kept = 16;
  /// How long a handshake may take, and so long a newcomer at one of the places
  /// that are kept may stay if it is no member.
  std::chrono::milliseconds patience{3000};
};

/// The places at a port. A member always finds one: when all are taken, the one
/// goes that has been in its handshake for longest, or the one that came first
/// to a place that is kept. Members have places of their own, without a bound:
/// whoever calls `keep` knows how many they are.
class places {
public:
  explicit places(place_bounds bounds) : bounds_{bounds} {
    // nop
  }

  /// Somebody has come.
  /// @param x Larger than all before.
  /// @returns who must go for it, if anybody.
  std::optional<place_id> enter(place_id x, moment now);

  /// It has finished its handshake.
  void introduced(place_id x);

  /// It is a member.
  void keep(place_id x);

  void leave(place_id x);

  /// Who should go first if there is no room for another reason: one that is in
  /// its handshake, or a newcomer.
  std::optional<place_id> dispensable() const;

  /// Finds a place among the others for who is at one of those that are kept,
  /// if there is room.
  /// @returns who has stayed for too long and must go.
  std::vector<place_id> overdue(moment now);

  /// When `overdue` should be asked again.
  std::optional<moment> next() const;

  bool is_member(place_id x) const;

  /// Those that are no members.
  std::size_t strangers() const noexcept {
    return open_ + kept_;
  }

private:
  enum class kind { open, kept, member };

  struct place {
    kind where = kind::open;
    bool introduced = false;
    moment since{0};
  };

  using iterator = std::map<place_id, place>::const_iterator;

  std::size_t& count(kind x);
  moment deadline(const place& x) const;
  bool waits(const place& x) const;

  place_bounds bounds_;
  std::map<place_id, place> all_;
  std::size_t open_ = 0;
  std::size_t kept_ = 0;
  std::size_t members_ = 0;
};

} // namespace raft::transport
