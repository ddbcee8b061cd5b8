// How a program with Raft actors starts its actor system, on CAF 0.17 and 1.x.

#pragma once

#include <raft/actors/interfaces.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/config.hpp>
#include <caf/init_global_meta_objects.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace raft::actors {

/// The argument of an actor's function that has no other. Where a function is
/// spawned without any, CAF 0.17 makes a reference of a null pointer, which is
/// undefined behavior.
struct nothing {};

namespace detail {

/// Base class that comes before CAF's, because CAF 1.x wants to know all types
/// before it makes a configuration.
struct meta_objects {
  meta_objects();
};

#if CAF_MAJOR_VERSION == 0
/// Notes which types may come from other processes, see `port_guard`.
void add_own_types(caf::actor_system_config& config,
                   const std::vector<std::string>& names);

template <class IdBlock, caf::type_id_t... Offsets>
void add_names(caf::actor_system_config& config,
               std::integer_sequence<caf::type_id_t, Offsets...>) {
  add_own_types(
    config,
    {std::string{caf::type_name_by_id<IdBlock::begin + Offsets>::value}...});
}
#endif

} // namespace detail

/// The configuration of an actor system that runs Raft actors: knows their
/// message types and sets what CAF's defaults get wrong for them.
class system_config : private detail::meta_objects,
                      public caf::actor_system_config {
public:
  /// @param remoting Whether to load the middleman, which peers of one process
  ///        do not need.
  explicit system_config(bool remoting = false);

  /// Makes message types of your own known, such as `caf::id_block::my_app`.
  /// Their ids start at `raft::first_free_type_id`.
  /// @pre No actor system runs yet.
  template <class IdBlock>
  system_config& add_message_types() {
#if CAF_MAJOR_VERSION == 0
    caf::actor_system_config::add_message_types<IdBlock>();
    detail::add_names<IdBlock>(
      *this, std::make_integer_sequence<caf::type_id_t,
                                        IdBlock::end - IdBlock::begin>{});
#else
    caf::init_global_meta_objects<IdBlock>();
#endif
    return *this;
  }
};

/// Whether other processes may send messages of a type that a program made
/// known. On CAF 1.x, where nothing is checked, they may send any.
bool lets_in(const caf::actor_system_config& config, const std::string& type);

/// Hides CAF's own services from other processes: through its configuration
/// server they could fill memory, through its spawn server start what a program
/// offers to others. Only their names are removed; nothing in this process
/// needs them.
void hide_services(caf::actor_system& system);

} // namespace raft::actors
