#include <raft/client/client_handle.hpp>
#include <raft/client/linked_client.hpp>

namespace raft::client {

struct client_handle::impl {
  linked_client handle;
};

client_handle::client_handle(caf::actor_system& system,
                             const std::vector<links::address>& servers,
                             const client_options& options)
  : impl_{new impl{{system, servers, options, {}}}} {
  // nop
}

client_handle::~client_handle() = default;

actors::client_actor client_handle::actor() const {
  return impl_->handle.actor();
}

void client_handle::stop() {
  impl_->handle.stop();
}

} // namespace raft::client
