// The bytes of the engine's records on the disk. See docs/format.md.

#pragma once

#include <raft/messages/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace raft::kv {

/// First byte of every record.
inline constexpr std::uint8_t sealed_version = 1;

/// What `seal` adds to the data, in bytes.
inline constexpr std::size_t seal_bytes = 9;

/// Puts a version before the data, and behind it a checksum that covers group,
/// key, version and data: a record in another one's place is found out, too.
std::string seal(group_id group, std::string_view key, std::string_view data);

/// Takes the data out of a record.
/// @param fault Says what is wrong if nothing is returned.
std::optional<std::string_view> unseal(group_id group, std::string_view key,
                                       std::string_view record,
                                       const char*& fault);

} // namespace raft::kv
