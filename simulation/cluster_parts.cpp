#include <raft/kv/kv_machine.hpp>
#include <raft/simulation/cluster_parts.hpp>

#include <stdexcept>

namespace raft::simulation {

cluster_parts::cluster_parts(const cluster_options& options, observer* watching)
  : options_{options},
    watching_{watching},
    seeds_{options.seed},
    random_{seeds_.next()},
    network_{options.network, seeds_.next()},
    hosts_(options.peers + options.spares),
    safety_{options.peers, options.spares},
    apply_max_{options.apply_max} {
  if (const auto* complaint = consensus::complaint_about(options.settings))
    throw std::invalid_argument{complaint};
  if (!options_.machine)
    options_.machine = [](machine_disk&, random&) {
      return std::make_unique<kv::kv_machine>();
    };
  std::vector<peer_id> founders;
  for (std::uint64_t i = 1; i <= options.peers && !options.inherited; ++i)
    founders.push_back({i});
  for (std::uint64_t i = 1; i <= hosts_.size(); ++i) {
    const peer_id id{i};
    auto settings = options.settings;
    settings.priority = traits_of(id).priority;
    peers_.emplace_back(id, settings,
                        i <= options.peers ? founders : std::vector<peer_id>{},
                        seeds_.next());
    around(id).clock_began = random_.between(duration{0}, options.clocks_apart);
    around(id).clock = drifting_clock{around(id).clock_began};
    network_.set_distance(id.value, traits_of(id).farther);
  }
}

cluster_parts::~cluster_parts() {
  // nop
}

virtual_peer& cluster_parts::peer(peer_id x) {
  return peers_.at(x.value - 1);
}

const virtual_peer& cluster_parts::peer(peer_id x) const {
  return peers_.at(x.value - 1);
}

host& cluster_parts::around(peer_id x) {
  return hosts_.at(x.value - 1);
}

const host& cluster_parts::around(peer_id x) const {
  return hosts_.at(x.value - 1);
}

simulated_client& cluster_parts::client(std::uint64_t x) {
  return *clients_.at(x - 1);
}

peer_traits cluster_parts::traits_of(peer_id who) const {
  return who.value <= options_.traits.size() ? options_.traits[who.value - 1]
                                             : peer_traits{};
}

} // namespace raft::simulation
