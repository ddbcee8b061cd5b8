// What Redis commands mean here. Pure: requests become commands of the
// key-value state machine or replies, and its replies become Redis's.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/messages/client.hpp>
#include <raft/redis/cursors.hpp>
#include <raft/redis/outbox.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace raft::redis {

/// A request: the name of a command and its arguments. Never empty.
using arguments = std::vector<std::string_view>;

/// The answer is known at once.
struct answer {
  std::string text;
  /// Send the client away once it has it.
  bool closes = false;
};

/// The state machine must be asked, through the log.
struct machine_call {
  /// An encoded `kv::command`.
  bytes command;
  /// Whether it may change anything. If not, an unknown outcome is no harm.
  bool writes = false;
  /// Whether the reply may hold more than one value.
  bool reads_much = false;
  /// How many keys it looks up.
  std::size_t keys = 1;
  /// What is replied, if it was executed: the values as they are, or what
  /// `format` makes of the result.
  enum class shape : std::uint8_t { formatted, value, values };
  shape looks = shape::formatted;
  /// Appends what Redis would say. Only called with `ok` and `mismatch`.
  std::function<void(std::string& out, const kv::reply_view&)> format;
};

/// The peer must be asked about itself; then call `add_info`.
struct info_call {
  /// In lower case; empty for all.
  std::vector<std::string> sections;
};

using action = std::variant<answer, machine_call, info_call>;

/// What is known about one connection.
struct client_facts {
  std::uint64_t id = 0;
  std::string name;
  /// Between a MULTI that was refused and its end.
  bool in_transaction = false;
};

/// What is known about this server.
struct server_facts {
  std::uint16_t port = 0;
  std::uint64_t uptime_seconds = 0;
  std::uint64_t connections = 0;
  std::uint64_t connections_max = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t commands_total = 0;
  std::uint64_t bulk_bytes_max = 0;
};

/// What commands may look at, and change.
struct command_context {
  cursor_table& cursors;
  const server_facts& server;
  client_facts& client;
};

/// Finds out what a request means. Whatever is wrong with it is an `answer` in
/// Redis's own words.
action interpret(const arguments& args, command_context& around);

/// Appends the reply for a command that was executed.
void add_reply(std::string& out, const machine_call& call,
               const kv::reply_view& result);

/// The reply, without a copy of values that are large.
/// @param source What the values are parts of; is kept.
/// @returns null if there are none, or if they are little of `source`.
std::unique_ptr<outbox> large_reply(const machine_call& call,
                                    const kv::reply_view& result,
                                    const bytes& source);

/// Appends the reply for a command that is not known to have been executed.
/// @pre `how.result` is not `committed`.
void add_failure(std::string& out, const machine_call& call,
                 const executed& how);

/// Appends the reply for a command that was not even sent within its deadline.
void add_expired(std::string& out);

/// Appends the reply to INFO.
/// @param state What the peer said, or null if it did not answer.
void add_info(std::string& out, const info_call& call,
              const server_facts& server, const peer_state* state);

} // namespace raft::redis
