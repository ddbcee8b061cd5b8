// What a client of the cluster knows and decides: whom to ask, when to ask
// again, and what to tell those who wait.

#pragma once

#include <raft/base/instant.hpp>
#include <raft/base/random.hpp>
#include <raft/client/state/client_settings.hpp>
#include <raft/client/state/pending_reads.hpp>
#include <raft/messages/client.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace raft::client {

/// One client session with one group. A pure object: time comes in as a value,
/// and what comes out is what the shell must send and answer.
///
/// - A command keeps its session and sequence number for all attempts, so that
///   it takes effect at most once.
/// - `rejected` is answered only if no attempt can have taken effect. Otherwise
///   it goes on until one is `committed`, or the deadline passes: `unknown`.
/// - If the session has expired, commands move to a new one only if no earlier
///   attempt can have taken effect.
/// - Silence is no reason for a flood. A leader answers in the order of its
/// log:
///   while it answers older commands, the others wait for their turn; what it
///   passed over was lost, and is sent to it again. A leader that answers
///   nothing is doubted by one command, which looks for another leader; the
///   others stay where they are, and move when it has found one.
/// - Commands that only read are sent outside of the session, to the home peer
///   first.
class client_state {
public:
  /// Names a command, and is its sequence number. From 1.
  using ticket = std::uint64_t;

  /// Must be sent to peer `to`; the result comes back by `answered`, if at all.
  struct request {
    /// 0: open a session.
    ticket what = 0;
    std::uint64_t attempt = 0;
    peer_id to;
    command_tag tag;
    bytes command;
    /// It only reads, and is to be answered without an entry.
    bool reads = false;
  };

  using answer = pending_reads::answer;

  struct output {
    std::vector<request> requests;
    std::vector<answer> answers;
  };

  /// @param home The peer to ask first; 0 if none is nearer than the others.
  client_state(const client_settings& settings, std::uint64_t seed,
               peer_id home = {});

  // -- inputs -----------------------------------------------------------------

  /// Takes a command. Its answer comes out later, or at once if it is refused.
  /// @param reads Whether it changes nothing, whatever the state.
  ticket submit(bytes command, instant deadline, instant now,
                bool reads = false);

  /// A peer can be reached, over a new connection.
  void peer_up(peer_id who, instant now);

  /// A peer can no longer be reached. What was sent there is never answered.
  void peer_down(peer_id who, instant now);

  /// The answer to one of `output::requests`.
  void answered(ticket what, std::uint64_t attempt, const executed& result,
                instant now);

  /// A part of the answer has come, which shows that the peer lives.
  /// @returns whether anybody still waits for this command.
  bool heard(ticket what, std::uint64_t attempt, instant now);

  /// The request failed in a way that says nothing about its effect.
  void failed(ticket what, std::uint64_t attempt, instant now);

  /// Tells the time.
  void advance(instant now);

  /// Answers everything that is outstanding.
  void stop();

  // -- outputs ----------------------------------------------------------------

  output take_output();

  /// When to call `advance`; nothing if only other inputs can change things.
  std::optional<instant> wake_at() const;

  // -- observers --------------------------------------------------------------

  std::size_t outstanding() const noexcept {
    return commands_.size() + reads_.size();
  }

  /// Whom the next command would go to; 0 if nobody can be reached.
  peer_id target() const;

private:
  /// The way of one command, or of the opening of the session.
  struct pending_command {
    bytes data;
    instant deadline{0};
    session_id session;
    /// The attempt under way; 0 if none.
    std::uint64_t attempt = 0;
    peer_id to;
    /// `route_` when the attempt was sent.
    std::uint64_t route = 0;
    instant silent_at{0};
    /// It was silent, and another one looks for a leader.
    bool held = false;
    /// Attempts that may have taken effect or still may, the one under way
    /// included.
    std::size_t open = 0;
  };

  /// What the answers of a peer that can be reached tell of it.
  struct contact {
    /// How long it may be silent.
    std::chrono::milliseconds patience{0};
    /// It was silent for so long, and has not answered anything since.
    bool doubted = false;
    /// When it last answered `committed`, and the newest attempt that it did.
    instant committed_at{0};
    std::uint64_t committed = 0;
  };

  // What an answer means for the way of one command.
  void on_opened(std::uint64_t attempt, const executed& result, instant now);
  void on_committed(ticket what, std::uint64_t attempt, const executed& result,
                    instant now);
  void on_rejected(ticket what, std::uint64_t attempt, const executed& result,
                   instant now);
  void on_expired(ticket what, bool current);
  void on_unknown(ticket what, std::uint64_t attempt, peer_id hint,
                  instant now);
  void ask_again(ticket what, pending_command& x);
  void give_up(ticket what, const pending_command& x, reject_reason reason);
  void finish(ticket what, executed result);

  // Whom to ask.
  void change_route(const pending_command& x, peer_id hint, instant now);
  void leave(peer_id who, peer_id hint, instant now);
  void follow(peer_id who, instant now);
  void pause(instant now);
  void forget_connection(peer_id who);
  peer_id next_after(peer_id who) const;

  // Sending.
  void pump(instant now);
  void pump_commands(instant now);
  void pump_reads(instant now);
  void take_from_reads();
  void send(ticket what, pending_command& x, instant now);
  bool may_send(const pending_command& x) const;
  void be_patient(pending_command& x, instant now);
  bool scouting() const;
  ticket window_end() const;
  pending_command* find(ticket what);
  const pending_command* find(ticket what) const;

  // Time.
  void check_times(instant now);
  void check_answer_timeout(ticket what, pending_command& x, instant now);
  void on_answer_timeout(ticket what, pending_command& x, instant now);
  bool passed_over(const pending_command& x) const;
  void watch_until(instant when);

  client_settings settings_;
  base::random random_;
  peer_id home_;
  // An attempt is under way only to one of these.
  std::map<peer_id, contact> up_;
  // Whom we take for the leader, and whom we would ask if we knew none.
  peer_id leader_;
  peer_id guess_;
  // Changes with every decision about whom to ask; a refusal of an older one
  // decides nothing.
  std::uint64_t route_ = 0;
  std::size_t hops_ = 0;
  instant paused_until_{0};
  std::chrono::milliseconds next_pause_;
  // Why the last refused command was refused, and the leader named with it.
  reject_reason last_reason_ = reject_reason::not_leader;
  peer_id last_hint_;
  session_id session_;
  pending_command opening_;
  ticket last_ticket_ = 0;
  std::uint64_t last_attempt_ = 0;
  std::map<ticket, pending_command> commands_;
  std::set<ticket> ready_; // those without an attempt under way
  // While we know no leader, one command looks for it and the others wait.
  ticket scout_ = 0;
  std::size_t bytes_ = 0;
  std::size_t under_way_bytes_ = 0; // of commands with an attempt under way
  // No deadline and no silence ends before the one, no pause before the other.
  std::optional<instant> check_at_;
  std::optional<instant> resume_at_;
  pending_reads reads_;
  output out_;
};

} // namespace raft::client
