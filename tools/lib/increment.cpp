#include <raft/consensus/soundness.hpp>
#include <raft/lmdb/big_endian.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/persistence/record.hpp>
#include <raft/tools/lib/increment.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace raft::tools {

namespace {

/// A record has little more than the data of its entry.
constexpr std::size_t record_bytes_max = consensus::entry_bytes_max + 1024;

snapshots::description named(snapshots::description x) {
  x.format = increment_format;
  return x;
}

template <class Number>
Number read_number(machine::state_source& from) {
  std::array<char, sizeof(Number)> text{};
  machine::read_exactly(from, text.data(), text.size());
  return lmdb::from_big_endian<Number>({text.data(), text.size()});
}

} // namespace

increment_writer::increment_writer(const std::string& path,
                                   snapshots::description about,
                                   const log_position& after)
  : group_{about.group},
    out_{path, named(std::move(about))},
    next_{after.index.next()} {
  out_.write_sessions({});
  std::string begin;
  lmdb::append_big_endian(begin, after.index.value);
  lmdb::append_big_endian(begin, after.term.value);
  out_.write(begin);
}

void increment_writer::add(const entry& x) {
  if (x.index != next_)
    throw std::logic_error{"entry " + to_text(x.index) + " comes, and "
                           + to_text(next_) + " is the next one"};
  const auto record = persistence::encode(group_, x);
  std::string length;
  lmdb::append_big_endian(length, static_cast<std::uint32_t>(record.size()));
  out_.write(length);
  out_.write(record);
  next_ = next_.next();
}

void increment_writer::finish() {
  out_.finish();
}

increment_reader::increment_reader(const std::string& path) : in_{path} {
  if (in_.about().format != increment_format)
    throw machine::bad_state{"'" + path
                             + "' is no increment: it holds a state"};
  in_.sessions();
  after_.index.value = read_number<std::uint64_t>(in_);
  after_.term.value = read_number<std::uint64_t>(in_);
  read_ = after_.index;
}

std::optional<entry> increment_reader::next() {
  if (read_ >= about().last.index) {
    machine::expect_end(in_);
    return std::nullopt;
  }
  const auto size = read_number<std::uint32_t>(in_);
  if (size > record_bytes_max)
    throw machine::bad_state{"what follows entry " + to_text(read_)
                             + " is longer than an entry can be"};
  std::string record(size, '\0');
  machine::read_exactly(in_, record.data(), record.size());
  entry result;
  if (persistence::decode(about().group, record, result)
        != persistence::record_fault::none
      || result.index != read_.next())
    throw machine::bad_state{"what follows entry " + to_text(read_)
                             + " is not the next entry"};
  read_ = result.index;
  return result;
}

} // namespace raft::tools
