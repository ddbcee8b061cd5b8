// Requests that must not be taken command by command: transactions, which are
// not supported, and what was never meant for a Redis server. Pure.

#pragma once

#include <raft/redis/commands.hpp>

#include <optional>

namespace raft::redis {

/// Whether a request is a line of HTTP. A page in a browser can have such lines
/// sent to any port that its machine reaches; what is in them must not be
/// executed. As in Redis, `POST` and `Host:` tell; so does any typed line that
/// ends in a version of HTTP, whatever its method.
/// @param typed Whether it came as a line, not as an array.
bool is_http(const arguments& args, bool typed);

/// Refuses MULTI and its kin, and everything between MULTI and EXEC, DISCARD or
/// RESET: nobody who asked for all or nothing gets a part. Notes in `client`
/// where it stands.
/// @returns nothing if the request has to do with no transaction.
std::optional<answer> refuse_transaction(const arguments& args,
                                         client_facts& client);

} // namespace raft::redis
