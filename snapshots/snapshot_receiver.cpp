#include <raft/snapshots/file_access.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/snapshots/snapshot_reader.hpp>
#include <raft/snapshots/snapshot_receiver.hpp>

#include <cassert>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace raft::snapshots {

snapshot_head head_of(const description& about, const totals& counts) {
  return {about.last,    about.time_ms,     about.members,
          about.cluster, counts.file_bytes, counts.checksum};
}

std::string file_name_of(group_id group, const snapshot_head& head) {
  return to_text(group) + '-' + to_text(head.last.index) + '-'
       + to_text(head.last.term) + '-' + std::to_string(head.size) + '-'
       + std::to_string(head.checksum) + ".snapshot";
}

snapshot_bytes::snapshot_bytes(std::string path)
  : path_{std::move(path)}, file_{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)} {
  if (!file_)
    no_access("open", path_);
}

std::string snapshot_bytes::read(std::uint64_t offset, std::size_t size) const {
  std::string result(size, '\0');
  read_at(file_, path_, offset, result);
  return result;
}

snapshot_receiver::snapshot_receiver(std::string path,
                                     const snapshot_head& head)
  : path_{std::move(path)},
    unfinished_{path_ + unfinished_suffix},
    head_{head},
    file_{open_unfinished(unfinished_)} {
  go_on();
}

/// Keeps as much of what is there as is complete and sound: behind it, a crash
/// may have left anything.
void snapshot_receiver::go_on() {
  std::string some;
  for (std::uint64_t at = 0;; at += some.size()) {
    some.resize(chunk_data_bytes_max);
    read_at(file_, unfinished_, at, some);
    if (some.empty() || !pieces_.add(some))
      break;
  }
  pieces_.forget_rest();
  if (pieces_.sound_bytes() > head_.size)
    pieces_ = {}; // of another one
  received_ = pieces_.sound_bytes();
  auto end = static_cast<off_t>(received_);
  if (ftruncate(file_.get(), end) != 0 || lseek(file_.get(), end, SEEK_SET) < 0)
    fail("cut");
  // What is there may never have been synced.
  sync();
}

void snapshot_receiver::write(std::string_view data) {
  assert(received_ + data.size() <= head_.size);
  if (!pieces_.add(data))
    refuse("a part of it is not what was sent");
  try {
    write_all(file_, unfinished_, data);
  } catch (...) {
    ::unlink(unfinished_.c_str());
    throw;
  }
  received_ += data.size();
}

void snapshot_receiver::sync() {
  try {
    sync_file(file_, unfinished_);
  } catch (...) {
    ::unlink(unfinished_.c_str());
    throw;
  }
  stored_ = received_;
}

void snapshot_receiver::finish() {
  assert(received_ == head_.size);
  sync();
  try {
    snapshot_reader all{unfinished_};
    auto found = head_of(all.about(), all.counts());
    if (head_.members.level == 0) // to a client it does not travel
      found.members.level = 0;
    if (found != head_)
      refuse("it is not the one that was announced");
    verify(all);
  } catch (const snapshot_error& e) {
    if (e.code() != fault::no_access)
      ::unlink(unfinished_.c_str());
    throw;
  }
  give_name(unfinished_, path_);
}

void snapshot_receiver::fail(const char* verb) {
  auto reason = errno;
  ::unlink(unfinished_.c_str());
  errno = reason;
  fail_to(verb, unfinished_);
}

void snapshot_receiver::refuse(const std::string& why) {
  ::unlink(unfinished_.c_str());
  throw snapshot_error{
    fault::damaged, "the snapshot of entry " + to_text(head_.last)
                      + " was received in vain: " + why + "; it is sent again"};
}

} // namespace raft::snapshots
