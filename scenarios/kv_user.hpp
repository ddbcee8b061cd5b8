// A client of the key-value store, as scenarios use it.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/scenarios/test_context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace raft::scenarios {

/// What clients did and saw, in the order of their calls.
struct kv_history {
  struct call {
    std::size_t client = 0;
    instant begin{0};
    std::optional<instant> end;
    kv::command command;
    kv::reply reply;
  };

  std::vector<call> calls;
};

/// One client with a session of its own. It retries until a command has taken
/// effect, once, so that no command fails; it may only take long.
class kv_user {
public:
  using reply_function = std::function<void(const kv::reply&)>;

  /// @param history Gets all calls; must live as long as the environment runs.
  kv_user(test_context& owner, kv_history& history);

  /// Which peers it can reach; at first all.
  void set_reach(const std::vector<peer_number>& peers);

  /// Calls without waiting.
  void begin(kv::command what, reply_function then);

  /// Calls, and waits for the reply.
  kv::reply call(kv::command what);

  void put(const std::string& key, const std::string& value);
  void append(const std::string& key, const std::string& value);

  /// @returns an empty text for a missing key.
  std::string get(const std::string& key);

private:
  test_context& context_;
  kv_history& history_;
  environment::client_number number_;
};

/// The value of a `get` of one key; empty if the key is missing.
std::string value_of(const kv::reply& x);

/// Fails if no order of the calls explains what the clients saw. If none is
/// found, nor found impossible, in a bounded search, that is remarked.
void require_linearizable(test_context& x, const kv_history& history);

} // namespace raft::scenarios
