#include <raft/actors/caf/remote.hpp>

#include <caf/io/basp_broker.hpp>

namespace raft::actors {

protocol_broker find_protocol_broker(caf::actor_system& system) {
#if CAF_MAJOR_VERSION == 0
  auto name = caf::atom("BASP");
#else
  auto name = std::string{"BASP"};
#endif
  return caf::actor_cast<protocol_broker>(
    system.middleman().named_broker<caf::io::basp_broker>(name));
}

} // namespace raft::actors
