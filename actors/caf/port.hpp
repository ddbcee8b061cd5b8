// The port at which other processes are met, guarded: everything that comes by
// the network is checked before CAF sees it. On CAF 0.17; 1.x has other
// internals, and there CAF's own port is used as it is.

#pragma once

#include <raft/actors/caf/remote.hpp>
#include <raft/events/event.hpp>

#include <caf/config.hpp>
#include <caf/node_id.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace raft::actors {

/// What others may make us hold. "Strangers" are all that connected to us and
/// are no members, clients included.
struct port_bounds {
  /// Longest message of a member, or of somebody to whom we connected. Must be
  /// larger than any of ours: a longer one ends the connection.
  std::size_t message_bytes_max = 64 << 20;
  /// Longest message of a stranger.
  std::size_t request_bytes_max = (8 << 20) + (64 << 10);
  /// Bytes of messages of all strangers that are not complete.
  std::size_t arriving_bytes_max = 64 << 20;
  /// Bytes for all strangers that they have not taken.
  std::size_t leaving_bytes_max = 64 << 20;
  /// Actors that all strangers together let us know of. CAF forgets those of
  /// one connection at once, which takes some time for each.
  std::size_t foreign_actors_max = 1 << 13;
  /// Connections of strangers; the limit of open files may allow less.
  std::size_t connections_max = 256;
  /// Places beyond that for newcomers, so that members find one.
  std::size_t places_kept = 16;
  /// How long a handshake may take.
  std::chrono::milliseconds handshake_max{3000};
};

/// Watches over the connections of an actor system: those of one port, and
/// those that it makes itself.
class port_guard;

/// @param tell Told what the port does about strangers, in the middleman's
///        thread.
/// @param protocol See `events::port_trouble::port`.
std::shared_ptr<port_guard> make_port_guard(caf::actor_system& system,
                                            const port_bounds& bounds,
                                            events::sink tell,
                                            const char* protocol = "");

/// The process that speaks from this node is a member: its place is not given
/// to others, and its messages may be larger. May be called by any thread.
void keep_place(const std::shared_ptr<port_guard>& guard, caf::node_id node);

#if CAF_MAJOR_VERSION == 0
namespace detail {

caf::expected<std::uint16_t>
publish(caf::actor_system& system, caf::strong_actor_ptr acceptor,
        std::set<std::string> interface, const std::string& host,
        std::uint16_t port, const std::shared_ptr<port_guard>& guard);

} // namespace detail
#endif

/// Like the other `publish`, guarded.
template <class Handle>
caf::expected<std::uint16_t>
publish(caf::actor_system& system, const Handle& acceptor,
        const std::string& host, std::uint16_t port,
        const std::shared_ptr<port_guard>& guard) {
#if CAF_MAJOR_VERSION == 0
  return detail::publish(system,
                         caf::actor_cast<caf::strong_actor_ptr>(acceptor),
                         system.message_types(acceptor), host, port, guard);
#else
  static_cast<void>(guard);
  return publish(system, acceptor, host, port);
#endif
}

/// For brokers with a protocol of their own: an acceptor that waits for a while
/// when files run out, and says so, where that of CAF tries again without end.
/// Only on CAF 0.17. Connections are as many as the broker lets live.
/// @param host Numeric address to listen at.
/// @param port 0 picks a free one.
/// @param tell, protocol See `make_port_guard`.
caf::expected<caf::io::doorman_ptr>
open_patient_acceptor(caf::actor_system& system, const std::string& host,
                      std::uint16_t port, events::sink tell,
                      const char* protocol);

/// What speaks for a connected socket.
caf::io::scribe_ptr make_scribe(caf::actor_system& system, int socket,
                                const std::shared_ptr<port_guard>& guard);

/// Like the other `shake_hands`, guarded.
template <class Self, class Duration>
auto shake_hands(Self&& self, caf::actor_system& system, Duration deadline,
                 int socket, std::uint16_t port,
                 const std::shared_ptr<port_guard>& guard) {
  return ask(std::forward<Self>(self), find_protocol_broker(system), deadline,
             caf::connect_atom_v, make_scribe(system, socket, guard), port);
}

} // namespace raft::actors
