// Starts an actor system as Raft actors need it, on either version of CAF.

#include <raft/actors/caf/setting.hpp>
#include <raft/actors/caf/system.hpp>

#if CAF_MAJOR_VERSION == 0
#  include <raft/actors/caf/prompt_multiplexer.hpp>
#endif

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/config.hpp>
#include <caf/defaults.hpp>
#include <caf/io/middleman.hpp>

#include <algorithm>

namespace raft::actors {

namespace detail {

meta_objects::meta_objects() {
#if CAF_MAJOR_VERSION > 0
  caf::core::init_global_meta_objects();
  caf::io::middleman::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::raft_messages>();
  caf::init_global_meta_objects<caf::id_block::raft_actors>();
#endif
}

#if CAF_MAJOR_VERSION == 0
void add_own_types(caf::actor_system_config& config,
                   const std::vector<std::string>& names) {
  auto all = caf::get_or(config, own_types_setting, std::vector<std::string>{});
  all.insert(all.end(), names.begin(), names.end());
  // `set` takes only what somebody has declared.
  caf::put(config.content, own_types_setting, std::move(all));
}
#endif

} // namespace detail

bool lets_in([[maybe_unused]] const caf::actor_system_config& config,
             [[maybe_unused]] const std::string& type) {
#if CAF_MAJOR_VERSION == 0
  auto all = caf::get_or(config, own_types_setting, std::vector<std::string>{});
  return std::find(all.begin(), all.end(), type) != all.end();
#else
  return true;
#endif
}

void hide_services(caf::actor_system& system) {
#if CAF_MAJOR_VERSION == 0
  system.registry().erase(caf::atom("ConfigServ"));
  system.registry().erase(caf::atom("SpawnServ"));
#else
  system.registry().erase("ConfigServ");
  system.registry().erase("SpawnServ");
#endif
}

system_config::system_config(bool remoting) {
  using std::chrono::milliseconds;
#if CAF_MAJOR_VERSION == 0
  // Without their names: not all of them may come from other processes.
  using base = caf::actor_system_config;
  base::add_message_types<caf::id_block::raft_messages>();
  base::add_message_types<caf::id_block::raft_actors>();
  const auto sharing = caf::atom("sharing");
#else
  const auto sharing = std::string{"sharing"};
#endif
  // The stealing scheduler spins when idle and wakes threads for each message.
  set(setting("scheduler.policy"), sharing);
  if (!remoting)
    return;
#if CAF_MAJOR_VERSION == 0
  load<caf::io::middleman, prompt_multiplexer>();
  // A second read finds nothing, most of the time.
  set(setting("middleman.max-consecutive-reads"), std::size_t{1});
#else
  load<caf::io::middleman>();
#endif
  // Deserialize where the bytes arrive: a worker costs a hand-off per message.
  set(setting("middleman.workers"), 0);
  // A frozen process sends no FIN; only silence tells.
  set(setting("middleman.heartbeat-interval"),
      caf::timespan{milliseconds{500}});
  set(setting("middleman.connection-timeout"),
      caf::timespan{milliseconds{3000}});
}

} // namespace raft::actors
