// Clients that want something, and faults that get in their way.

#include <raft/tests/simulation/world.hpp>

namespace raft::test {

namespace {

using std::chrono::milliseconds;

} // namespace

void world::client() {
  at(now_ + random_.between(milliseconds{1}, plan_.client_interval), [this] {
    client();
    if (!faults_)
      return;
    // Clients believe whoever says that it leads; sometimes they ask at random.
    auto whom = leaders();
    if (whom.empty() || random_.per_mille(50))
      whom = {any_peer()};
    for (auto id : whom) {
      if (!peer(id).running() || around(id).paused_until > now_)
        continue;
      started answer;
      auto text = "command " + std::to_string(++commands_);
      if (random_.per_mille(30))
        text.resize(random_.between(100, 2000), '.');
      step(id, "start",
           [&](virtual_peer& x) { return x.start(bytes{text}, answer); });
      counts_.busy += answer.reason == reject_reason::busy;
      counts_.disk_full_answers += answer.reason == reject_reason::disk_full;
    }
  });
}

void world::nemesis() {
  at(now_ + random_.between(milliseconds{1}, plan_.fault_interval), [this] {
    if (!faults_)
      return;
    nemesis();
    if (random_.per_mille(500))
      fault_process();
    else
      fault_network();
  });
}

void world::fault_process() {
  auto whom = any_peer();
  // Leaders are the more interesting victims.
  if (auto who = leaders(); !who.empty() && random_.per_mille(400))
    whom = who[random_.below(who.size())];
  auto restart_later = [this](peer_id id) {
    at(now_ + random_.between(milliseconds{1}, milliseconds{1500}),
       [this, id] { boot(id); });
  };
  switch (random_.below(9)) {
    case 0:
      // The lights go out.
      for (const auto& x : peers_) {
        crash(x.id());
        restart_later(x.id());
      }
      break;
    case 1:
    case 2:
      pause(whom);
      break;
    case 3:
      if (tracing_)
        say("the disk of " + to_text(whom) + " gets slow or fast again");
      around(whom).disk_is_slow = !around(whom).disk_is_slow;
      break;
    case 4:
      if (tracing_)
        say("the disk of " + to_text(whom) + " gets full or empty again");
      around(whom).disk_is_full = !around(whom).disk_is_full;
      break;
    default:
      crash(whom);
      restart_later(whom);
  }
}

void world::fault_network() {
  auto x = any_peer();
  auto y = any_peer();
  if (auto who = leaders(); !who.empty() && random_.per_mille(400))
    x = who[random_.below(who.size())];
  switch (random_.below(9)) {
    case 0:
      if (x != y)
        cut_.insert({x, y});
      break;
    case 1:
      cut_in_two();
      break;
    case 2:
      for (const auto& other : peers_)
        if (other.id() != x)
          cut_.insert(random_.per_mille(500) ? pair{x, other.id()}
                                             : pair{other.id(), x});
      break;
    case 3:
      if (x == y)
        break;
      no_link_.insert({x, y});
      no_link_.insert({y, x});
      connections_changed(x);
      break;
    case 4:
      no_link_.clear();
      for (const auto& other : peers_)
        connections_changed(other.id());
      break;
    case 5:
      if (x != y)
        renew_link({x, y});
      break;
    default:
      cut_.clear();
  }
}

/// A connection is replaced by another one before anybody missed it. What was
/// under way on the old one arrives or does not.
void world::renew_link(const pair& way) {
  for (auto [self, other] : {way, pair{way.second, way.first}})
    if (peer(self).running() && around(self).paused_until <= now_
        && around(self).links.contains(other))
      step(self, "link renewed",
           [other = other](virtual_peer& p) { return p.link_up(other); });
}

void world::pause(peer_id whom) {
  auto until = now_ + random_.between(milliseconds{10}, milliseconds{2500});
  if (tracing_)
    say(to_text(whom) + " stands still until "
        + std::to_string(until.count() / 1000));
  around(whom).paused_until = until;
}

void world::cut_in_two() {
  std::set<peer_id> here;
  for (const auto& x : peers_)
    if (random_.per_mille(500))
      here.insert(x.id());
  cut_.clear();
  for (const auto& x : peers_)
    for (const auto& y : peers_)
      if (here.contains(x.id()) != here.contains(y.id()))
        cut_.insert({x.id(), y.id()});
}

void world::take_faults_away() {
  if (tracing_)
    say("the faults end");
  faults_ = false;
  cut_.clear();
  no_link_.clear();
  plan_.lost = 0;
  plan_.twice = 0;
  plan_.very_late = 0;
  plan_.delay_max = milliseconds{5};
  plan_.disk_max = milliseconds{5};
  plan_.apply_max = milliseconds{5};
  for (auto& x : peers_) {
    around(x.id()).disk_is_slow = false;
    around(x.id()).disk_is_full = false;
    boot(x.id());
    connections_changed(x.id());
  }
}

} // namespace raft::test
