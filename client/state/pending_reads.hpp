// Reads of one client on their way. Any peer can answer them.

#pragma once

#include <raft/base/random.hpp>
#include <raft/client/state/client_settings.hpp>
#include <raft/messages/client.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace raft::client {

/// Since a read changes nothing, it needs no session and no order, and is sent
/// to another peer whenever one refuses it or is silent. Pure; a part of
/// `client_state`.
class pending_reads {
public:
  using ticket = std::uint64_t;

  /// Must be sent to peer `to`.
  struct request {
    ticket what = 0;
    std::uint64_t attempt = 0;
    peer_id to;
    bytes command;
  };

  struct answer {
    ticket what = 0;
    executed result;
  };

  struct output {
    std::vector<request> requests;
    std::vector<answer> answers;
  };

  pending_reads(const client_settings& settings, std::uint64_t seed);

  /// Whether a ticket is one of a read.
  static bool is_read(ticket what) noexcept;

  // -- inputs -----------------------------------------------------------------

  ticket add(bytes command, instant deadline);
  void peer_up(peer_id who);
  void peer_down(peer_id who);
  void answered(ticket what, std::uint64_t attempt, const executed& result,
                instant now);

  /// The attempt came to nothing.
  void failed(ticket what, std::uint64_t attempt, instant now);

  /// A part of the answer has come.
  /// @returns whether anybody still waits for it.
  bool heard(ticket what, std::uint64_t attempt, instant now);

  /// Sends what waits, and gives up what has waited for too long.
  /// @param first Whom reads that were not sent yet go to; 0 if nobody can be
  ///        reached.
  void pump(peer_id first, instant now);

  /// Answers everything that is outstanding.
  void stop();

  // -- outputs ----------------------------------------------------------------

  output take_output();

  /// When to call `pump`; nothing if only other inputs can change things.
  std::optional<instant> wake_at() const noexcept;

  std::size_t size() const noexcept {
    return reads_.size();
  }

  /// Of the commands.
  std::size_t bytes_total() const noexcept {
    return bytes_;
  }

private:
  struct pending_read {
    bytes data;
    instant deadline{0};
    /// The attempt under way; 0 if none.
    std::uint64_t attempt = 0;
    /// Who is asked, or was asked last.
    peer_id to;
    /// Who is to be asked next; 0 if it does not matter.
    peer_id hint;
    instant silent_at{0};
    /// Not to be sent before.
    instant again_at{0};
    std::size_t tries = 0;
    reject_reason reason = reject_reason::not_leader;
  };

  using reads = std::map<ticket, pending_read>;

  pending_read* find(ticket what, std::uint64_t attempt);
  void check_times(instant now);
  void watch_until(instant when);
  void try_again(ticket what, pending_read& x, peer_id hint, instant now);
  peer_id next_for(const pending_read& x, peer_id first) const;
  reads::iterator finish(reads::iterator i, executed result);
  reads::iterator give_up(reads::iterator i, reject_reason why);

  client_settings settings_;
  base::random random_;
  std::set<peer_id> up_;
  reads reads_;
  std::size_t bytes_ = 0;
  ticket last_ticket_;
  std::uint64_t last_attempt_;
  std::set<ticket> ready_; // those without an attempt under way
  // No deadline and no silence ends before the one, no pause before the other.
  std::optional<instant> check_at_;
  std::optional<instant> resume_at_;
  output out_;
};

} // namespace raft::client
