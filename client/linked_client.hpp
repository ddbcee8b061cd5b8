// A client actor with links of its own; for the sources of this folder only.

#pragma once

#include <raft/client/client_actor.hpp>
#include <raft/client/client_options.hpp>
#include <raft/links/links.hpp>

#include <memory>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::client {

/// A client actor, and the links that tell it who can be reached.
class linked_client {
public:
  /// @param queue Where commands of other threads arrive; may be null.
  linked_client(caf::actor_system& system,
                const std::vector<links::address>& servers,
                const client_options& options,
                std::shared_ptr<request_queue> queue);

  ~linked_client();

  linked_client(const linked_client&) = delete;
  linked_client& operator=(const linked_client&) = delete;

  /// Blocks until both have ended, or for some seconds. May be called twice.
  void stop();

  const linked_client_actor& actor() const noexcept {
    return actor_;
  }

private:
  caf::actor_system& system_;
  group_id group_;
  linked_client_actor actor_;
  links::links_actor links_;
};

} // namespace raft::client
