// Connects to other actor systems without ever blocking the middleman.

#pragma once

#include <raft/actors/caf/interface.hpp>
#include <raft/actors/caf/port.hpp>
#include <raft/links/address.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/node_id.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace caf {
class actor_system;
}

namespace raft::links {

/// A connected TCP socket, which the caller owns, or a complaint.
struct connection {
  int socket = -1;
  /// Why there is none, in plain words.
  std::string complaint;
};

/// Resolves the name and connects, to all its addresses at once; the first to
/// answer wins. Blocks up to the deadline; the name lookup may take longer, as
/// long as the system's resolver is patient (numeric addresses are not looked
/// up).
connection connect(const address& where, std::chrono::milliseconds deadline);

/// Connects to one actor system and shakes hands with it (host, port,
/// milliseconds for the TCP connection), answers, and ends. The answer: who is
/// there; what it has published, or null; and a complaint in plain words, empty
/// if the connection stands.
using dial_actor = actors::actor_interface<actors::answers<
  actors::args<std::string, std::uint16_t, std::uint64_t>,
  actors::args<caf::node_id, caf::strong_actor_ptr, std::string>>>;

/// How long a dial actor waits for the handshake.
inline constexpr std::chrono::milliseconds handshake_deadline{1000};

/// Spawns a dial actor with a thread of its own: however long one address is
/// silent, and however long its name lookup takes, the others do not wait.
/// @param guard Watches over the connection; none for one of its own.
dial_actor spawn_dial(caf::actor_system& system,
                      std::shared_ptr<actors::port_guard> guard = {});

} // namespace raft::links
