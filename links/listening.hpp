// Where a server can listen, and why not.

#pragma once

#include <raft/links/address.hpp>

#include <string>
#include <vector>

namespace raft::links {

/// The addresses to listen at for a host: for `localhost`, which clients may
/// take for any of them, those of both families that this machine has.
std::vector<std::string> listen_hosts(const std::string& host);

/// Tries to listen at an address.
/// @returns why it cannot be done, and what to do; empty if it can.
std::string why_not_listen(const address& where);

} // namespace raft::links
