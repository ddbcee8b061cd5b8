// What commands mean, whatever the map that they run on.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/kv/map.hpp>

namespace raft::kv {

/// Executes a command or a batch, both encoded, and returns the reply or the
/// batch of replies. What cannot be decoded is answered `malformed`.
/// @throws only what `data` throws.
bytes execute(map& data, const bytes& command);

/// Executes a command.
reply run(map& data, command x);

/// Answers `digest_request` with a `digest`, anything else with nothing.
bytes answer(const map& data, const bytes& request);

digest compute_digest(const map& data);

} // namespace raft::kv
