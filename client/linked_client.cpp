#include <raft/actors/caf/act.hpp>
#include <raft/actors/seed.hpp>
#include <raft/client/linked_client.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <utility>

namespace raft::client {

linked_client::linked_client(caf::actor_system& system,
                             const std::vector<links::address>& servers,
                             const client_options& options,
                             std::shared_ptr<request_queue> queue)
  : system_{system}, group_{options.group} {
  client_actor_options own;
  own.group = options.group;
  own.settings.outstanding_max = options.outstanding_max;
  own.queue = std::move(queue);
  own.seed = actors::draw_seed();
  // The connection's thread has the answers first; stay there.
  own.in_middleman = true;
  actor_ = spawn_client(system, std::move(own));
  links::links_options others;
  others.cluster = options.cluster;
  others.group = options.group;
  for (auto& x : servers)
    others.remotes.push_back({{}, x});
  others.contact = actor_;
  others.seed = actors::draw_seed();
  links_ = links::spawn_links(system, std::move(others));
}

linked_client::~linked_client() {
  stop();
}

void linked_client::stop() {
  constexpr std::chrono::seconds patience{2};
  caf::scoped_actor self{system_};
  const auto end = [&](const auto& who) {
    actors::ask(self, who, patience, raft::stop{group_})
      .receive([](const stopped&) {}, [](const caf::error&) {});
  };
  end(links_);
  end(actor_);
}

} // namespace raft::client
