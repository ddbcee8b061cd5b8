#include <raft/lmdb/big_endian.hpp>
#include <raft/snapshots/file_access.hpp>
#include <raft/snapshots/snapshot_writer.hpp>

#include <algorithm>
#include <filesystem>
#include <random>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace raft::snapshots {

namespace {

std::uint64_t draw_id() {
  std::random_device source;
  return std::uint64_t{source()} << 32 | source();
}

} // namespace

snapshot_writer::snapshot_writer(std::string path, const description& about,
                                 const write_options& options)
  : path_{std::move(path)},
    unfinished_{path_ + unfinished_suffix},
    options_{options},
    file_{open_unfinished(unfinished_)},
    id_{draw_id()} {
  try {
    // It may be what a crash has left.
    if (ftruncate(file_.get(), 0) != 0)
      fail_to("empty", unfinished_);
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
  give_name(unfinished_, path_);
  finished_ = true;
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
  if (options_.rate)
    options_.rate->take(chunk.size());
  put(chunk);
  if (unsynced_ >= options_.sync_bytes)
    sync();
}

void snapshot_writer::put(std::string_view data) {
  all_.add(data);
  totals_.file_bytes += data.size();
  unsynced_ += data.size();
  write_all(file_, unfinished_, data);
}

void snapshot_writer::sync() {
  sync_file(file_, unfinished_);
  unsynced_ = 0;
}

std::size_t remove_unfinished(const std::string& directory,
                              const std::vector<std::string>& keep) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::size_t result = 0;
  for (fs::directory_iterator i{directory, error}, end; !error && i != end;
       i.increment(error))
    if (i->path().extension() == unfinished_suffix
        && std::find(keep.begin(), keep.end(), i->path().stem().string())
             == keep.end()) {
      std::error_code ignored; // It will be tried again.
      result += fs::remove(i->path(), ignored);
    }
  return result;
}

} // namespace raft::snapshots
