// Clusters of operating-system processes, in real time.

#include <raft/client/connect.hpp>
#include <raft/scenarios/caf_environment.hpp>
#include <raft/scenarios/environments.hpp>
#include <raft/scenarios/failure.hpp>
#include <raft/scenarios/raftd_process.hpp>
#include <raft/scenarios/short_log.hpp>
#include <raft/scenarios/tcp_network.hpp>
#include <raft/scenarios/temporary_directory.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace raft::scenarios {

namespace {

/// A process that has not begun to listen in this time never will.
constexpr std::chrono::seconds start_max{60};

/// Nor does one answer that has not in this time.
constexpr std::chrono::seconds connect_max{30};

/// The last line of a log that says something.
std::string last_line(const std::string& file) {
  std::ifstream in{file};
  std::string result{"nothing"};
  for (std::string line; std::getline(in, line);)
    if (!line.empty())
      result = line;
  return result;
}

class processes_environment final : public caf_environment {
public:
  explicit processes_environment(const environment_options& options)
    : caf_environment{options, true},
      snapshots_{options.snapshots},
      network_{size()},
      bodies_(size()) {
    if (!std::filesystem::exists(raftd_path()))
      throw std::runtime_error{
        "there is no " + raftd_path()
        + ", which this environment is made of: put raftd "
          "beside this program"};
    // They look for each other when they start: all at once.
    for (peer_number i = 0; i < size(); ++i)
      launch(i);
    for (peer_number i = 0; i < size(); ++i)
      meet(i);
  }

  ~processes_environment() override {
    end_clients();
    for (auto& x : bodies_)
      x.process.reset();
  }

  std::string objection_to(ability what) const override {
    return processes_objection(what);
  }

  // -- faults -----------------------------------------------------------------

  void cut(peer_number from, peer_number to, bool closed) override {
    network_.cut(from, to, closed);
  }

  void crash(peer_number who) override {
    network_.unplug(who);
    unplug(who);
    bodies_.at(who).process.reset();
  }

  void restart(peer_number who) override {
    launch(who);
    meet(who);
  }

  void pause(peer_number who, bool still) override {
    auto& x = bodies_.at(who);
    x.process->send(still ? SIGSTOP : SIGCONT);
    x.still = still;
    if (!still && std::exchange(x.was_lost, false))
      lost(who);
  }

  void set_network_profile(const network_profile& x) override {
    if (x.unreliable)
      throw std::logic_error{processes_objection(ability::losing_messages)};
    if (x.long_delays)
      throw std::logic_error{processes_objection(ability::long_delays)};
  }

  // -- counters ---------------------------------------------------------------

  traffic sent() const override {
    return {0, network_.bytes()};
  }

  std::uint64_t received(peer_number) const override {
    throw std::logic_error{processes_objection(ability::counting_exchanges)};
  }

private:
  struct body {
    std::unique_ptr<raftd_process> process;
    links::address where;
    bool still = false;
    /// Whether its connection was lost while it stood still.
    bool was_lost = false;
  };

  actors::peer_actor open_way(peer_number to) override {
    return running(to);
  }

  void close_way(actors::peer_actor& way) override {
    way = actors::peer_actor{};
  }

  /// The connection is gone: CAF takes one that is silent for three seconds for
  /// lost. If the process is, too, that is a failure.
  void lost(peer_number who) override {
    auto& x = bodies_.at(who);
    x.was_lost = x.still;
    if (x.still)
      return;
    unplug(who);
    meet(who);
  }

  std::string log_of(peer_number who) const {
    return directory_.path("log-" + to_text(id_of(who)));
  }

  /// The members as a peer is told: each behind the way to it.
  std::string members_for(peer_number who) const {
    std::string result;
    for (peer_number i = 0; i < size(); ++i) {
      // Its own address is of no use to it: it listens somewhere else.
      auto where
        = network_.way(i == who ? (who + 1) % size() : who, i == who ? who : i);
      result += (i > 0 ? "," : "") + to_text(id_of(i)) + '=' + to_text(where);
    }
    return result;
  }

  /// Starts a process and waits until it listens.
  void launch(peer_number who) {
    auto& x = bodies_.at(who);
    auto id = to_text(id_of(who));
    auto times = slowed({});
    auto number
      = [](std::chrono::milliseconds y) { return std::to_string(y.count()); };
    x = {};
    std::vector<std::string> flags{"--id",
                                   id,
                                   "--members",
                                   members_for(who),
                                   "--listen",
                                   "127.0.0.1:0",
                                   "--data",
                                   directory_.path(id),
                                   "--bootstrap",
                                   "--heartbeat",
                                   number(times.heartbeat_interval),
                                   "--election-timeout-min",
                                   number(times.election_timeout_min),
                                   "--election-timeout-max",
                                   number(times.election_timeout_max)};
    // Its state machine is on the disk; snapshots are of what is there.
    if (snapshots_)
      for (const auto* flag : {"--log-kept", "0", "--checkpoint-after", "100"})
        flags.emplace_back(flag);
    if (snapshots_)
      for (const auto& [flag, bytes] :
           {std::pair{"--compaction-bytes", dropped_bytes_min},
            std::pair{"--log-for-lagging", kept_for_lagging_bytes}}) {
        flags.emplace_back(flag);
        flags.push_back(std::to_string(bytes));
      }
    x.process = std::make_unique<raftd_process>(flags, log_of(who));
    const std::string listening{"listening on "};
    auto line = x.process->read_line(start_max);
    if (!line.starts_with(listening))
      throw std::runtime_error{"raftd did not start; it says: "
                               + last_line(log_of(who))};
    x.where = links::parse_address(line.substr(listening.size()));
    network_.plug(who, x.where.port);
  }

  /// Connects to a process.
  void meet(peer_number who) {
    actors::peer_actor found;
    try {
      found = client::connect_to_peer(self(), bodies_.at(who).where, "raft",
                                      connect_max);
    } catch (const std::runtime_error& why) {
      throw scenario_failure{"peer " + to_text(id_of(who)) + " to run",
                             why.what() + std::string{"; its log ends with: "}
                               + last_line(log_of(who))};
    }
    plug(who, std::move(found));
  }

  bool snapshots_;
  temporary_directory directory_;
  tcp_network network_;
  std::vector<body> bodies_;
};

} // namespace

std::unique_ptr<environment>
make_processes_environment(const environment_options& options) {
  return std::make_unique<processes_environment>(options);
}

std::string processes_objection(ability what) {
  switch (what) {
    case ability::losing_messages:
      return "TCP loses nothing between processes that run and are connected";
    case ability::long_delays:
      return "TCP keeps the order: no answer overtakes another one";
    case ability::counting_exchanges:
      return "on a connection between processes, only bytes can be seen";
    case ability::pausing_peers:
      break;
  }
  return {};
}

} // namespace raft::scenarios
