// Messages between peers, cuts and connections.

#include <raft/simulation/cluster.hpp>
#include <raft/simulation/wire_size.hpp>

#include <iterator>
#include <memory>
#include <utility>

namespace raft::simulation {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// How long it takes until somebody knows that a connection is there or gone.
constexpr duration noticed_max = milliseconds{50};

/// When whoever was turned away tries again.
constexpr duration turned_away_for = milliseconds{300};

/// How long it takes until all has arrived that stayed on a way.
constexpr duration released_within = milliseconds{100};

const message_header& header_of(const peer_message& x) {
  return std::visit(
    [](const auto& msg) -> const message_header& { return msg.header; }, x);
}

term_number term_of(const peer_message& x) {
  return std::visit([](const auto& msg) { return msg.term; }, x);
}

bool is_request(const peer_message& x) {
  return std::holds_alternative<vote_request>(x)
      || std::holds_alternative<append_request>(x)
      || std::holds_alternative<read_index_request>(x)
      || std::holds_alternative<timeout_now>(x)
      || std::holds_alternative<install_request>(x);
}

std::string place(const log_position& x) {
  return to_text(x.index) + "@" + to_text(x.term);
}

struct teller {
  std::string operator()(const vote_request& x) const {
    return std::string{x.pre_vote   ? "pre-vote"
                       : x.transfer ? "transfer vote"
                                    : "vote"}
         + " request term=" + to_text(x.term) + " last=" + place(x.last);
  }

  std::string operator()(const vote_reply& x) const {
    return std::string{x.pre_vote ? "pre-vote" : "vote"}
         + " reply term=" + to_text(x.term) + " campaign=" + to_text(x.campaign)
         + (x.granted ? " granted" : " refused");
  }

  std::string operator()(const append_request& x) const {
    auto result = "append request term=" + to_text(x.term) + " previous="
                + place(x.previous) + " commit=" + to_text(x.commit);
    if (!x.entries.empty())
      result += " entries="
              + place({x.entries.front().index, x.entries.front().term}) + ".."
              + place({x.entries.back().index, x.entries.back().term});
    if (x.size > 0)
      result += " bytes=" + std::to_string(x.offset) + "+"
              + std::to_string(x.entries.front().data.size()) + "/"
              + std::to_string(x.size);
    return result;
  }

  std::string operator()(const append_reply& x) const {
    return "append reply term=" + to_text(x.term)
         + (x.accepted ? " match=" + to_text(x.match)
                       : " refused=" + to_text(x.refused)
                           + " conflict=" + place(x.conflict));
  }

  std::string operator()(const read_index_request& x) const {
    return "read index request term=" + to_text(x.term);
  }

  std::string operator()(const read_index_reply& x) const {
    return "read index reply term=" + to_text(x.term)
         + " index=" + to_text(x.index);
  }

  std::string operator()(const timeout_now& x) const {
    return "timeout now term=" + to_text(x.term);
  }

  std::string operator()(const install_request& x) const {
    return "install request term=" + to_text(x.term) + " snapshot="
         + place(x.snapshot.last) + " bytes=" + std::to_string(x.offset) + "+"
         + std::to_string(x.data.size()) + "/"
         + std::to_string(x.snapshot.size);
  }

  std::string operator()(const install_reply& x) const {
    return "install reply term=" + to_text(x.term)
         + " snapshot=" + place(x.snapshot)
         + " stored=" + std::to_string(x.stored) + " match=" + to_text(x.match);
  }
};

} // namespace

// -- messages -----------------------------------------------------------------

void cluster::send(peer_message msg) {
  const auto header = header_of(msg);
  const auto term = term_of(msg);
  auto size = std::visit([](const auto& x) { return wire_size(x); }, msg);
  auto number = ++sent_;
  event what;
  what.peer = header.from;
  what.other = header.to;
  what.number = number;
  what.what = event_kind::sent;
  if (watching_)
    what.text = std::visit(teller{}, msg);
  emit(what);
  auto arrivals = network_.send(
    {header.from.value, header.to.value, is_request(msg), size}, now());
  // Nothing leaves but over a connection.
  if (broken_.contains({header.from, header.to})
      || (options_.connections_tell && !are_linked(header.from, header.to)))
    arrivals.clear();
  if (arrivals.empty()) {
    what.what = event_kind::lost;
    what.text.clear();
    emit(what);
    return;
  }
  parcel_under_way x{std::make_shared<const peer_message>(std::move(msg)),
                     number, around(header.to).directories};
  replayed_.remember(header.from, header.to, term, x);
  auto way = stalled_.find({header.from, header.to});
  for (auto when : arrivals)
    if (way == stalled_.end())
      arrive_at(when, x);
    else
      way->second.push_back(x);
}

void cluster::arrive_at(instant when, const parcel_under_way& x) {
  events_.at(when, [this, x] { deliver(x); });
}

/// Whoever has just begun something hears again what it was told before.
void cluster::replay(peer_id who) {
  constexpr milliseconds delays[]
    = {milliseconds{30}, milliseconds{300}, milliseconds{3000}};
  const auto& core = peer(who).core();
  std::pair now_in{core.term(), core.leads()};
  if (std::exchange(around(who).replayed, now_in) == now_in)
    return;
  for (std::uint64_t i = 0; i < network_.profile().replays; ++i)
    if (auto x = replayed_.draw(who, random_)) {
      auto within = delays[random_.below(std::size(delays))];
      arrive_at(now() + random_.between(duration{0}, within), *x);
    }
}

/// A message finds whatever process runs there with that directory when it
/// arrives.
void cluster::deliver(const parcel_under_way& x) {
  auto from = header_of(*x.message).from;
  auto to = header_of(*x.message).to;
  auto number = x.number;
  if (!runs(to) || around(to).directories != x.directory) {
    emit(event_kind::lost, from, to, number);
    return;
  }
  at(now(), to, [this, msg = x.message, from, to, number] {
    emit(event_kind::received, to, from, number);
    auto& seen = around(to).received;
    ++seen.messages;
    seen.exchanges += is_request(*msg) ? 1 : 0;
    seen.bytes += std::visit([](const auto& y) { return wire_size(y); }, *msg);
    step(to, [&msg](virtual_peer& y) { return y.receive(*msg); });
  });
}

const traffic& cluster::received(peer_id who) const {
  return around(who).received;
}

// -- connections --------------------------------------------------------------

void cluster::connections_changed(peer_id who) {
  network_.clear_queues(who.value);
  for (auto other : ids())
    if (other != who) {
      connection_changed(who, other);
      connection_changed(other, who);
    }
  for (client_number i = 1; i <= clients_.size(); ++i)
    client_connection_changed(i, who);
}

/// Lets a process find out, after a while, how it is then.
void cluster::connection_changed(peer_id who, peer_id other) {
  if (!runs(who))
    return;
  auto delay = options_.connections_tell
               ? random_.between(microseconds{50}, noticed_max)
               : duration{0};
  at(now() + delay, who, [this, who, other] { connect_or_not(who, other); });
}

/// Whether what one sends can reach the process that it is connected with.
bool cluster::are_linked(peer_id who, peer_id other) const {
  const auto& links = around(who).links;
  auto link = links.find(other);
  return link != links.end() && link->second.process == around(other).process;
}

void cluster::connect_or_not(peer_id who, peer_id other) {
  auto up = !options_.connections_tell
         || (runs(other) && !broken_.contains({who, other})
             && understand_each_other(who, other));
  auto& x = around(who);
  auto known = x.links.contains(other);
  if (up && known && (are_linked(who, other) || !options_.connections_tell))
    return;
  // The one that it was connected with is gone.
  if (known)
    step(who, [&x, other](virtual_peer& y) {
      x.links.erase(other);
      return y.link_down(other);
    });
  if (!up || !runs(who))
    return;
  incarnation_id incarnation;
  if (options_.connections_tell) {
    if (!belong_together(who, other))
      return;
    incarnation = peer(other).disk().incarnation();
  }
  const auto version = version_between(who, other);
  x.links.insert_or_assign(other, link_end{around(other).process, version});
  step(who, [other, incarnation, version](virtual_peer& y) {
    return y.link_up(other, incarnation, version);
  });
}

/// As the links of the product: both compare, and what they must remember is
/// durable before the connection counts. Whoever is turned away tries again.
bool cluster::belong_together(peer_id who, peer_id other) {
  auto ours = peer(who).shown();
  auto found = peer(who).meet(other, peer(other).shown());
  auto theirs = peer(other).meet(who, ours);
  auto& x = around(who);
  if (found && theirs) {
    x.turned_away.erase(other);
    return true;
  }
  const auto& reason = found ? theirs : found;
  if (x.turned_away.insert_or_assign(other, reason.reason).second)
    tell("is not connected with " + to_text(other) + ": " + reason.text, who);
  if (x.retrying.insert(other).second)
    at(now() + turned_away_for, who, [this, who, other] {
      around(who).retrying.erase(other);
      connect_or_not(who, other);
    });
  return false;
}

void cluster::client_connection_changed(client_number who, peer_id other) {
  auto delay = options_.connections_tell
               ? random_.between(microseconds{50}, noticed_max)
               : duration{0};
  events_.at(now() + delay, [this, who, other] {
    auto& x = client(who);
    auto up
      = x.reach.contains(other) && (runs(other) || !options_.connections_tell);
    if (up == x.up.contains(other))
      return;
    if (up) {
      x.up.insert(other);
      x.state.peer_up(other, now());
    } else {
      x.up.erase(other);
      x.state.peer_down(other, now());
    }
    carry_out(who);
  });
}

// -- faults -------------------------------------------------------------------

void cluster::set_network(const network_profile& x) {
  network_.set_profile(x);
  tell("network: requests up to " + std::to_string(x.request_delay_max.count())
       + " us, " + std::to_string(x.requests_lost) + " per mille lost"
       + (x.bytes_per_second == 0
            ? ""
            : ", " + std::to_string(x.bytes_per_second) + " bytes a second"));
}

void cluster::cut(peer_id from, peer_id to) {
  if (network_.is_cut(from.value, to.value))
    return;
  network_.cut(from.value, to.value);
  emit(event_kind::cut, from, to);
}

void cluster::heal(peer_id from, peer_id to) {
  if (!network_.is_cut(from.value, to.value))
    return;
  network_.heal(from.value, to.value);
  emit(event_kind::healed, from, to);
}

void cluster::stall(peer_id from, peer_id to) {
  if (stalled_.try_emplace({from, to}).second)
    tell("what it sends to " + to_text(to) + " stays on the way", from);
}

void cluster::release(peer_id from, peer_id to) {
  auto way = stalled_.extract({from, to});
  if (!way)
    return;
  tell("what it sent to " + to_text(to) + " goes on", from);
  for (const auto& x : way.mapped())
    arrive_at(now() + random_.between(duration{0}, released_within), x);
}

void cluster::disconnect(peer_id who) {
  for (auto other : ids())
    if (other != who) {
      cut(who, other);
      cut(other, who);
    }
}

void cluster::connect(peer_id who) {
  for (auto other : ids())
    if (other != who) {
      heal(who, other);
      heal(other, who);
    }
}

void cluster::partition(const std::vector<std::vector<peer_id>>& groups) {
  std::vector<std::size_t> group_of(size());
  for (std::size_t i = 0; i < size(); ++i)
    group_of[i] = groups.size() + i;
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (auto who : groups[i])
      group_of.at(who.value - 1) = i;
  for (auto x : ids())
    for (auto y : ids()) {
      if (x == y)
        continue;
      if (group_of[x.value - 1] == group_of[y.value - 1])
        heal(x, y);
      else
        cut(x, y);
    }
}

void cluster::heal() {
  for (auto x : ids())
    connect(x);
}

void cluster::break_link(peer_id x, peer_id y) {
  broken_.insert({x, y});
  broken_.insert({y, x});
  tell("link to " + to_text(y) + " breaks", x);
  connection_changed(x, y);
  connection_changed(y, x);
}

void cluster::mend_link(peer_id x, peer_id y) {
  broken_.erase({x, y});
  broken_.erase({y, x});
  tell("link to " + to_text(y) + " is mended", x);
  connection_changed(x, y);
  connection_changed(y, x);
}

void cluster::renew_link(peer_id x, peer_id y) {
  for (auto [who, other] : {std::pair{x, y}, {y, x}}) {
    if (!acts(who) || !are_linked(who, other))
      continue;
    tell("the link to " + to_text(other) + " is another one", who);
    auto incarnation = options_.connections_tell
                       ? peer(other).disk().incarnation()
                       : incarnation_id{};
    const auto version = version_between(who, other);
    around(who).links[other].version = version;
    step(who, [other = other, incarnation, version](virtual_peer& p) {
      return p.link_renewed(other, incarnation, version);
    });
  }
}

void cluster::transfer(peer_id from, peer_id to) {
  if (!acts(from) || !peer(from).core().leads())
    return;
  tell("is asked to hand over to " + (to ? to_text(to) : "anybody"), from);
  step(from, [to](virtual_peer& p) { return p.transfer(to); });
}

void cluster::swizzle(peer_id who, duration step) {
  std::vector<peer_id> others;
  for (auto x : ids())
    if (x != who)
      others.push_back(x);
  auto shuffle = [this, &others] {
    for (auto i = others.size(); i > 1; --i)
      std::swap(others[i - 1], others[random_.below(i)]);
  };
  duration when{0};
  shuffle();
  for (auto x : others)
    after_unless_ended(when += step, [this, who, x] {
      for (auto [from, to] : {std::pair{who, x}, std::pair{x, who}}) {
        under_way_.begin({affliction::cut, from, to});
        cut(from, to);
      }
    });
  shuffle();
  for (auto x : others)
    after_unless_ended(when += step, [this, who, x] {
      for (auto [from, to] : {std::pair{who, x}, std::pair{x, who}})
        if (under_way_.end({affliction::cut, from, to}))
          heal(from, to);
    });
}

bool cluster::is_afflicted(affliction x, peer_id from, peer_id to) const {
  if (x == affliction::stalled)
    return stalled_.contains({from, to});
  if (x == affliction::broken)
    return broken_.contains({from, to});
  return network_.is_cut(from.value, to.value);
}

void cluster::end_faults() {
  ++ends_of_faults_;
  under_way_ = {};
  auto profile = network_profile{};
  profile.request_delay_max = milliseconds{5};
  profile.reply_delay_max = milliseconds{5};
  profile.in_order = true;
  set_network(profile);
  apply_max_ = milliseconds{5};
  heal();
  while (!stalled_.empty())
    release(stalled_.begin()->first.first, stalled_.begin()->first.second);
  for (auto who : ids()) {
    set_disk(who, disk_profile{});
    free_machine(who);
    network_.set_distance(who.value, duration{0});
    set_drift(who, 0);
    put_back(who);
    set_wall(who, 0);
    resume(who);
    update(who);
    restart(who);
    for (auto other : ids())
      if (broken_.contains({who, other}))
        mend_link(who, other);
  }
}

void cluster::resume_faults() {
  set_network(options_.network);
  apply_max_ = options_.apply_max;
  for (auto who : ids()) {
    set_disk(who, usual_disk(who));
    network_.set_distance(who.value, traits_of(who).farther);
    if (drift(who) != usual_drift(who))
      set_drift(who, usual_drift(who));
  }
}

} // namespace raft::simulation
