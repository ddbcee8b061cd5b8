// The few messages of etcd's API that a load needs, as gRPC sends them:
// protocol buffers behind a flag and a length.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace raft::bench::etcd {

/// A `PutRequest` in its frame.
std::string put_request(std::string_view key, std::string_view value);

/// A `RangeRequest` for one key in its frame: a linearizable read, as is etcd's
/// default.
std::string range_request(std::string_view key);

/// The value of the first pair in the frame of a `RangeResponse`; none if there
/// is no pair. It points into `frame`.
/// @throws std::runtime_error if that is no such frame.
std::optional<std::string_view> value_in(std::string_view frame);

} // namespace raft::bench::etcd
