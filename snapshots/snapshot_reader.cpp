#include <raft/lmdb/big_endian.hpp>
#include <raft/snapshots/file_access.hpp>
#include <raft/snapshots/snapshot_reader.hpp>

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace raft::snapshots {

namespace {

constexpr const char* use_another
  = "; use another copy of it, or take the snapshot again";

} // namespace

snapshot_reader::snapshot_reader(std::string path)
  : path_{std::move(path)}, file_{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)} {
  if (!file_)
    no_access("open", path_);
  struct stat info {};
  if (fstat(file_.get(), &info) != 0)
    no_access("look at", path_);
  if (!S_ISREG(info.st_mode))
    fail(fault::no_snapshot, "is no regular file; name the file of a snapshot");
  totals_.file_bytes = static_cast<std::uint64_t>(info.st_size);
  read_header();
  read_end();
}

void snapshot_reader::read_header() {
  std::string head;
  take(head, std::min<std::uint64_t>(header_head_bytes, totals_.file_bytes));
  if (head.empty())
    fail(fault::no_snapshot, std::string{"is empty"} + use_another);
  if (!head.starts_with(magic.substr(0, head.size())))
    fail(fault::no_snapshot, "is no snapshot: it does not begin as one; name "
                             "the file of a snapshot");
  if (head.size() < header_head_bytes)
    fail(fault::cut_short, "has " + std::to_string(head.size())
                             + " bytes, less than the beginning of a snapshot"
                             + use_another);
  auto rest = std::string_view{head}.substr(magic.size());
  auto version = lmdb::from_big_endian<std::uint32_t>(rest);
  auto size = lmdb::from_big_endian<std::uint32_t>(rest.substr(4));
  id_ = lmdb::from_big_endian<std::uint64_t>(rest.substr(8));
  if (version > format_version)
    fail(fault::newer_format,
         "is a snapshot of format " + std::to_string(version)
           + ", this program knows " + std::to_string(format_version)
           + "; use a newer program");
  auto damaged = [this] {
    fail(fault::damaged,
         std::string{"is damaged: its beginning fails its checksum"}
           + use_another);
  };
  if (version == 0 || size > description_bytes_max)
    damaged();
  if (totals_.file_bytes - at_ < size + checksum_bytes)
    fail(fault::cut_short, "ends within its first "
                             + std::to_string(at_ + size + checksum_bytes)
                             + " bytes" + use_another);
  std::string text;
  take(text, size + checksum_bytes);
  auto about
    = decode_description(std::string_view{text}.substr(0, size), version);
  if (!is_sound(head + text, 0) || !about)
    damaged();
  about_ = *about;
}

void snapshot_reader::read_end() {
  auto none = [this] {
    fail(fault::cut_short,
         "has " + std::to_string(totals_.file_bytes)
           + " bytes and does not end as a snapshot: it was cut short, it is "
             "not written to its end yet, or its end is damaged"
           + use_another);
  };
  if (totals_.file_bytes - at_ < end_bytes)
    none();
  std::string end(end_bytes, '\0');
  read_at(file_, path_, totals_.file_bytes - end_bytes, end);
  if (end.size() < end_bytes || !is_sound(end, id_))
    none();
  auto head = decode_chunk_head(end);
  if (head.kind != chunk_kind::end || head.size != end_data_bytes)
    none();
  totals_ = decode_totals(
    std::string_view{end}.substr(chunk_head_bytes, end_data_bytes),
    totals_.file_bytes);
}

std::vector<machine::session_record> snapshot_reader::sessions() {
  std::vector<machine::session_record> result;
  std::string waiting;
  while (next_chunk(chunk_kind::sessions)) {
    waiting += std::exchange(data_, {});
    std::string_view rest = waiting;
    while (rest.size() >= 12) {
      auto size = lmdb::from_big_endian<std::uint32_t>(rest.substr(8));
      if (rest.size() - 12 < size)
        break;
      result.push_back({{lmdb::from_big_endian<std::uint64_t>(rest)},
                        bytes{rest.substr(12, size)}});
      rest.remove_prefix(12 + size);
    }
    waiting.erase(0, waiting.size() - rest.size());
  }
  if (!waiting.empty() || result.size() != totals_.sessions)
    fail(fault::damaged, "is damaged: it says that it has "
                           + std::to_string(totals_.sessions)
                           + " records of sessions, and has "
                           + std::to_string(result.size()) + use_another);
  return result;
}

std::size_t snapshot_reader::read(char* to, std::size_t size) {
  if (data_.empty() && size > 0 && !at_end_ && !next_chunk(chunk_kind::state)) {
    compare_with_end();
    at_end_ = true;
  }
  auto n = std::min(size, data_.size());
  std::copy_n(data_.data(), n, to);
  data_.remove_prefix(n);
  state_bytes_ += n;
  return n;
}

bool snapshot_reader::next_chunk(chunk_kind kind) {
  if (chunks_ == totals_.chunks)
    return false;
  chunk_at_ = at_;
  auto left = totals_.file_bytes - end_bytes - at_;
  if (left < chunk_head_bytes)
    fail_in_chunk("is not there");
  std::string head(chunk_head_bytes, '\0');
  read_at(file_, path_, at_, head);
  auto found = decode_chunk_head(head);
  if (found.number != chunks_ + 1)
    fail_in_chunk("is not where it should be");
  if (found.size > chunk_data_bytes_max
      || left < chunk_head_bytes + found.size + checksum_bytes)
    fail_in_chunk("has a length that cannot be");
  // The sessions are over, and this one is not to be taken yet.
  if (kind == chunk_kind::sessions && found.kind == chunk_kind::state)
    return false;
  take(chunk_, chunk_head_bytes + found.size + checksum_bytes);
  if (!is_sound(chunk_, id_))
    fail_in_chunk("fails its checksum");
  if (found.kind != kind)
    fail_in_chunk("is of a kind that does not belong there");
  ++chunks_;
  data_ = std::string_view{chunk_}.substr(chunk_head_bytes, found.size);
  return true;
}

void snapshot_reader::compare_with_end() {
  if (at_ + end_bytes != totals_.file_bytes
      || state_bytes_ != totals_.state_bytes
      || all_.value() != totals_.checksum)
    fail(fault::damaged,
         std::string{"is damaged: its parts do not add up to what its end says"}
           + use_another);
}

void snapshot_reader::take(std::string& to, std::size_t size) {
  to.resize(size);
  read_at(file_, path_, at_, to);
  if (to.size() < size)
    fail(fault::cut_short,
         std::string{"became shorter while it was read"} + use_another);
  all_.add(to);
  at_ += size;
}

void snapshot_reader::fail(fault code, const std::string& what) const {
  throw snapshot_error{code, "'" + path_ + "' " + what};
}

void snapshot_reader::fail_in_chunk(const std::string& what) const {
  fail(fault::damaged, "is damaged: chunk " + std::to_string(chunks_ + 1)
                         + " of " + std::to_string(totals_.chunks)
                         + ", at byte " + std::to_string(chunk_at_) + ", "
                         + what + use_another);
}

void verify(snapshot_reader& what) {
  what.sessions();
  verify_rest(what);
}

void verify_rest(snapshot_reader& what) {
  std::string buffer(chunk_data_bytes, '\0');
  while (what.read(buffer.data(), buffer.size()) > 0)
    ;
}

} // namespace raft::snapshots
