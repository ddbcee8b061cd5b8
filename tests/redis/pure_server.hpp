// A Redis server without sockets and without a cluster.

#pragma once

#include <raft/kv/kv_machine.hpp>
#include <raft/redis/connection.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace raft::redis {

/// Wraps a request in the protocol.
inline std::string request(const std::vector<std::string>& words) {
  std::string result;
  add_array(result, words.size());
  for (const auto& word : words)
    add_bulk(result, word);
  return result;
}

/// Takes all out of an outbox.
inline std::string text_of(outbox& x) {
  std::string result;
  while (!x.empty()) {
    auto piece = x.front(x.size());
    result += piece;
    x.pop(piece.size());
  }
  return result;
}

/// A result of the cluster; no replies: they make no sense.
inline batch_result
committed(const std::optional<std::vector<bytes>>& replies) {
  batch_result result;
  result.how.result = outcome::committed;
  if (replies) {
    result.source = kv::encode_batch(*replies);
    result.replies = kv::view_batch(result.source.view());
  }
  return result;
}

/// What all connections share.
struct pure_server {
  kv::kv_machine machine;
  cursor_table cursors{1000};
  server_facts facts;
  connection_limits limits;

  connection connect(std::uint64_t id = 1) {
    return connection{id, limits, cursors, facts};
  }

  batch_result execute(const std::vector<bytes>& batch) {
    auto reply = machine.apply({}, kv::encode_batch(batch));
    return committed(kv::decode_batch(reply));
  }

  /// Executes whatever the connection wants and returns its replies.
  std::string serve(connection& x) {
    for (auto next = x.next_batch({}); !next.commands.empty();
         next = x.next_batch({}))
      x.finish(execute(next.commands), {});
    if (x.wants_state())
      x.tell_state(nullptr, {});
    return text_of(x.output());
  }

  std::string ask(connection& x, std::string_view data) {
    x.receive(data, {});
    return serve(x);
  }

  /// Sends a request as one types it.
  std::string type(connection& x, const std::string& line) {
    return ask(x, line + "\r\n");
  }
};

} // namespace raft::redis
