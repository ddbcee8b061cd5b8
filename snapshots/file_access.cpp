#include <raft/lmdb/reserved_file.hpp>
#include <raft/lmdb/store_error.hpp>
#include <raft/machine/durability.hpp>
#include <raft/snapshots/file_access.hpp>
#include <raft/snapshots/snapshot_error.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace raft::snapshots {

lmdb::file_descriptor open_unfinished(const std::string& path) {
  lmdb::file_descriptor result{
    ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640)};
  if (!result)
    fail_to("make", path);
  if (flock(result.get(), LOCK_EX | LOCK_NB) != 0)
    throw snapshot_error{fault::no_access,
                         "'" + path
                           + "' is being written by somebody else; wait, or "
                             "use another name"};
  return result;
}

void read_at(const lmdb::file_descriptor& file, const std::string& path,
             std::uint64_t offset, std::string& to) {
  std::size_t done = 0;
  while (done < to.size()) {
    auto n = pread(file.get(), to.data() + done, to.size() - done,
                   static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      no_access("read", path);
    if (n == 0)
      break;
    done += static_cast<std::size_t>(n);
  }
  to.resize(done);
}

void write_all(const lmdb::file_descriptor& file, const std::string& path,
               std::string_view data) {
  while (!data.empty()) {
    auto n = ::write(file.get(), data.data(), data.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      fail_to("write", path);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
}

void sync_file(const lmdb::file_descriptor& file, const std::string& path) {
  if (fdatasync(file.get()) != 0)
    fail_to("sync", path);
}

void give_name(const std::string& unfinished, const std::string& path) {
  if (std::rename(unfinished.c_str(), path.c_str()) != 0)
    fail_to("give its name to", unfinished);
  auto parent = std::filesystem::path{path}.parent_path().string();
  try {
    lmdb::sync_directory(parent.empty() ? "." : parent);
  } catch (const lmdb::store_error& e) {
    throw snapshot_error{fault::no_access, e.what()};
  }
}

void fail_to(const char* verb, const std::string& path) {
  if (lmdb::means_full(errno))
    throw machine::no_space{
      std::string{"cannot "} + verb + " '" + path
      + "': " + std::generic_category().message(errno)
      + ". What was written of the snapshot is removed; make room and take it "
        "again"};
  no_access(verb, path);
}

} // namespace raft::snapshots
