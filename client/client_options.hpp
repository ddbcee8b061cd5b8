// What a program says of the cluster that it wants to use.

#pragma once

#include <raft/messages/ids.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace raft::client {

/// How a client behaves.
struct client_options {
  /// Name of the cluster; the peers of another one refuse us.
  std::string cluster = "raft";
  group_id group{1};
  /// How long `state` and `query` wait for one server, connecting included.
  std::chrono::milliseconds server_deadline{2000};
  /// How many commands may be unanswered at once; more are answered `rejected`,
  /// `busy`.
  std::size_t outstanding_max = 4096;
};

/// A server could not be asked. The message says which one and why.
class client_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace raft::client
