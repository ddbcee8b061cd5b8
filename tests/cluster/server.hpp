// Servers of a cluster inside the test process, each with an actor system of
// its own, so that they talk over real sockets.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/cluster/node.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/persistence/store.hpp>
#include <raft/tests/cluster/sockets.hpp>
#include <raft/tests/support/event_log.hpp>
#include <raft/tests/support/patience.hpp>
#include <raft/tests/support/post_mortem.hpp>

#include <caf/actor_system.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace raft::cluster {

using test::eventually;
using test::patience;

/// One server.
class server {
public:
  server(configuration config, std::shared_ptr<persistence::store> store,
         const links::link_timing& timing = {}) {
    node_options options;
    options.on_event = log.sink();
    options.store = std::move(store);
    options.timing = timing;
    node_.emplace(system_, std::move(config), kv::kv_machine_factory(),
                  std::move(options));
  }

  cluster::node& node() {
    return *node_;
  }

  caf::actor_system& system() {
    return system_;
  }

  peer_state state() {
    caf::scoped_actor self{system_};
    std::optional<peer_state> result;
    actors::ask(self, node_->peer(), patience, get_state{{1}})
      .receive([&](const peer_state& x) { result = x; },
               [&](const caf::error& e) {
                 throw std::runtime_error{caf::to_string(e)};
               });
    return *result;
  }

  executed execute(const kv::command& x) {
    caf::scoped_actor self{system_};
    std::optional<executed> result;
    actors::ask(self, node_->client(), 2 * patience,
                submit{{1},
                       kv::encode(x),
                       std::chrono::milliseconds{patience}
                         / std::chrono::milliseconds{1}})
      .receive([&](const executed& x) { result = x; },
               [&](const caf::error& e) {
                 throw std::runtime_error{caf::to_string(e)};
               });
    return *result;
  }

  test::event_log log;

private:
  actors::system_config config_{true};
  caf::actor_system system_{config_};
  std::optional<cluster::node> node_;
};

/// Servers of one cluster, and what they remember. What they said is shown if
/// the test fails.
class servers {
public:
  explicit servers(std::size_t count) {
    // All at once, so that no port is picked twice.
    std::vector<test_socket> held(count);
    for (std::size_t i = 0; i < count; ++i) {
      member x{{i + 1}, {"127.0.0.1", held[i].bind()}};
      members.push_back(x);
      stores.push_back(persistence::make_memory_store(
        {"test", x.id, incarnation_id{100 + x.id.value}}));
      all.emplace_back();
      said_.emplace_back();
    }
  }

  servers(const servers&) = delete;
  servers& operator=(const servers&) = delete;

  ~servers() {
    if (!failed_.so_far())
      return;
    for (std::size_t i = 0; i < all.size(); ++i)
      test::show_end("server " + std::to_string(i + 1),
                     said_[i] + (all[i] ? all[i]->log.text() : ""));
  }

  configuration config_of(std::size_t i) const {
    configuration result;
    result.cluster = "test";
    result.id = members[i].id;
    result.members = members;
    result.data_directory = "unused";
    result.bootstrap = true;
    return result;
  }

  /// Where all of them listen.
  std::vector<address> addresses() const {
    std::vector<address> result;
    for (const auto& x : members)
      result.push_back(x.where);
    return result;
  }

  void start(std::size_t i) {
    start(i, config_of(i));
  }

  void start(std::size_t i, configuration config) {
    all[i] = std::make_unique<server>(std::move(config), stores[i], timing);
  }

  void start_all() {
    for (std::size_t i = 0; i < all.size(); ++i)
      start(i);
  }

  void stop(std::size_t i) {
    if (!all[i])
      return;
    said_[i] += all[i]->log.text() + "(stopped)\n";
    all[i].reset();
  }

  server& operator[](std::size_t i) {
    return *all[i];
  }

  /// The position of the leader that all running servers agree on.
  std::optional<std::size_t> find_leader() {
    std::optional<peer_id> result;
    for (auto& x : all) {
      if (!x)
        continue;
      auto leader = x->state().leader;
      if (!leader || (result && *result != leader))
        return std::nullopt;
      result = leader;
    }
    if (!result || !all[result->value - 1])
      return std::nullopt;
    return result->value - 1;
  }

  std::size_t wait_for_leader() {
    std::optional<std::size_t> result;
    if (!eventually([&] { return (result = find_leader()).has_value(); }))
      throw std::runtime_error{"no leader in time"};
    return *result;
  }

  /// Waits until all running servers have applied the same, at least `index`.
  bool wait_until_applied(log_index index) {
    return eventually([&] {
      for (auto& x : all)
        if (x && x->state().applied < index)
          return false;
      return true;
    });
  }

  links::link_timing timing;
  std::vector<member> members;
  std::vector<std::shared_ptr<persistence::store>> stores;
  std::vector<std::unique_ptr<server>> all;

private:
  test::failure_watch failed_;
  /// By those that have been stopped.
  std::vector<std::string> said_;
};

} // namespace raft::cluster
