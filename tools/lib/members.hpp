// What raftctl says and does about the members of a cluster.

#pragma once

#include <raft/client/blocking_client.hpp>
#include <raft/messages/change.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace raft::tools {

/// One change of members, as it is asked for.
struct member_change {
  enum class kind : std::uint8_t {
    add,
    remove,
    promote,
    demote,
    replace,
    update,
  };

  kind what = kind::add;
  peer_id who;
  /// For `replace`: whose place `who` takes.
  peer_id old = {};
  /// For `add`, `replace` and `update`, as "host:port".
  std::string address = {};
  /// For `add`: it is to have no vote.
  bool learner = false;
  /// Do it even if that makes the cluster stand still.
  bool force = false;
  /// Whether to wait until it is done, and not only begun.
  bool wait = false;
};

/// The members that are wanted, or why that makes no sense.
/// @param incarnation That of the store of who is added; 0 if nobody is.
std::variant<membership, verdict> members_wanted(const member_change& what,
                                                 const membership& now,
                                                 incarnation_id incarnation);

/// How far a change has come.
enum class change_stage : std::uint8_t {
  /// Nothing of it is there.
  none,
  /// It has begun.
  under_way,
  /// It is so, and stays so.
  done,
};

/// @param leader The state of whoever leads.
change_stage stage_of(const member_change& what, const peer_state& leader);

/// Whether a peer may be added, by what it says of itself.
/// @param leader The state of whoever leads.
verdict judge_new_peer(const member_change& what, const peer_state& fresh,
                       const peer_state& leader);

/// Whether the answer of a leader only means that one has to ask again.
bool passes(change_result x);

/// What the answer of a leader means for whoever asked.
verdict judge(const members_changed& x, const member_change& what);

/// A warning about how many voters there will be; empty if there is none.
std::string warning_about(const membership& wanted);

/// One line per member.
/// @param addresses Where those are that have not moved since the founding.
std::string member_table(const peer_state& leader,
                         const std::map<peer_id, std::string>& addresses);

/// The same as JSON.
std::string member_json(const peer_state& leader,
                        const std::map<peer_id, std::string>& addresses);

} // namespace raft::tools
