#include <raft/kv/command.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/lmdb/big_endian.hpp>

#include <limits>
#include <utility>

namespace raft::kv {

namespace {

/// In the place of a key's length.
constexpr auto end_mark = std::numeric_limits<std::uint32_t>::max();

} // namespace

void pair_writer::add(std::string_view key, std::string_view value) {
  lmdb::append_big_endian(buffer_, static_cast<std::uint32_t>(key.size()));
  buffer_ += key;
  lmdb::append_big_endian(buffer_, static_cast<std::uint32_t>(value.size()));
  buffer_ += value;
  ++count_;
}

void pair_writer::finish() {
  lmdb::append_big_endian(buffer_, end_mark);
  lmdb::append_big_endian(buffer_, count_);
  flush();
}

void pair_writer::flush() {
  to_.write(buffer_);
  buffer_.clear();
}

bool pair_reader::next() {
  auto key_bytes = take_number<std::uint32_t>();
  if (key_bytes == end_mark) {
    if (take_number<std::uint64_t>() != count_)
      throw machine::bad_state{"the key-value state does not have as many "
                               "pairs as it says"};
    return false;
  }
  if (key_bytes > key_bytes_max)
    throw machine::bad_state{"the key-value state has a key of "
                             + std::to_string(key_bytes) + " bytes"};
  take(next_key_, key_bytes);
  if (count_ > 0 && next_key_ <= key_)
    throw machine::bad_state{"the keys of the key-value state do not ascend"};
  std::swap(key_, next_key_);
  auto value_bytes = take_number<std::uint32_t>();
  if (value_bytes > value_bytes_max)
    throw machine::bad_state{"the key-value state has a value of "
                             + std::to_string(value_bytes) + " bytes"};
  take(value_, value_bytes);
  ++count_;
  return true;
}

template <class T>
T pair_reader::take_number() {
  char data[sizeof(T)];
  machine::read_exactly(from_, data, sizeof data);
  return lmdb::from_big_endian<T>({data, sizeof data});
}

void pair_reader::take(std::string& to, std::uint32_t size) {
  to.resize(size);
  machine::read_exactly(from_, to.data(), size);
}

} // namespace raft::kv
