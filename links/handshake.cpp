#include <raft/links/handshake.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace raft::links {

namespace {

/// Why one process may take another one for itself.
constexpr const char* mirror
  = "Either an address in --members leads to the wrong process, or two hosts "
    "look the same: CAF tells processes apart by the hardware addresses of "
    "the network and the process id, which containers may share. Then give "
    "each container a hardware address of its own, or make the process ids "
    "differ";

/// @param who Who is not what was expected: "this peer" in a refusal, which
/// both
///        sides write to their logs.
std::string wrong_cluster(const char* who, const std::string& theirs,
                          const std::string& ours) {
  return fmt::format("{} belongs to cluster \"{}\", not \"{}\": check "
                     "--cluster and the addresses on both sides",
                     who, theirs, ours);
}

std::string to_text(version_range x) {
  return x.lowest == x.highest
         ? fmt::format("version {}", x.highest)
         : fmt::format("versions {} to {}", x.lowest, x.highest);
}

} // namespace

hello make_hello(const card& us, peer_id to, std::uint32_t version) {
  hello result;
  result.cluster = us.cluster;
  result.version = version ? version : us.speaks.highest;
  result.from = us.self;
  result.to = to;
  result.shown = us.shown;
  return result;
}

welcome make_welcome(const card& us, const hello& msg, std::string refusal,
                     exclusion reason) {
  welcome result;
  result.refusal = std::move(refusal);
  result.reason = reason;
  result.cluster = us.cluster;
  result.version = us.speaks.nearest(msg.version);
  result.from = us.self;
  result.shown = us.shown;
  return result;
}

bool is_too_new(const card& us, const hello& msg) {
  return msg.cluster == us.cluster && msg.version > us.speaks.highest;
}

std::string refusal_of(const card& us, const hello& msg, bool from_peer) {
  if (msg.cluster != us.cluster)
    return wrong_cluster("this peer", us.cluster, msg.cluster);
  if (!us.speaks.includes(msg.version))
    return fmt::format("this peer speaks {} of the protocol, not version {}: "
                       "update the older side; releases that follow one "
                       "another understand each other",
                       to_text(us.speaks), msg.version);
  if (from_peer && msg.version < us.level)
    return fmt::format("the cluster has gone on to version {} of the protocol "
                       "for good, and its log may hold what only that version "
                       "knows; a peer that speaks version {} cannot belong to "
                       "it: start a release that is not older than the others "
                       "there, without --protocol-version-max",
                       us.level, msg.version);
  if (from_peer && !msg.from)
    return "a hello from a peer without an id";
  if (from_peer && msg.from == us.self)
    return fmt::format("a hello from peer {}, but that is this peer itself. {}",
                       msg.from.value, mirror);
  if (msg.to && msg.to != us.self)
    return fmt::format("this is peer {}, not peer {}: check the addresses in "
                       "--members on both sides",
                       us.self.value, msg.to.value);
  return {};
}

std::optional<hello> say_again(const card& us, const hello& said,
                               const welcome& msg) {
  if (msg.refusal.empty() || msg.cluster != us.cluster
      || msg.version >= said.version || msg.version < us.level
      || !us.speaks.includes(msg.version))
    return std::nullopt;
  auto result = said;
  result.version = msg.version;
  return result;
}

std::string complaint_about(const card& us, const hello& said,
                            const welcome& msg) {
  if (!msg.refusal.empty())
    return fmt::format("it refused us: {}", msg.refusal);
  if (msg.cluster != us.cluster)
    return wrong_cluster("it", msg.cluster, us.cluster);
  if (msg.version != said.version)
    return fmt::format("it speaks version {} of the protocol, not version {}: "
                       "update the older side",
                       msg.version, said.version);
  if (said.to && msg.from != said.to)
    return fmt::format("it is peer {}, not peer {}: check the addresses in "
                       "--members",
                       msg.from.value, said.to.value);
  return {};
}

bool comes_from(const card& us, const hello& said, const welcome& msg) {
  return msg.cluster == us.cluster && msg.version == said.version
      && msg.from == said.to;
}

std::string complaint_about_self(const address& where) {
  return fmt::format("the connection to {} leads back to this very process. {}",
                     to_text(where), mirror);
}

} // namespace raft::links
