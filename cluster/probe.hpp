// Finds out whether somebody listens at an address, without blocking anybody.

#pragma once

#include <raft/actors/caf/interface.hpp>
#include <raft/cluster/address.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace caf {
class actor_system;
}

namespace raft::cluster {

struct probe_result {
  /// The numeric address that answered; empty if none did.
  std::string host;
  /// Why none did, in plain words.
  std::string complaint;
};

/// Resolves the name and connects, to all its addresses at once. Blocks up to
/// the deadline; the name lookup may take longer, as long as the system's
/// resolver is patient (numeric addresses are not looked up).
probe_result probe(const address& where, std::chrono::milliseconds deadline);

/// Probes one address (host, port, milliseconds), answers with the fields of a
/// `probe_result`, and ends.
using probe_actor = actors::actor_interface<
  actors::answers<actors::args<std::string, std::uint16_t, std::uint64_t>,
                  actors::args<std::string, std::string>>>;

/// Spawns an actor with a thread of its own: however long one address is
/// silent, and however long its name lookup takes, the others do not wait.
probe_actor spawn_probe(caf::actor_system& system);

} // namespace raft::cluster
