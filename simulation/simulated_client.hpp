// A client of a simulated cluster.

#pragma once

#include <raft/simulation/cluster_options.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace raft::simulation {

/// The real logic of a client, and what is around it.
struct simulated_client {
  client_options options;
  client::client_state state;
  std::set<peer_id> reach;
  std::set<peer_id> up;
  client_program program;
  random source;
  std::uint64_t programmed = 0;
  /// Its last command in the history.
  std::optional<std::size_t> last = {};
  std::uint64_t alarm = 0;
  struct waiting_for {
    std::size_t operation = 0;
    std::function<void(const executed&)> done;
  };
  std::map<client::client_state::ticket, waiting_for> waiting;
};

} // namespace raft::simulation
