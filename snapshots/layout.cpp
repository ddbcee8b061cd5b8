#include <raft/lmdb/big_endian.hpp>
#include <raft/snapshots/layout.hpp>

#include <xxhash.h>

#include <new>

namespace raft::snapshots {

using lmdb::append_big_endian;
using lmdb::from_big_endian;

namespace {

void append_checksum(std::string& out, std::size_t from, std::uint64_t seed) {
  auto what = std::string_view{out}.substr(from);
  append_big_endian(
    out, std::uint64_t{XXH3_64bits_withSeed(what.data(), what.size(), seed)});
}

} // namespace

std::string encode_header(std::uint64_t id, const description& x) {
  auto text = encode(x);
  std::string out{magic};
  append_big_endian(out, format_version);
  append_big_endian(out, static_cast<std::uint32_t>(text.size()));
  append_big_endian(out, id);
  out += text;
  append_checksum(out, 0, 0);
  return out;
}

void append_chunk(std::string& out, std::uint64_t id, chunk_kind kind,
                  std::uint64_t number, std::string_view data) {
  auto begin = out.size();
  append_big_endian(out, static_cast<std::uint8_t>(kind));
  append_big_endian(out, number);
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  out += data;
  append_checksum(out, begin, id);
}

chunk_head decode_chunk_head(std::string_view x) {
  return {static_cast<chunk_kind>(from_big_endian<std::uint8_t>(x)),
          from_big_endian<std::uint64_t>(x.substr(1)),
          from_big_endian<std::uint32_t>(x.substr(9))};
}

bool is_sound(std::string_view x, std::uint64_t seed) {
  auto body = x.substr(0, x.size() - checksum_bytes);
  return from_big_endian<std::uint64_t>(x.substr(body.size()))
      == XXH3_64bits_withSeed(body.data(), body.size(), seed);
}

std::string encode(const totals& x) {
  std::string out;
  for (auto number : {x.chunks, x.sessions, x.state_bytes, x.checksum})
    append_big_endian(out, number);
  return out;
}

totals decode_totals(std::string_view data, std::uint64_t file_bytes) {
  auto number = [&data](std::size_t i) {
    return from_big_endian<std::uint64_t>(data.substr(8 * i));
  };
  return {file_bytes, number(0), number(1), number(2), number(3)};
}

void running_checksum::free_state::operator()(XXH3_state_s* x) const {
  XXH3_freeState(x);
}

running_checksum::running_checksum() : state_{XXH3_createState()} {
  if (!state_)
    throw std::bad_alloc{};
  XXH3_64bits_reset(state_.get());
}

running_checksum::~running_checksum() {
  // nop
}

void running_checksum::add(std::string_view x) {
  XXH3_64bits_update(state_.get(), x.data(), x.size());
}

std::uint64_t running_checksum::value() const {
  return XXH3_64bits_digest(state_.get());
}

} // namespace raft::snapshots
