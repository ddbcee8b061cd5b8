// Peers of different releases: which versions of the messages they speak, and
// that nobody has what it does not know.

#include <raft/simulation/cluster.hpp>

#include <algorithm>

namespace raft::simulation {

void cluster::set_release(peer_id who, std::uint32_t version) {
  around(who).release = version;
  tell("is a release that speaks version " + std::to_string(version), who);
}

void cluster::update(peer_id who) {
  const auto all = in_force();
  const auto level = std::ranges::max(all, {}, &membership::level).level;
  auto& x = around(who);
  // Who is no member yet may be about to become one.
  if (x.release == protocol_version
      || (x.release >= level && options_.spares == 0))
    return;
  crash(who);
  set_release(who, protocol_version);
  restart(who);
}

std::uint32_t cluster::version_between(peer_id who, peer_id other) const {
  return std::min(around(who).release, around(other).release);
}

/// As the handshake has it.
bool cluster::understand_each_other(peer_id who, peer_id other) const {
  const auto level = [this](peer_id x) { return around(x).level; };
  return version_between(who, other) >= std::max(level(who), level(other));
}

void cluster::look_at_level(peer_id who) {
  auto& x = around(who);
  const auto level = peer(who).core().members().level;
  const auto before = std::exchange(x.level, level);
  if (level > before)
    check_level(who);
}

/// As the links of the product: they end, and the next handshake tells why.
void cluster::end_outgrown_links(peer_id who, const consensus::output& out) {
  for (const auto& x : out.distrusted)
    if (!understand_each_other(who, x.peer)) {
      connection_changed(who, x.peer);
      connection_changed(x.peer, who);
    }
}

void cluster::check_level(peer_id who) const {
  const auto& x = around(who);
  const auto& core = peer(who).core();
  const auto& now = core.members();
  const auto name = "the level " + std::to_string(now.level);
  if (now.level > x.release)
    throw violation{name + " is in the log of peer " + to_text(who)
                    + ", which speaks no more than version "
                    + std::to_string(x.release)};
  if (!core.leads() || core.log().term_at(now.index) != core.term()
      || now.level == 0 || !options_.connections_tell)
    return;
  for (const auto other : members_of(now)) {
    const auto link = x.links.find(other);
    if (other != who
        && (link == x.links.end() || link->second.version < now.level))
      throw violation{"leader " + to_text(who) + " raises " + name
                      + ", though peer " + to_text(other)
                      + " is not known to speak that version"};
  }
}

} // namespace raft::simulation
