// The files of a journal on the disk.

#pragma once

#include <raft/lmdb/reserved_file.hpp>
#include <raft/persistence/journal_files.hpp>
#include <raft/persistence/journal_store.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

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
