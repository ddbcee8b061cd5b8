#include <raft/lmdb/big_endian.hpp>
#include <raft/messages/membership_bytes.hpp>
#include <raft/persistence/record.hpp>

#include <xxhash.h>

#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace raft::persistence {

namespace {

constexpr std::size_t prefix_bytes = 2;
constexpr std::size_t checksum_bytes = 8;

std::uint64_t checksum(group_id group, std::string_view data) {
  return XXH3_64bits_withSeed(data.data(), data.size(), group.value);
}

class writer {
public:
  writer(record_type type, std::size_t payload_bytes) {
    out_.reserve(prefix_bytes + payload_bytes + checksum_bytes);
    *this << record_version << static_cast<std::uint8_t>(type);
  }

  template <std::unsigned_integral T>
  writer& operator<<(T x) {
    lmdb::append_big_endian(out_, x);
    return *this;
  }

  template <class Tag>
  writer& operator<<(strong_number<Tag> x) {
    return *this << x.value;
  }

  writer& operator<<(std::string_view x) {
    *this << length(x.size());
    out_.append(x);
    return *this;
  }

  template <class Tag>
  writer& operator<<(const std::vector<strong_number<Tag>>& xs) {
    *this << length(xs.size());
    for (auto x : xs)
      *this << x;
    return *this;
  }

  std::string finish(group_id group) {
    lmdb::append_big_endian(out_, checksum(group, out_));
    return std::move(out_);
  }

private:
  static std::uint32_t length(std::size_t x) {
    if (x > std::numeric_limits<std::uint32_t>::max())
      throw std::length_error{"a field of a record is longer than 4 GiB"};
    return static_cast<std::uint32_t>(x);
  }

  std::string out_;
};

/// Reads fields one after the other; once one is cut short, all that follow
/// read as nothing.
class reader {
public:
  reader(group_id group, std::string_view data, record_type type) {
    if (data.size() < prefix_bytes + checksum_bytes) {
      fault_ = record_fault::too_short;
      return;
    }
    auto body = data.substr(0, data.size() - checksum_bytes);
    auto sum = lmdb::from_big_endian<std::uint64_t>(data.substr(body.size()));
    if (static_cast<std::uint8_t>(body[0]) != record_version)
      fault_ = record_fault::wrong_version;
    else if (sum != checksum(group, body))
      fault_ = record_fault::wrong_checksum;
    else if (static_cast<std::uint8_t>(body[1])
             != static_cast<std::uint8_t>(type))
      fault_ = record_fault::wrong_type;
    else
      rest_ = body.substr(prefix_bytes);
  }

  template <std::unsigned_integral T>
  reader& operator>>(T& x) {
    auto part = take(sizeof(T));
    x = fault_ == record_fault::none ? lmdb::from_big_endian<T>(part) : T{0};
    return *this;
  }

  template <class Tag>
  reader& operator>>(strong_number<Tag>& x) {
    return *this >> x.value;
  }

  reader& operator>>(std::string_view& x) {
    std::uint32_t size = 0;
    *this >> size;
    x = take(size);
    return *this;
  }

  template <class Tag>
  reader& operator>>(std::vector<strong_number<Tag>>& xs) {
    std::uint32_t size = 0;
    *this >> size;
    if (size > rest_.size() / sizeof(std::uint64_t))
      cut_short();
    else
      xs.resize(size);
    for (auto& x : xs)
      *this >> x;
    return *this;
  }

  /// What was read makes no sense.
  void fail() {
    cut_short();
  }

  record_fault finish() const {
    if (fault_ == record_fault::none && !rest_.empty())
      return record_fault::trailing_bytes;
    return fault_;
  }

private:
  std::string_view take(std::size_t n) {
    if (n > rest_.size())
      cut_short();
    auto result = rest_.substr(0, n);
    rest_.remove_prefix(result.size());
    return result;
  }

  void cut_short() {
    if (fault_ == record_fault::none)
      fault_ = record_fault::truncated;
    rest_ = {};
  }

  std::string_view rest_;
  record_fault fault_ = record_fault::none;
};

/// Moves what was read to where it is wanted, if it is sound.
template <class T>
record_fault give(const reader& in, T from, T& to) {
  auto result = in.finish();
  if (result == record_fault::none)
    to = std::move(from);
  return result;
}

/// A record that consists of members of a struct, one after the other.
template <class T, class... Members>
class layout {
public:
  /// @param size About how long they are together, in bytes.
  constexpr layout(record_type type, std::size_t size, Members T::*... members)
    : type_{type}, size_{size}, members_{members...} {
    // nop
  }

  std::string encode(group_id group, const T& x) const {
    writer out{type_, size_};
    std::apply([&](auto... member) { (out << ... << (x.*member)); }, members_);
    return out.finish(group);
  }

  record_fault decode(group_id group, std::string_view data, T& x) const {
    reader in{group, data, type_};
    T result;
    std::apply([&](auto... member) { (in >> ... >> (result.*member)); },
               members_);
    return give(in, std::move(result), x);
  }

private:
  record_type type_;
  std::size_t size_;
  std::tuple<Members T::*...> members_;
};

constexpr layout header_layout{record_type::header, 4, &store_header::format};
constexpr layout hard_state_layout{record_type::hard_state, 16,
                                   &hard_state::term, &hard_state::vote};
constexpr layout position_layout{record_type::position, 16,
                                 &log_position::index, &log_position::term};
constexpr layout acquaintance_layout{
  record_type::acquaintance, 32,
  &acquaintance::peer,       &acquaintance::incarnation,
  &acquaintance::start,      &acquaintance::ours};
constexpr layout file_mark_layout{record_type::file_mark, 20, &file_mark::inode,
                                  &file_mark::born_seconds,
                                  &file_mark::born_nanoseconds};
// Bits in the record of a batch. Versions that know of the first one only
// refuse what has the others: they expect other records behind it.
constexpr unsigned members_bit = 1;
constexpr unsigned installs_bit = 2;
constexpr unsigned installed_bit = 4;

constexpr layout journal_layout{record_type::journal,  28,
                                &journal_mark::secret, &journal_mark::applied,
                                &journal_mark::seen,   &journal_mark::segments};

} // namespace

const char* to_text(record_fault x) {
  switch (x) {
    case record_fault::none:
      return "sound";
    case record_fault::too_short:
      return "too short for a record";
    case record_fault::wrong_version:
      return "unknown record version";
    case record_fault::wrong_checksum:
      return "wrong checksum";
    case record_fault::wrong_type:
      return "record of another type";
    case record_fault::truncated:
      return "ends within a field";
    case record_fault::trailing_bytes:
      return "bytes after the last field";
  }
  return "unknown fault";
}

std::string encode(group_id group, const store_header& x) {
  return header_layout.encode(group, x);
}

record_fault decode(group_id group, std::string_view data, store_header& x) {
  return header_layout.decode(group, data, x);
}

std::string encode(group_id group, const store_identity& x) {
  writer out{record_type::identity, 20 + x.cluster.size()};
  out << std::string_view{x.cluster} << x.peer << x.incarnation;
  return out.finish(group);
}

record_fault decode(group_id group, std::string_view data, store_identity& x) {
  reader in{group, data, record_type::identity};
  std::string_view cluster;
  store_identity result;
  in >> cluster >> result.peer >> result.incarnation;
  result.cluster = std::string{cluster};
  return give(in, std::move(result), x);
}

std::string encode(group_id group, const hard_state& x) {
  return hard_state_layout.encode(group, x);
}

record_fault decode(group_id group, std::string_view data, hard_state& x) {
  return hard_state_layout.decode(group, data, x);
}

namespace {

writer& operator<<(writer& out, const membership& x) {
  return out << x.index << to_bytes(x).view();
}

reader& operator>>(reader& in, membership& x) {
  log_index index;
  std::string_view data;
  in >> index >> data;
  if (auto found = membership_from(data))
    x = *found;
  else
    in.fail();
  x.index = index;
  return in;
}

} // namespace

std::string encode(group_id group, const configurations& x) {
  const auto& first = x.founding;
  if (x.later.empty() && first.outgoing.empty() && first.details.empty()
      && first.level == 0) {
    writer out{record_type::membership,
               16 + 8 * (first.voters.size() + first.learners.size())};
    out << first.index << first.voters << first.learners;
    return out.finish(group);
  }
  writer out{record_type::configurations, 100 * (1 + x.later.size())};
  out << first << static_cast<std::uint32_t>(x.later.size());
  for (const auto& y : x.later)
    out << y;
  return out.finish(group);
}

record_fault decode(group_id group, std::string_view data, configurations& x) {
  configurations result;
  reader plain{group, data, record_type::membership};
  plain >> result.founding.index >> result.founding.voters
    >> result.founding.learners;
  if (plain.finish() != record_fault::wrong_type)
    return give(plain, std::move(result), x);
  reader in{group, data, record_type::configurations};
  std::uint32_t count = 0;
  in >> result.founding >> count;
  for (; count > 0 && in.finish() == record_fault::trailing_bytes; --count)
    in >> result.later.emplace_back();
  if (count > 0)
    in.fail();
  return give(in, std::move(result), x);
}

std::string encode(group_id group, const log_position& x) {
  return position_layout.encode(group, x);
}

record_fault decode(group_id group, std::string_view data, log_position& x) {
  return position_layout.decode(group, data, x);
}

std::string encode(group_id group, const start_chain& x) {
  writer out{record_type::starts, 5 + 8 * x.starts.size()};
  out << x.starts << static_cast<std::uint8_t>(x.last);
  return out.finish(group);
}

record_fault decode(group_id group, std::string_view data, start_chain& x) {
  reader in{group, data, record_type::starts};
  start_chain result;
  std::uint8_t last = 0;
  in >> result.starts >> last;
  // What we do not know is not taken for an orderly end.
  result.last = last <= static_cast<std::uint8_t>(start_state::restored)
                ? static_cast<start_state>(last)
                : start_state::runs;
  return give(in, std::move(result), x);
}

std::string encode(group_id group, const acquaintance& x) {
  return acquaintance_layout.encode(group, x);
}

record_fault decode(group_id group, std::string_view data, acquaintance& x) {
  return acquaintance_layout.decode(group, data, x);
}

std::string encode(group_id group, const file_mark& x) {
  return file_mark_layout.encode(group, x);
}

record_fault decode(group_id group, std::string_view data, file_mark& x) {
  return file_mark_layout.decode(group, data, x);
}

std::string encode(group_id group, const cluster_id& x) {
  writer out{record_type::cluster, 8};
  out << x;
  return out.finish(group);
}

record_fault decode(group_id group, std::string_view data, cluster_id& x) {
  reader in{group, data, record_type::cluster};
  cluster_id result;
  in >> result;
  return give(in, std::move(result), x);
}

std::string encode(group_id group, const compaction_point& x) {
  writer out{record_type::position, 24};
  out << x.where.index << x.where.term << x.time_ms;
  return out.finish(group);
}

record_fault decode(group_id group, std::string_view data,
                    compaction_point& x) {
  // Earlier versions wrote no time.
  if (decode(group, data, x.where) == record_fault::none) {
    x.time_ms = 0;
    return record_fault::none;
  }
  reader in{group, data, record_type::position};
  compaction_point result;
  in >> result.where.index >> result.where.term >> result.time_ms;
  return give(in, std::move(result), x);
}

std::string encode(group_id group, const entry& x) {
  writer out{record_type::entry, 53 + x.data.size()};
  out << x.term << x.index << static_cast<std::uint8_t>(x.kind) << x.time_ms
      << x.tag.session << x.tag.sequence << x.tag.lowest_unanswered
      << x.data.view();
  return out.finish(group);
}

namespace {

/// The fields of an entry's record, whose data stay where they are.
struct entry_fields {
  entry x;
  std::string_view data;
};

record_fault read(group_id group, std::string_view data, entry_fields& to) {
  reader in{group, data, record_type::entry};
  entry_fields result;
  auto& x = result.x;
  std::uint8_t kind = 0;
  in >> x.term >> x.index >> kind >> x.time_ms >> x.tag.session
    >> x.tag.sequence >> x.tag.lowest_unanswered >> result.data;
  // A kind that we do not know is kept as it is: to understand it is up to
  // those who apply entries, and to lose it would be worse.
  x.kind = static_cast<entry_kind>(kind);
  return give(in, std::move(result), to);
}

} // namespace

record_fault decode(group_id group, std::string_view data, entry& x) {
  entry_fields found;
  auto result = read(group, data, found);
  if (result != record_fault::none)
    return result;
  x = std::move(found.x);
  x.data = bytes{found.data};
  return result;
}

record_fault decode(group_id group, std::string_view data, entry_head& x) {
  entry_fields found;
  auto result = read(group, data, found);
  if (result != record_fault::none)
    return result;
  x.where = {found.x.index, found.x.term};
  x.time_ms = found.x.time_ms;
  x.proposes = {};
  if (found.x.kind == entry_kind::empty && !found.data.empty()) {
    found.x.data = bytes{found.data};
    x.proposes = cluster_in(found.x);
  }
  return result;
}

std::string encode(group_id group, const batch_head& x) {
  writer out{record_type::batch, 69};
  out << x.group << x.hard.term << x.hard.vote << x.truncate_from
      << x.compacted.where.index << x.compacted.where.term
      << x.compacted.time_ms << x.cluster
      << static_cast<std::uint8_t>((x.members_changed ? members_bit : 0)
                                   | (x.installs ? installs_bit : 0)
                                   | (x.installed ? installed_bit : 0))
      << x.entries;
  return out.finish(group);
}

record_fault decode(group_id group, std::string_view data, batch_head& x) {
  reader in{group, data, record_type::batch};
  batch_head result;
  std::uint8_t bits = 0;
  in >> result.group >> result.hard.term >> result.hard.vote
    >> result.truncate_from >> result.compacted.where.index
    >> result.compacted.where.term >> result.compacted.time_ms >> result.cluster
    >> bits >> result.entries;
  result.members_changed = (bits & members_bit) != 0;
  result.installs = (bits & installs_bit) != 0;
  result.installed = (bits & installed_bit) != 0;
  return give(in, std::move(result), x);
}

std::string encode(group_id group, const journal_mark& x) {
  return journal_layout.encode(group, x);
}

record_fault decode(group_id group, std::string_view data, journal_mark& x) {
  return journal_layout.decode(group, data, x);
}

std::string encode(group_id group, const snapshot_head& x) {
  writer out{record_type::snapshot, 160};
  out << x.last.index << x.last.term << x.time_ms << x.size << x.checksum
      << x.cluster << x.members;
  return out.finish(group);
}

record_fault decode(group_id group, std::string_view data, snapshot_head& x) {
  reader in{group, data, record_type::snapshot};
  snapshot_head result;
  in >> result.last.index >> result.last.term >> result.time_ms >> result.size
    >> result.checksum >> result.cluster >> result.members;
  return give(in, std::move(result), x);
}

} // namespace raft::persistence
