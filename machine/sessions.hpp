// Client sessions: a command takes effect once, however often it was sent.

#pragma once

#include <raft/machine/session_record.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/bytes.hpp>
#include <raft/messages/entry.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace raft::machine {

/// How much is remembered about clients. Part of the replicated state: all
/// peers of a group must use the same bounds, or they would answer differently.
struct session_bounds {
  /// A session that no command has used for this long expires, in milliseconds.
  std::uint64_t idle_ms_max = 60 * 60 * 1000;
  /// With one more session, the least recently used one expires. At least 1.
  std::size_t sessions_max = 4096;
  /// How many answered commands a session remembers. Past the bound the one
  /// with the lowest sequence is forgotten, and with it all below. At least 1.
  std::size_t replies_max = 1024;
  /// How many bytes of their replies it keeps. Past the bound the reply with
  /// the lowest sequence is dropped, but never the last one; that the command
  /// was applied stays known.
  std::size_t reply_bytes_max = 1 << 20;
};

/// The replies to each client session (thesis, section 6.3). A pure object and
/// a function of the log alone: its only clock is the time that leaders write
/// into entries.
///
/// Per session there is a low-water mark. Every applied command at or above it
/// is remembered; no command below it is ever applied (again). It rises when
/// the client says that it has the replies (`lowest_unanswered`), or when a
/// bound is reached.
class sessions {
public:
  /// What to do with a command.
  enum class verdict : std::uint8_t {
    /// Apply it, then call `keep`; or else call `reserve` at once, and `fill`
    /// when it was applied.
    fresh,
    /// Do not: `reserve` was called for it, and `fill` not yet.
    pending,
    /// Do not: it was applied before and here is its reply.
    kept,
    /// Do not: it lies below the low-water mark, or it was applied before and
    /// its reply is gone.
    stale,
    /// Do not: there is no such session (any more).
    expired,
  };

  struct admission {
    verdict what = verdict::expired;
    bytes reply;
  };

  explicit sessions(session_bounds bounds = {});

  /// Expires sessions that have been idle for too long. Call it for each entry,
  /// of any kind, before anything else.
  /// @param time_ms The entry's. A time before an earlier one counts as that.
  void advance(std::uint64_t time_ms);

  /// Opens the session that is named after the entry's index.
  /// @pre `where` is above the index of all earlier calls, also of `admit`.
  void open(log_index where);

  /// Looks up a command that arrived at `where`, frees the replies that its
  /// client has, and marks the session as used.
  /// @param repeatable Whether it does no harm to apply it again. Then it is
  ///        `fresh` also if it was applied before and its reply is gone.
  /// @pre `tag.session` is not 0; `where` as for `open`.
  admission admit(const command_tag& tag, log_index where,
                  bool repeatable = false);

  /// Keeps the reply of a command that was just applied.
  /// @pre `admit` said `fresh` and was not called since; the command is not
  ///      repeatable.
  void keep(const command_tag& tag, const bytes& reply);

  /// Remembers that a repeatable command was just applied, and no reply. So the
  /// low-water mark is the same as if the reply were kept.
  /// @pre `admit` said `fresh` and was not called since.
  void keep_no_reply(const command_tag& tag);

  /// For a reply that takes a while: makes the command known. What happens
  /// until `fill`, also to the session itself, ends as if the reply had been
  /// there from the start.
  /// @pre `admit` said `fresh` and was not called since.
  void reserve(const command_tag& tag);

  /// Keeps the reply of a command that was reserved, if it is still wanted.
  /// @pre This was called for all commands that were reserved before it.
  void fill(const command_tag& tag, const bytes& reply);

  /// The latest time that `advance` was told, in milliseconds since 1970.
  std::uint64_t now_ms() const noexcept {
    return now_ms_;
  }

  /// Number of open sessions.
  std::size_t size() const noexcept;

  /// How long the records are that `take_changes` would return, in bytes.
  std::vector<std::size_t> changed_sizes() const;

  /// Records of all that changed since the last call, for the disk. A session
  /// that is gone has an empty one.
  /// @pre What was reserved was filled.
  std::vector<session_record> take_changes();

  /// Records of all sessions and of the clock, changed or not.
  /// @pre What was reserved was filled.
  std::vector<session_record> all_records() const;

  /// Brings back what all records together say, the latest of each id. Nothing
  /// that can be observed then differs from the object that they came from.
  /// @pre This is a new object with the same bounds.
  /// @throws std::runtime_error if a record cannot be understood.
  void restore(const std::vector<session_record>& records);

private:
  struct session : session_state {
    std::size_t reply_bytes = 0;
    /// What was reserved and not filled.
    std::set<std::uint64_t> pending;
  };

  void touch(session_id id, session& x, log_index where);

  void drop_least_recently_used();

  void add_reply(session& x, std::uint64_t sequence, const bytes& reply) const;

  void bound_count(session& x) const;

  static void drop_first_reply(session& x);

  static void forget_below(session& x, std::uint64_t low_water);

  session_bounds bounds_;
  std::uint64_t now_ms_ = 0;
  std::map<session_id, session> sessions_;
  // Ordered by last use. As times never go backwards in the log, this is also
  // the order in which sessions expire.
  std::map<log_index, session_id> by_use_;
  /// What `take_changes` owes: ids of sessions, and 0 for the clock.
  std::set<session_id> changed_;
};

} // namespace raft::machine
