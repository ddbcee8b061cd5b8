// Long replies on their way from peers, piece by piece. Pure.

#pragma once

#include <raft/messages/client.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace raft::client {

/// What a client handle fetches. All replies go on at the same time, and only
/// a few pieces are on the wire, so that what else comes over the connections
/// need not wait.
class fetches {
public:
  /// Pieces under way, of all replies together.
  static constexpr std::size_t under_way_max = 4;

  /// Names a reply: the number of the attempt that it answers.
  using key = std::uint64_t;

  /// A piece that is to be asked for. An offset at the end of the reply tells
  /// the peer that no more is wanted.
  struct request {
    key which = 0;
    peer_id from;
    std::uint64_t held = 0;
    std::uint64_t offset = 0;
  };

  /// Begins to fetch the reply of an answer.
  /// @pre `answer.held` is not 0; nothing is known by this key.
  void begin(key which, peer_id from, executed answer);

  bool knows(key which) const {
    return all_.contains(which);
  }

  /// What to ask for now. Call it after all other members.
  std::vector<request> next();

  /// A piece has come; an empty one says that the reply is gone.
  /// @returns the answer, if it is complete now.
  /// @post If the piece made no sense, the reply is not known any more.
  std::optional<executed> take(const request& what, const bytes& piece);

  /// Nobody waits for a reply any more.
  /// @returns what to tell the peer.
  std::optional<request> drop(key which);

private:
  struct item {
    peer_id from;
    executed answer;
    std::string data;
    /// Up to here it was asked for.
    std::uint64_t asked = 0;
  };

  std::map<key, item> all_;
  std::size_t under_way_ = 0;
  /// Whose turn it was last.
  key turn_ = 0;
};

} // namespace raft::client
