#include <raft/lmdb/big_endian.hpp>
#include <raft/lmdb/reserved_file.hpp>
#include <raft/lmdb/store_error.hpp>
#include <raft/machine/durability.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/snapshots/snapshot_writer.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace raft::snapshots {

namespace {

std::uint64_t draw_id() {
  std::random_device source;
  return std::uint64_t{source()} << 32 | source();
}

std::string parent_of(const std::string& path) {
  auto result = std::filesystem::path{path}.parent_path().string();
  return result.empty() ? "." : result;
}

} // namespace

snapshot_writer::snapshot_writer(std::string path, const description& about,
                                 const write_options& options)
  : path_{std::move(path)},
    unfinished_{path_ + unfinished_suffix},
    options_{options},
    rate_{options.bytes_per_second},
    file_{::open(unfinished_.c_str(),
                 O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640)},
    id_{draw_id()} {
  if (!file_)
    fail("make");
  if (flock(file_.get(), LOCK_EX | LOCK_NB) != 0)
    throw snapshot_error{fault::no_access,
                         "'" + unfinished_
                           + "' is being written by somebody else; wait, or "
                             "use another name"};
  try {
    // It may be what a crash has left.
    if (ftruncate(file_.get(), 0) != 0)
      fail("empty");
    put(encode_header(id_, about));
  } catch (...) {
    ::unlink(unfinished_.c_str());
    throw;
  }
}

snapshot_writer::~snapshot_writer() {
  if (!finished_)
    ::unlink(unfinished_.c_str());
}

void snapshot_writer::write_sessions(
  const std::vector<machine::session_record>& all) {
  for (const auto& x : all) {
    std::string head;
    lmdb::append_big_endian(head, x.id.value);
    lmdb::append_big_endian(head, static_cast<std::uint32_t>(x.data.size()));
    add(chunk_kind::sessions, head);
    add(chunk_kind::sessions, x.data.view());
    ++totals_.sessions;
  }
}

void snapshot_writer::write(std::string_view data) {
  totals_.state_bytes += data.size();
  add(chunk_kind::state, data);
}

totals snapshot_writer::finish() {
  end_chunk();
  totals_.checksum = all_.value();
  std::string end;
  append_chunk(end, id_, chunk_kind::end, totals_.chunks + 1, encode(totals_));
  put(end);
  sync();
  if (std::rename(unfinished_.c_str(), path_.c_str()) != 0)
    fail("give its name to");
  finished_ = true;
  try {
    lmdb::sync_directory(parent_of(path_));
  } catch (const lmdb::store_error& e) {
    throw snapshot_error{fault::no_access, e.what()};
  }
  return totals_;
}

void snapshot_writer::add(chunk_kind kind, std::string_view data) {
  if (kind != kind_)
    end_chunk();
  kind_ = kind;
  while (!data.empty()) {
    auto part = data.substr(0, chunk_data_bytes - waiting_.size());
    waiting_ += part;
    data.remove_prefix(part.size());
    if (waiting_.size() == chunk_data_bytes)
      end_chunk();
  }
}

void snapshot_writer::end_chunk() {
  if (waiting_.empty())
    return;
  std::string chunk;
  append_chunk(chunk, id_, kind_, ++totals_.chunks, waiting_);
  waiting_.clear();
  rate_.take(chunk.size());
  put(chunk);
  if (unsynced_ >= options_.sync_bytes)
    sync();
}

void snapshot_writer::put(std::string_view data) {
  all_.add(data);
  totals_.file_bytes += data.size();
  unsynced_ += data.size();
  while (!data.empty()) {
    auto n = ::write(file_.get(), data.data(), data.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      fail("write");
    data.remove_prefix(static_cast<std::size_t>(n));
  }
}

void snapshot_writer::sync() {
  if (fdatasync(file_.get()) != 0)
    fail("sync");
  unsynced_ = 0;
}

void snapshot_writer::fail(const char* verb) {
  if (lmdb::means_full(errno))
    throw machine::no_space{
      std::string{"cannot "} + verb + " '" + unfinished_
      + "': " + std::generic_category().message(errno)
      + ". What was written of the snapshot is removed; make room and take it "
        "again"};
  no_access(verb, unfinished_);
}

std::size_t remove_unfinished(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::size_t result = 0;
  for (fs::directory_iterator i{directory, error}, end; !error && i != end;
       i.increment(error))
    if (i->path().extension() == unfinished_suffix) {
      std::error_code ignored; // It will be tried again.
      result += fs::remove(i->path(), ignored);
    }
  return result;
}

} // namespace raft::snapshots
