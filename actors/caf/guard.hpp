// What the guarded connections of an actor system share, on CAF 0.17. For the
// sources of this folder only.

#pragma once

#include <raft/actors/caf/port.hpp>
#include <raft/transport/gate.hpp>
#include <raft/transport/places.hpp>
#include <raft/transport/tally.hpp>

#include <caf/actor_system.hpp>
#include <caf/node_id.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace raft::actors {

class guarded_scribe;

/// How CAF writes the name of a node; empty if it is none.
std::string wire_name(const caf::node_id& x);

/// The other way round.
/// @pre `transport::is_node_name(bytes)`
caf::node_id node_of(std::string_view bytes);

/// The time as the guard counts it.
transport::moment guard_now();

/// All but `port_guard` are used in the middleman's thread only.
class port_guard : public std::enable_shared_from_this<port_guard> {
public:
  port_guard(caf::actor_system& system, const port_bounds& bounds,
             events::sink tell, std::string protocol);

  caf::actor_system& system() const noexcept {
    return system_;
  }

  const port_bounds& bounds() const noexcept {
    return bounds_;
  }

  /// A gate for a new connection.
  transport::gate make_gate(transport::end_point end) const;

  /// Where connections read to, one after the other.
  std::vector<char>& scratch() noexcept {
    return scratch_;
  }

  // -- what is said -----------------------------------------------------------

  /// @param again What is said of those that are only counted, after their
  ///        number.
  void note(const std::string& what, const std::string& once,
            const std::string& again);

  /// Sets who is told when the guard wants to be woken.
  void on_deadline(std::function<void(transport::moment)> f);

  // -- places -----------------------------------------------------------------

  /// Bounds the places.
  void open(std::size_t connections_max);

  /// A new connection has come.
  transport::place_id enter(guarded_scribe& x);

  /// Files have run out: ends a connection that is in its handshake.
  /// @returns whether there is one.
  bool make_room();

  void introduced(transport::place_id x);
  void leave(transport::place_id x);
  bool is_member(transport::place_id x) const;
  void keep(const caf::node_id& node);

  /// Whether the connection of this handle is of a stranger that may be
  /// replaced.
  bool is_stranger(caf::io::connection_handle x) const;

  /// Does what is due.
  void wake();

  /// Strangers have read so much. However many they are, and whatever they
  /// send, members must have their turn.
  /// @returns whether they may read on before others have had it.
  bool spend(std::size_t bytes, std::size_t messages);

  // -- bounds of all strangers together ---------------------------------------

  /// What a stranger makes us hold.
  struct burden {
    std::size_t arriving = 0;
    std::size_t leaving = 0;
    std::size_t actors = 0;
  };

  /// A stranger's burden has changed: ends who has most while a bound is
  /// passed.
  void weigh(const burden& before, const burden& after);

private:
  static constexpr std::size_t turn_bytes_max = 4 << 20;
  static constexpr std::size_t turn_messages_max = 256;

  guarded_scribe* heaviest(std::size_t burden::*what) const;
  void lighten(std::size_t burden::*what, std::size_t most, const char* name);
  void ask_to_wake();

  caf::actor_system& system_;
  port_bounds bounds_;
  std::string own_name_;
  std::shared_ptr<const transport::vocabulary> words_;
  std::vector<char> scratch_;
  transport::tally tally_;
  std::optional<transport::places> places_;
  std::map<transport::place_id, guarded_scribe*> accepted_;
  transport::place_id last_place_ = 0;
  burden total_;
  /// What strangers may still read in this turn.
  std::size_t bytes_left_ = turn_bytes_max;
  std::size_t messages_left_ = turn_messages_max;
  bool refill_is_due_ = false;
  std::function<void(transport::moment)> on_deadline_;
};

} // namespace raft::actors
