// A journal: what was made durable, in the order in which it was, until it is
// kept elsewhere.
//
// Records follow each other in a segment; when one finds no room in it, the
// next segment takes over whose records are all kept elsewhere. Nothing but
// records is ever written: neither to begin a segment nor to end one. What is
// left in a segment of its former use counts for nothing, because its numbers
// are too low.

#pragma once

#include <raft/persistence/journal_files.hpp>
#include <raft/persistence/journal_record.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

/// A part of a record, for as long as its segment has not been used again.
struct journal_place {
  /// Numbers the uses of segments since the journal was opened, from 1.
  std::uint32_t use = 0;
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;

  /// Whether it was written before the other.
  friend bool operator<(const journal_place& x, const journal_place& y) {
    return x.use != y.use ? x.use < y.use : x.offset < y.offset;
  }
};

/// A record that was found or written.
struct journal_record {
  std::uint64_t sequence = 0;
  /// Of the body.
  journal_place place;

  /// A part of the body.
  journal_place part(std::uint32_t offset, std::uint32_t bytes) const {
    return {place.use, place.offset + offset, bytes};
  }
};

/// Where the next record is to be read.
struct journal_cursor {
  std::uint32_t use = 0;
  std::uint64_t offset = 0;
  /// Its number, if there is one.
  std::uint64_t sequence = 1;
};

/// Whether a record finds room.
enum class journal_room {
  /// It does.
  found,
  /// It will, once more of what there is was released.
  later,
  /// It is too long for every segment, or the disk is full.
  never,
};

/// Threads: `recover` comes first. Then `room`, `append` and `skip` are called
/// by one thread at a time, and so are `next` and `release`, beside those; the
/// other members by any thread.
class journal {
public:
  /// @param files Outlives this object.
  /// @param ahead How much is filled before it is needed, in bytes.
  journal(journal_files& files, journal_key key, std::uint64_t ahead);

  /// Who looks at a record while it is recovered.
  using visitor
    = std::function<void(const journal_record&, std::string_view body)>;

  /// Finds all records after `mark.applied` and shows them, in order. One that
  /// is not as it was written is what a write left that was never
  /// acknowledged, if and only if no record of a later number is anywhere.
  /// Nothing is written.
  /// @throws store_error `corrupt`: a record is damaged or missing; its number,
  ///         file and place are named. `no_access`.
  void recover(const journal_mark& mark, const visitor& visit);

  /// Makes the last record that was found durable: the process that wrote it
  /// may not have come to that. Whoever goes on with the journal calls it,
  /// before anybody relies on what was found.
  /// @throws store_error `no_access`, `write_failed`.
  void secure();

  /// How many segments, counted from the first, hold all that was found.
  std::uint32_t segments_needed() const;

  /// Sees whether a record finds room, and changes to another segment for it.
  /// @throws store_error as `append`, but nothing was written.
  journal_room room(std::uint64_t body_bytes);

  /// Writes a record and makes it durable.
  /// @param record From `begin_journal_record`, with a body.
  /// @pre `room` has just found some for it.
  /// @throws store_error `write_failed`; then nothing more may be written.
  journal_record append(std::string& record);

  /// Skips a number: its record is kept elsewhere already.
  /// @pre All before it are released.
  std::uint64_t skip();

  /// The number of the last record; 0 if there never was one.
  std::uint64_t last() const;

  /// The first record that was not released.
  journal_cursor oldest() const;

  /// Reads the record at a place, and goes on to the next.
  /// @returns its body; nothing if there is none.
  /// @throws store_error `corrupt`, `no_access`.
  std::optional<std::string> next(journal_cursor& at) const;

  /// Everything before a place is kept elsewhere: its segments may be used
  /// again.
  void release(const journal_cursor& to);

  /// Whether to go on releasing: all segments are in use, and less of the
  /// oldest one was read than the last one has left.
  bool is_due(const journal_cursor& at) const;

  /// Names the place of a record's body, or of a part of it, in words.
  std::string where(const journal_place& place) const;

  /// Reads a part of a record.
  /// @returns nothing if its segment was released meanwhile.
  /// @throws store_error `no_access`.
  std::optional<std::string> read(const journal_place& place) const;

private:
  std::optional<std::uint32_t> segment_of(const journal_place& place) const;

  /// A segment between its first record and the next time it is used.
  struct use {
    std::uint32_t number = 0;
    std::uint32_t segment = 0;
    std::uint64_t end = 0; // of its last record
    std::uint64_t last = 0; // the number of that; 0 if it has none
  };

  struct found {
    std::uint64_t sequence = 0;
    journal_spot spot;
    std::uint32_t body_bytes = 0;

    std::uint64_t end() const noexcept {
      return spot.offset + journal_length(body_bytes);
    }
  };

  void scan(std::uint32_t segment, std::uint64_t applied,
            std::vector<found>& sound, std::vector<found>& broken) const;
  void check(const std::vector<found>& sound, const std::vector<found>& broken,
             const journal_mark& mark) const;
  [[noreturn]] void damaged(std::uint64_t sequence, journal_spot spot,
                            const std::string& why) const;
  std::string body_of(const found& x) const;

  bool is_free(std::uint32_t segment) const;
  bool try_to_hold(std::uint32_t segment, std::uint64_t end);
  std::optional<std::uint32_t> next_segment(std::uint64_t bytes);
  void begin(std::uint32_t segment);
  void fill_ahead();

  journal_files* files_;
  journal_key key_;
  std::uint64_t ahead_;
  mutable std::mutex mutex_; // guards the members below
  std::deque<use> uses_; // the oldest first; the last is written to
  std::uint32_t uses_begun_ = 0;
  std::uint64_t last_ = 0;
  journal_cursor released_;
  std::optional<found> unsecured_;
};

} // namespace raft::persistence
