#include <raft/client/listener.hpp>
#include <raft/kv/command.hpp>
#include <raft/scenarios/caf_environment.hpp>
#include <raft/scenarios/failure.hpp>

#include <stdexcept>
#include <utility>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

/// Longer than any scenario.
constexpr auto client_patience = 10min;

[[noreturn]] void broken(peer_number who, const caf::error& why) {
  throw scenario_failure{"peer " + to_text(id_of(who)) + " to answer",
                         caf::to_string(why)};
}

} // namespace

caf_environment::caf_environment(const environment_options& options,
                                 bool remoting)
  : real_environment{options},
    random_{options.seed},
    snapshots_{options.snapshots},
    config_{remoting},
    peers_(options.peers) {
  // nop
}

// -- peers --------------------------------------------------------------------

std::vector<started>
caf_environment::start(peer_number who, const std::vector<bytes>& commands) {
  using asked
    = decltype(actors::ask(self_, running(who), answer_max, raft::start{}));
  std::vector<asked> waiting;
  waiting.reserve(commands.size());
  for (const auto& command : commands)
    waiting.push_back(actors::ask(self_, running(who), answer_max,
                                  raft::start{environment_group, command}));
  std::vector<started> result;
  for (auto& x : waiting)
    std::move(x).receive([&](started& answer) { result.push_back(answer); },
                         [&](const caf::error& why) { broken(who, why); });
  return result;
}

peer_state caf_environment::state(peer_number who) {
  peer_state result;
  actors::ask(self_, running(who), answer_max, get_state{environment_group})
    .receive([&](peer_state& x) { result = std::move(x); },
             [&](const caf::error& why) { broken(who, why); });
  return result;
}

told caf_environment::query(peer_number who, const bytes& request) {
  told result;
  actors::ask(self_, running(who), answer_max,
              raft::query{environment_group, request, consistency::stale})
    .receive(
      [&](queried& x) {
        if (x.reason != reject_reason::none)
          throw scenario_failure{"an answer of the state machine", "a refusal"};
        result = {x.applied, std::move(x.reply)};
      },
      [&](const caf::error& why) { broken(who, why); });
  return result;
}

bool caf_environment::runs(peer_number who) const {
  return static_cast<bool>(peers_.at(who).handle);
}

void caf_environment::plug(peer_number who, actors::peer_actor handle) {
  auto& x = peers_.at(who);
  own_record().started(who);
  ++x.run;
  x.handle = std::move(handle);
  listen(who);
  for (auto& y : clients_)
    if (y.reach.at(who))
      give_way(y, who);
}

actors::peer_actor caf_environment::unplug(peer_number who) {
  for (auto& y : clients_)
    take_way(y, who);
  return std::exchange(peers_.at(who).handle, actors::peer_actor{});
}

const actors::peer_actor& caf_environment::running(peer_number who) const {
  if (!runs(who))
    throw std::logic_error{"peer " + to_text(id_of(who)) + " does not run"};
  return peers_.at(who).handle;
}

void caf_environment::listen(peer_number who) {
  auto& x = peers_.at(who);
  auto is_current = [this, who, run = x.run] {
    return runs(who) && peers_.at(who).run == run;
  };
  auto hand_on
    = [this, mail = mail(), who, is_current](std::vector<entry> entries) {
        mail->leave([this, who, is_current, entries = std::move(entries)] {
          if (!is_current())
            return;
          for (const auto& y : entries)
            own_record().delivered(who, y);
          // A snapshot has taken the place of those that were next.
          if (entries.empty())
            subscribe_to(who);
        });
      };
  auto on_lost = [this, mail = mail(), who, is_current] {
    mail->leave([this, who, is_current] {
      if (is_current())
        lost(who);
    });
  };
  x.listener = client::spawn_listener(system_, x.handle, std::move(hand_on),
                                      std::move(on_lost));
  subscribe_to(who);
}

void caf_environment::subscribe_to(peer_number who) {
  auto& x = peers_.at(who);
  auto accepted = false;
  while (!accepted)
    actors::ask(self_, x.handle, answer_max,
                subscribe{environment_group, 1, own_record().next_of(who),
                          client::listener_credit},
                x.listener)
      .receive(
        [&](const subscribed& answer) {
          accepted = answer.accepted;
          if (accepted)
            return;
          if (!snapshots_ || answer.reason != reject_reason::none)
            throw scenario_failure{"all entries from the first one",
                                   "some were compacted"};
          own_record().skipped(who, answer.first_available);
        },
        [&](const caf::error& why) { broken(who, why); });
}

// -- clients ------------------------------------------------------------------

environment::client_number caf_environment::open_client() {
  user x;
  x.queue = std::make_shared<client::request_queue>();
  client::client_actor_options options;
  options.group = environment_group;
  options.queue = x.queue;
  options.seed = random_.next();
  x.handle = client::spawn_client(system_, std::move(options));
  x.reach.resize(size(), true);
  for (peer_number i = 0; i < size(); ++i)
    if (runs(i))
      give_way(x, i);
  clients_.push_back(std::move(x));
  return clients_.size() - 1;
}

void caf_environment::set_reach(client_number who,
                                const std::vector<peer_number>& peers) {
  auto& x = clients_.at(who);
  x.reach.assign(size(), false);
  for (auto i : peers)
    x.reach.at(i) = true;
  for (peer_number i = 0; i < size(); ++i) {
    if (x.reach[i] && runs(i) && x.ways.count(i) == 0)
      give_way(x, i);
    else if (!x.reach[i])
      take_way(x, i);
  }
}

void caf_environment::execute(client_number who, bytes command,
                              std::function<void(const executed&)> done) {
  auto& x = clients_.at(who);
  auto hand_on = [mail = mail(), done = std::move(done)](executed result) {
    mail->leave([done, result = std::move(result)] { done(result); });
  };
  auto reads = kv::only_reads(command);
  if (x.queue->put(
        {std::move(command), client_patience, std::move(hand_on), reads}))
    actors::send_anonymously(x.handle, drain{});
}

void caf_environment::end_clients() {
  for (auto& x : clients_) {
    end(x.handle);
    for (auto& [to, way] : x.ways)
      close_way(way);
  }
  clients_.clear();
}

void caf_environment::give_way(user& x, peer_number to) {
  auto& way = x.ways[to];
  way = open_way(to);
  actors::send_anonymously(x.handle, link_up{id_of(to), {}}, way);
}

void caf_environment::take_way(user& x, peer_number to) {
  auto i = x.ways.find(to);
  if (i == x.ways.end())
    return;
  actors::send_anonymously(x.handle, link_down{id_of(to)});
  close_way(i->second);
  x.ways.erase(i);
}

} // namespace raft::scenarios
