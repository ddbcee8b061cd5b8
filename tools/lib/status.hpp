// What the peers of a cluster say about themselves, as a table and as JSON.

#pragma once

#include <raft/client/blocking_client.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <string>
#include <vector>

namespace raft::tools {

/// One line per peer; those that do not answer are shown with the reason.
std::string status_table(const std::vector<client::server_state>& servers);

/// The same as a JSON array, in the order of the servers.
std::string status_json(const std::vector<client::server_state>& servers);

/// Peers by their numbers, with commas between them.
std::string listed(const std::vector<peer_id>& xs);

/// How many committed entries a peer has still to apply.
std::uint64_t lag(const peer_state& x, log_index commit);

/// A peer that lacks more entries than this is said to be behind.
inline constexpr std::uint64_t lag_max = 10'000;

/// What is wrong, one complaint a line, or a sentence that says that all is
/// well. Those that contradict each other come before all else. The code is
///
/// - `ok` if a peer leads, those that were asked answer, and the leader has all
///   others connected and no more than `lag_max` entries behind;
/// - `no` if a peer leads, but another one is behind, follows nobody or takes
/// no
///   part;
/// - `unreachable` if nobody leads, a peer cannot be reached, two peers lead,
/// or
///   two do not belong together.
verdict judge(const std::vector<client::server_state>& servers);

} // namespace raft::tools
