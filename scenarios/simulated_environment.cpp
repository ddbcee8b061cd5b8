// Clusters in virtual time.

#include <raft/kv/command.hpp>
#include <raft/scenarios/environments.hpp>
#include <raft/scenarios/failure.hpp>
#include <raft/scenarios/short_log.hpp>
#include <raft/simulation/cluster.hpp>

#include <set>
#include <utility>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

simulation::network_profile profile_of(const network_profile& x) {
  if (x.unreliable)
    return simulation::unreliable_network(x.long_delays);
  auto result = simulation::perfect_network();
  result.replies_late
    = simulation::unreliable_network(x.long_delays).replies_late;
  result.request_delay_max = 200us;
  result.reply_delay_max = 200us;
  return result;
}

simulation::cluster_options options_of(const environment_options& x) {
  simulation::cluster_options result;
  result.seed = x.seed;
  result.peers = x.peers;
  result.network = profile_of(x.network);
  result.disk.delay_min = 2ms;
  result.disk.delay_max = 6ms;
  result.connections_tell = false;
  result.only_reads = kv::only_reads;
  if (x.snapshots)
    result.settings = with_short_log(result.settings);
  return result;
}

peer_number number_of(peer_id x) {
  return x.value - 1;
}

class simulated_environment : public environment {
public:
  simulated_environment(const environment_options& options,
                        simulation::observer* watching)
    : environment{options.peers},
      random_{options.seed},
      cluster_{options_of(options), watching} {
    cluster_.on_delivery([this](peer_id who, const entry& x) {
      deliver(number_of(who), x.index);
    });
  }

  std::string objection_to(ability) const override {
    return {};
  }

  instant now() const override {
    return cluster_.now();
  }

  std::vector<started> start(peer_number who,
                             const std::vector<bytes>& commands) override {
    std::vector<started> result;
    result.reserve(commands.size());
    for (const auto& x : commands)
      result.push_back(cluster_.start(id_of(who), x));
    return result;
  }

  peer_state state(peer_number who) override {
    return cluster_.state(id_of(who));
  }

  told query(peer_number who, const bytes& request) override {
    return {log_index{cluster_.delivered(id_of(who)).size()},
            cluster_.query(id_of(who), request)};
  }

  void cut(peer_number from, peer_number to, bool closed) override {
    if (closed)
      cluster_.cut(id_of(from), id_of(to));
    else
      cluster_.heal(id_of(from), id_of(to));
  }

  void crash(peer_number who) override {
    cluster_.crash(id_of(who), random_.next() % 2 == 0
                                 ? simulation::unfinished_write::lost
                                 : simulation::unfinished_write::kept);
  }

  void restart(peer_number who) override {
    own_record().started(who);
    cluster_.restart(id_of(who));
  }

  bool runs(peer_number who) const override {
    return cluster_.runs(id_of(who));
  }

  void pause(peer_number who, bool still) override {
    if (still)
      cluster_.pause(id_of(who));
    else
      cluster_.resume(id_of(who));
  }

  void set_network_profile(const network_profile& x) override {
    cluster_.set_network(profile_of(x));
  }

  traffic sent() const override {
    const auto& x = cluster_.sent();
    return {x.exchanges, x.bytes};
  }

  std::uint64_t received(peer_number who) const override {
    return cluster_.received(id_of(who)).exchanges;
  }

  client_number open_client() override {
    return cluster_.open_client() - 1;
  }

  void set_reach(client_number who,
                 const std::vector<peer_number>& peers) override {
    std::set<peer_id> ids;
    for (auto i : peers)
      ids.insert(id_of(i));
    cluster_.set_reach(who + 1, ids);
  }

  void execute(client_number who, bytes command,
               std::function<void(const executed&)> done) override {
    cluster_.execute(who + 1, std::move(command), std::move(done));
  }

protected:
  void pass(instant until) override {
    cluster_.run_for(until - now());
  }

  /// Everything was called when it happened, but for what is in snapshots.
  void collect() override {
    for (peer_number i = 0; i < size(); ++i)
      if (runs(i))
        deliver(i, log_index{cluster_.delivered(id_of(i)).size() + 1});
  }

private:
  /// Delivers what the state machine has behind what it had: all but the entry
  /// `last` came in a snapshot, whose entries are known here.
  void deliver(peer_number who, log_index last) {
    const auto& all = cluster_.delivered(id_of(who));
    auto next = own_record().next_of(who);
    if (next < last)
      own_record().skipped(who, next);
    for (; next.value <= all.size(); next = next.next())
      own_record().delivered(who, all[next.value - 1]);
  }

  base::random random_;
  simulation::cluster cluster_;
};

} // namespace

std::unique_ptr<environment>
make_simulated_environment(const environment_options& options,
                           simulation::observer* watching) {
  return std::make_unique<simulated_environment>(options, watching);
}

} // namespace raft::scenarios
