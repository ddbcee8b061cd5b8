// The files of a journal: segments, filled with zeros before they are used.

#pragma once

#include <raft/lmdb/reserved_file.hpp>
#include <raft/persistence/journal_record.hpp>
#include <raft/persistence/journal_store.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

/// What a journal writes to. Tests put disks in its place that fail.
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

/// The files of a journal in a directory.
class journal_directory : public journal_files {
public:
  /// @param segments How many files to use: those that the options ask for, or
  ///        more, if there are some.
  /// @param writable If not, files are only read, and none is made.
  /// @throws store_error `no_access`.
  journal_directory(std::string path, const journal_options& options,
                    std::uint32_t segments, bool writable);
  ~journal_directory() override;

  bool is_missing(std::uint32_t segment) const {
    return !files_.at(segment).file;
  }

  /// Adds segments, so that there are so many.
  void extend(std::uint32_t segments);

  /// Makes those that are not there, without room, and their names durable.
  /// @throws store_error `no_access`, `no_space`.
  void make();

  /// Erases files that the options do not ask for, from this one on.
  /// @throws store_error `no_access`.
  void shrink(std::uint32_t segments);

  std::uint32_t count() const override;
  std::string name(std::uint32_t segment) const override;
  std::uint64_t filled(std::uint32_t segment) const override;
  std::uint64_t limit(std::uint32_t segment) const override;
  bool take(std::uint32_t segment, std::uint64_t end) override;
  void keep(std::uint32_t segment, std::uint64_t end) override;
  void read(journal_spot spot, std::span<char> to) const override;
  void write(journal_spot spot, std::string_view data) override;
  void sync(std::uint32_t segment) override;

private:
  struct segment_file {
    std::string path;
    lmdb::file_descriptor file;
    std::unique_ptr<lmdb::reserved_file> room; // once it is open for writing
    std::uint64_t length = 0; // if only for reading
  };

  void open(segment_file& x) const;
  [[noreturn]] static void fail(const char* what, const segment_file& x,
                                int code);

  std::string path_;
  journal_options options_;
  bool writable_;
  std::vector<segment_file> files_;
};

} // namespace raft::persistence
