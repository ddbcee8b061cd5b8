#include <raft/kv/sealed_record.hpp>
#include <raft/lmdb/big_endian.hpp>

#include <xxhash.h>

namespace raft::kv {

namespace {

constexpr std::size_t checksum_bytes = 8;

std::uint64_t checksum(group_id group, std::string_view key,
                       std::string_view body) {
  auto seed = XXH3_64bits_withSeed(key.data(), key.size(), group.value);
  return XXH3_64bits_withSeed(body.data(), body.size(), seed);
}

} // namespace

std::string seal(group_id group, std::string_view key, std::string_view data) {
  std::string result;
  result.reserve(data.size() + seal_bytes);
  result += static_cast<char>(sealed_version);
  result += data;
  lmdb::append_big_endian(result, checksum(group, key, result));
  return result;
}

std::optional<std::string_view> unseal(group_id group, std::string_view key,
                                       std::string_view record,
                                       const char*& fault) {
  if (record.size() < seal_bytes) {
    fault = "too short for a record";
    return std::nullopt;
  }
  auto body = record.substr(0, record.size() - checksum_bytes);
  if (static_cast<std::uint8_t>(body[0]) != sealed_version) {
    fault = "unknown record version";
    return std::nullopt;
  }
  if (lmdb::from_big_endian<std::uint64_t>(record.substr(body.size()))
      != checksum(group, key, body)) {
    fault = "wrong checksum";
    return std::nullopt;
  }
  return body.substr(1);
}

} // namespace raft::kv
