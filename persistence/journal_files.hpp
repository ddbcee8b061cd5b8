// What a journal writes to: segments, filled with zeros before they are used.

#pragma once

#include <raft/persistence/journal_record.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace raft::persistence {

/// The files of a journal. Tests and the simulator put disks in their place
/// that fail.
///
/// Threads: any, also beside each other, but `write` and `sync` by one at a
/// time.
class journal_files {
public:
  virtual ~journal_files();

  /// How many segments there are.
  virtual std::uint32_t count() const = 0;

  /// Names a segment in messages.
  virtual std::string name(std::uint32_t segment) const = 0;

  /// Up to where a segment can be read and written, in bytes: so much of it
  /// was filled.
  virtual std::uint64_t filled(std::uint32_t segment) const = 0;

  /// Up to where it may become filled, in bytes; 0 for one that is not to be
  /// used again.
  virtual std::uint64_t limit(std::uint32_t segment) const = 0;

  /// Fills it up to `end` at least, before it returns.
  /// @returns whether there is room for that.
  /// @throws store_error `write_failed`, `no_access`.
  virtual bool take(std::uint32_t segment, std::uint64_t end) = 0;

  /// Has it filled up to `end` in the background.
  /// @throws store_error `no_access`.
  virtual void keep(std::uint32_t segment, std::uint64_t end) = 0;

  /// @pre `spot.offset + to.size() <= filled(spot.segment)`.
  /// @throws store_error `no_access`.
  virtual void read(journal_spot spot, std::span<char> to) const = 0;

  /// @pre As for `read`.
  /// @throws store_error `write_failed`: what is in the file is not known.
  virtual void write(journal_spot spot, std::string_view data) = 0;

  /// Makes durable what was written to a segment.
  /// @throws store_error `write_failed`: what is in the file is not known, and
  ///         to sync once more would not tell.
  virtual void sync(std::uint32_t segment) = 0;
};

/// The name of a segment's file.
std::string journal_file_name(std::uint32_t segment);

} // namespace raft::persistence
