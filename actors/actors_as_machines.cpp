#include <raft/actors/actors_as_machines.hpp>
#include <raft/actors/machine_copies.hpp>
#include <raft/actors/proxy_applier.hpp>
#include <raft/snapshots/shelf.hpp>

#include <stdexcept>
#include <utility>

namespace raft::actors {

actors_as_machines::actors_as_machines(caf::actor_system& system,
                                       machine_actor_factory spawn,
                                       const machine_limits& limits,
                                       const std::string& directory,
                                       machine::machine_context context)
  : system_{system},
    spawn_{std::move(spawn)},
    limits_{limits},
    context_{std::move(context)} {
  if (!directory.empty())
    files_ = std::make_shared<snapshots::shelf>(directory, context_.group);
}

template <class Then>
found_machine actors_as_machines::spawn(Then then) const {
  found_machine result{spawn_(context_), {}};
  if (!result.handle)
    throw std::invalid_argument{"there is no state machine"};
  // Over a connection it would end with that, and batches could be lost.
  if (result.handle->node() != system_.node())
    throw std::invalid_argument{
      "the state machine is an actor of another process: have one in this "
      "process, which may ask others of its own"};
  try {
    result.found = ask_for_state(system_, result.handle, context_.group,
                                 limits_.recover_within);
    then(result);
  } catch (...) {
    // Whoever starts the peer again may need what it holds.
    end_machine(system_, result.handle, context_.group, limits_.end_within);
    throw;
  }
  return result;
}

found_machine actors_as_machines::begin(const durable_state& log) {
  return spawn([&](found_machine& x) {
    if (x.found.keeps_state || x.found.state_format.empty())
      files_.reset();
    if (!files_)
      return;
    if (auto newest = files_->tidy(log).newest)
      x.found = take_over(system_, x.handle, context_.group, x.found,
                          files_->path_of(*newest), limits_.piece_within);
  });
}

found_machine actors_as_machines::renew(const std::string& path) const {
  return spawn([&](found_machine& x) {
    x.found = take_over(system_, x.handle, context_.group, x.found, path,
                        limits_.piece_within);
  });
}

} // namespace raft::actors
