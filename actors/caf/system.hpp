// How a program with Raft actors starts its actor system, on CAF 0.17 and 1.x.

#pragma once

#include <raft/actors/interfaces.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/config.hpp>
#include <caf/init_global_meta_objects.hpp>

#include <chrono>

namespace raft::actors {

namespace detail {

/// Base class that comes before CAF's, because CAF 1.x wants to know all types
/// before it makes a configuration.
struct meta_objects {
  meta_objects();
};

} // namespace detail

/// The configuration of an actor system that runs Raft actors: knows the
/// message types and sets what CAF's defaults get wrong for them. Add message
/// types of your own with `add`, those of 1.x before making this object.
class system_config : private detail::meta_objects,
                      public caf::actor_system_config {
public:
  /// @param remoting Whether to load the middleman. Peers of one process do
  ///        without.
  explicit system_config(bool remoting = false);
};

} // namespace raft::actors
