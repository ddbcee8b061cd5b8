// The connection to one other process: what to do next, and when to give up.

#pragma once

#include <raft/base/instant.hpp>
#include <raft/base/random.hpp>
#include <raft/messages/ids.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace raft::links {

using base::instant;

/// Timeouts and pauses of a link.
struct link_timing {
  /// How long the TCP connection may take, the name lookup included.
  std::chrono::milliseconds tcp{500};
  /// How long each step may take: the connection with CAF's handshake, and the
  /// answer to `hello`.
  std::chrono::milliseconds connect{1500};
  std::chrono::milliseconds greet{1000};
  /// Pause after the first failure; it doubles up to the maximum. A peer that
  /// comes back after a long time is found within the maximum.
  std::chrono::milliseconds pause_min{50};
  std::chrono::milliseconds pause_max{500};
  /// How long the side that should be connected to waits for the other one
  /// before it connects by itself, and between its attempts.
  std::chrono::milliseconds fallback{5000};
  /// Pause after the other side has refused us.
  std::chrono::milliseconds pause_refused{5000};
  /// Pause after the other side sent what cannot be true; it doubles up to the
  /// maximum, and begins anew when a connection has lasted twice the maximum.
  std::chrono::milliseconds pause_distrusted_min{1000};
  std::chrono::milliseconds pause_distrusted_max{60000};
  /// How long a peer that is no member any more stays linked, to be told.
  std::chrono::milliseconds leave{3000};
  /// How long a client waits until it asks again who the members are: at first,
  /// after a change, and at most.
  std::chrono::milliseconds learn_min{50};
  std::chrono::milliseconds learn_max{5000};
  /// How often a peer that is kept out says so.
  std::chrono::milliseconds remind{60'000};
};

/// Where a link stands.
///
///   disconnected ──advance──► connecting ──connected──► handshake
///     ──greeted──► up ──lost──► disconnected
///
/// `failed`, `refused` and a deadline lead from everywhere before `up` back to
/// `disconnected`. For the side that waits to be connected, `accepted` leads
/// from everywhere to `up`. If that does not happen for long (`fallback`), it
/// connects by itself: perhaps the other side cannot reach it.
enum class link_stage {
  disconnected,
  connecting,
  handshake,
  up,
};

const char* to_text(link_stage x);

/// Decides for one link. A pure object: time comes in as a value, and the
/// shell does what it says.
///
/// Every attempt to connect, and every connection, has a number. What comes
/// back late, for a number that is not the current one, changes nothing.
class link_state {
public:
  using number = std::uint64_t;

  /// What `advance` found.
  enum class duty {
    nothing,
    /// Connect, and report with the `current` number.
    connect,
    /// The other side did not answer in time; the attempt is over.
    gave_up,
  };

  /// @param connects Whether this side connects, or waits to be connected, for
  /// a
  ///        while.
  /// @param seed For the jitter of the pauses.
  link_state(const link_timing& timing, bool connects, std::uint64_t seed,
             instant now);

  // -- inputs; they return whether they meant the current number --------------

  /// Tells the time.
  duty advance(instant now);

  /// There is a connection: now say hello.
  bool connected(number which, instant now);

  /// The other side welcomed us.
  bool greeted(number which, incarnation_id who, instant now);

  /// The step did not succeed.
  bool failed(number which, instant now);

  /// The other side does not want us; trying again at once makes no sense.
  bool refused(number which, instant now);

  /// The other side came to us. Replaces whatever there was.
  /// @returns the number of the new connection.
  number accepted(incarnation_id who, instant now);

  /// The connection is gone.
  bool lost(number which, instant now);

  /// From now on, whose turn it is to connect, and whether we may do so at all:
  /// who does not know where the other side is waits to be connected.
  void set_turn(bool connects, bool dials, instant now);

  /// There is another address to try, at once.
  void retry(instant now);

  /// The other side is not believed: the connection ends, and there is none
  /// for a while, whoever connects. Does nothing unless it is up.
  bool distrusted(instant now);

  // -- observers --------------------------------------------------------------

  /// Whether this side connects, rather than wait for a while.
  bool connects() const noexcept {
    return connects_;
  }

  link_stage stage() const noexcept {
    return stage_;
  }

  number current() const noexcept {
    return current_;
  }

  /// How long the other side is not to connect.
  std::chrono::milliseconds shunned_for(instant now) const noexcept;

  /// When to call `advance`; nothing if it is up, or only the other side can
  /// connect.
  std::optional<instant> wake_at() const noexcept;

  /// Who was met last on this link; 0 if nobody yet.
  incarnation_id incarnation() const noexcept {
    return incarnation_;
  }

private:
  void enter(link_stage stage, instant deadline);
  void go_up(incarnation_id who, instant now);
  instant after(std::chrono::milliseconds length, instant now);
  void pause(std::chrono::milliseconds length, instant now);
  void back_off(instant now);
  bool is_current(number which, link_stage stage) const noexcept;

  link_timing timing_;
  bool connects_;
  bool dials_ = true;
  base::random random_;
  link_stage stage_ = link_stage::disconnected;
  number current_ = 0;
  // Disconnected: when to try again. In between: when to give up.
  instant due_;
  instant up_since_{0};
  std::chrono::milliseconds next_pause_;
  std::chrono::milliseconds next_distrust_;
  instant shunned_until_{0};
  incarnation_id incarnation_;
};

} // namespace raft::links
