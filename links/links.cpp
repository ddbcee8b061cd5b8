#include <raft/links/links.hpp>
#include <raft/links/links_shell.hpp>

#include <caf/actor_system.hpp>

#include <utility>

namespace raft::links {

namespace {

links_actor::behavior_type run_links(links_shell::self_pointer self,
                                     links_options options) {
  return actors::state_of(self).begin(self, std::move(options));
}

} // namespace

links_actor spawn_links(caf::actor_system& system, links_options options) {
  return system.spawn(run_links, std::move(options));
}

} // namespace raft::links
