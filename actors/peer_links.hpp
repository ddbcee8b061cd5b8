// How a peer reaches the others, and whom it hears.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/actors/interfaces.hpp>

#include <caf/node_id.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

namespace raft::actors {

/// What other processes may send to a peer. The rest of its interface is for
/// this one.
using open_to_peers_and_clients = open_to_others<
  vote_request, vote_reply, append_request, append_reply, read_index_request,
  read_index_reply, timeout_now, install_request, install_reply, start, execute,
  fetch, open_session, query, get_state, transfer_leadership, change_members,
  take_snapshot, read_snapshot, args<subscribe, subscriber_actor>, credit>;

/// The links of one peer.
class peer_links {
public:
  /// @param keeper Who said that the peer can be reached; may be null.
  void up(const link_up& what, const inbox_actor& inbox,
          const caf::strong_actor_ptr& keeper) {
    links_[what.peer]
      = {inbox, caf::actor_cast<link_keeper_actor>(keeper), what.version};
  }

  void down(peer_id peer) {
    links_.erase(peer);
  }

  /// Sends a message to whom its header names, if there is a link, and an older
  /// release at its end knows the message.
  template <class Self, class Message>
  void post(Self* self, Message&& msg) const {
    auto i = links_.find(msg.header.to);
    if (i != links_.end() && i->second.version >= since<Message>)
      send(self, i->second.inbox, std::forward<Message>(msg));
  }

  /// Whether a message that claims to be from `peer` comes from the process
  /// where that peer is, or from ours.
  /// @param here Our own process.
  bool hears(peer_id peer, const caf::strong_actor_ptr& sender,
             const caf::node_id& here) const {
    if (!sender || sender->node() == here)
      return true;
    auto i = links_.find(peer);
    return i != links_.end() && i->second.inbox.node() == sender->node();
  }

  /// A member whose release does not speak a version; 0 if none is linked.
  peer_id older_than(std::uint32_t version, const membership& members) const {
    for (const auto& [id, x] : links_)
      if (x.version < version && is_member(members, id))
        return id;
    return {};
  }

  /// Tells whoever keeps the link to a peer that it sends what cannot be true.
  /// @returns whether there is somebody to tell.
  template <class Self>
  bool ask_to_end(Self* self, peer_id peer, const std::string& why) const {
    auto i = links_.find(peer);
    if (i == links_.end() || !i->second.keeper)
      return false;
    send(self, i->second.keeper, distrust{peer, why});
    return true;
  }

private:
  struct link {
    inbox_actor inbox;
    link_keeper_actor keeper;
    std::uint32_t version = protocol_version;
  };

  /// The version in which peers understand a message.
  template <class Message>
  static constexpr std::uint32_t since
    = std::is_same_v<
        std::decay_t<Message>,
        install_request> || std::is_same_v<std::decay_t<Message>, install_reply>
      ? snapshots_since_version
      : protocol_version_min;

  std::map<peer_id, link> links_;
};

} // namespace raft::actors
