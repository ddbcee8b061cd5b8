#include <raft/lmdb/big_endian.hpp>
#include <raft/persistence/journal_record.hpp>

#include <xxhash.h>

#include <stdexcept>
#include <utility>

namespace raft::persistence {

namespace {

constexpr std::string_view journal_magic{"raft jnl"};
constexpr std::uint32_t journal_version = 1;
constexpr std::size_t length_bytes = 4;

std::uint64_t sum_of_body(std::string_view body, const journal_key& key) {
  return XXH3_64bits_withSeed(body.data(), body.size(), key.secret);
}

/// Covers what precedes the checksum in a header, and where it stands.
std::uint64_t sum_of_header(std::string_view header, const journal_key& key,
                            journal_spot spot) {
  std::string all{header.substr(0, journal_header_bytes - 8)};
  lmdb::append_big_endian(all, spot.segment);
  lmdb::append_big_endian(all, spot.offset);
  return XXH3_64bits_withSeed(all.data(), all.size(), key.secret);
}

/// Adds a record with its length before it.
/// @returns where the record begins in the body.
std::uint32_t add(std::string& to, std::string_view part) {
  if (to.size() + length_bytes + part.size() > journal_body_max)
    throw std::length_error{"a record of the journal is too long"};
  lmdb::append_big_endian(to, static_cast<std::uint32_t>(part.size()));
  auto begin = to.size() - journal_header_bytes;
  to.append(part);
  return static_cast<std::uint32_t>(begin);
}

/// Takes records with their lengths out of a body, one after the other.
class parts {
public:
  explicit parts(std::string_view body) : all_{body} {
    // nop
  }

  bool empty() const noexcept {
    return at_ == all_.size();
  }

  /// Where the last one began.
  std::size_t begin() const noexcept {
    return begin_;
  }

  /// The next one; empty, which is no record, if it is cut short.
  std::string_view next() {
    auto rest = all_.substr(at_);
    if (rest.size() < length_bytes)
      return {};
    auto size = lmdb::from_big_endian<std::uint32_t>(rest);
    if (size > rest.size() - length_bytes)
      return {};
    begin_ = at_ + length_bytes;
    at_ = begin_ + size;
    return all_.substr(begin_, size);
  }

private:
  std::string_view all_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

record_fault read_batch(parts& from, journaled_batch& to) {
  auto& head = to.head;
  if (auto fault = decode({}, from.next(), head); fault != record_fault::none)
    return fault;
  if (head.members_changed)
    if (auto fault = decode(head.group, from.next(), to.members);
        fault != record_fault::none)
      return fault;
  if (head.installs)
    if (auto fault = decode(head.group, from.next(), to.install);
        fault != record_fault::none)
      return fault;
  for (std::uint32_t i = 0; i < head.entries; ++i) {
    journaled_entry x;
    auto data = from.next();
    if (auto fault = decode(head.group, data, x.head);
        fault != record_fault::none)
      return fault;
    x.offset = static_cast<std::uint32_t>(from.begin());
    x.bytes = static_cast<std::uint32_t>(data.size());
    to.entries.push_back(x);
  }
  return record_fault::none;
}

} // namespace

std::string begin_journal_record() {
  return std::string(journal_header_bytes, '\0');
}

void seal_journal_record(std::string& record, const journal_key& key,
                         journal_spot spot, std::uint64_t sequence) {
  auto body = std::string_view{record}.substr(journal_header_bytes);
  std::string header{journal_magic};
  lmdb::append_big_endian(header, journal_version);
  lmdb::append_big_endian(header, static_cast<std::uint32_t>(body.size()));
  lmdb::append_big_endian(header, sequence);
  lmdb::append_big_endian(header, key.incarnation.value);
  lmdb::append_big_endian(header, sum_of_body(body, key));
  header.append(8, '\0');
  auto sum = sum_of_header(header, key, spot);
  header.resize(journal_header_bytes - 8);
  lmdb::append_big_endian(header, sum);
  record.replace(0, journal_header_bytes, header);
  record.resize(journal_length(record.size() - journal_header_bytes), '\0');
}

std::optional<journal_header> read_journal_header(std::string_view data,
                                                  const journal_key& key,
                                                  journal_spot spot) {
  if (data.size() < journal_header_bytes || !data.starts_with(journal_magic))
    return std::nullopt;
  auto u32 = [&](std::size_t at) {
    return lmdb::from_big_endian<std::uint32_t>(data.substr(at));
  };
  auto u64 = [&](std::size_t at) {
    return lmdb::from_big_endian<std::uint64_t>(data.substr(at));
  };
  if (u32(8) != journal_version || u64(24) != key.incarnation.value
      || u64(40) != sum_of_header(data, key, spot))
    return std::nullopt;
  return journal_header{u64(16), u32(12), u64(32)};
}

bool is_sound(const journal_header& header, std::string_view body,
              const journal_key& key) {
  return body.size() == header.body_bytes
      && sum_of_body(body, key) == header.body_checksum;
}

journaled_batch append_batch(std::string& record, const persist& x,
                             std::uint64_t compacted_time_ms) {
  const auto& batch = x.batch;
  journaled_batch result;
  result.head = {x.group,
                 batch.hard,
                 batch.truncate_from,
                 {batch.compacted, compacted_time_ms},
                 batch.cluster,
                 batch.members_changed,
                 static_cast<bool>(batch.install.last.index),
                 batch.installed,
                 static_cast<std::uint32_t>(batch.entries.size())};
  add(record, encode({}, result.head));
  if (batch.members_changed) {
    result.members = batch.members;
    add(record, encode(x.group, batch.members));
  }
  if (result.head.installs) {
    result.install = batch.install;
    add(record, encode(x.group, batch.install));
  }
  result.entries.reserve(batch.entries.size());
  for (const auto& e : batch.entries) {
    auto bytes = encode(x.group, e);
    journaled_entry y{{{e.index, e.term}, e.time_ms, cluster_in(e)}};
    y.offset = add(record, bytes);
    y.bytes = static_cast<std::uint32_t>(bytes.size());
    result.entries.push_back(y);
  }
  return result;
}

record_fault decode(std::string_view body, std::vector<journaled_batch>& x) {
  std::vector<journaled_batch> result;
  for (parts rest{body}; !rest.empty();) {
    journaled_batch next;
    if (auto fault = read_batch(rest, next); fault != record_fault::none)
      return fault;
    result.push_back(std::move(next));
  }
  x = std::move(result);
  return record_fault::none;
}

} // namespace raft::persistence
