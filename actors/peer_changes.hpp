// How a peer's members change, and who is told; for peer_shell.hpp only.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/peer_links.hpp>
#include <raft/consensus/core.hpp>
#include <raft/consensus/note.hpp>
#include <raft/messages/change.hpp>
#include <raft/messages/persist.hpp>
#include <raft/messages/versions.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace raft::actors {

/// Takes what is asked for to the core, and what comes of it to those who keep
/// the links.
class peer_changes {
public:
  // -- changes ----------------------------------------------------------------

  /// @param configured Where the members are that moved never; whoever is new
  ///        learns it from the log.
  static members_changed
  change(consensus::core& core, change_members what, const peer_links& links,
         const std::map<peer_id, std::string>& configured) {
    if (!core.leads())
      return core.change(what);
    for (const auto& members : {core.members(), what.wanted})
      if (const auto old = links.older_than(changes_since_version, members))
        return refused(core, change_result::too_old, old);
    // Who is new has to find all, and nobody may be where another one is.
    if (what.wanted.details != core.members().details)
      for (const auto id : members_of(what.wanted))
        add_address(what.wanted, id, configured);
    return core.change(what);
  }

  static members_changed stopping(const consensus::core& core) {
    return refused(core, change_result::stopping, {});
  }

  // -- joining ----------------------------------------------------------------

  /// Whether the peer belongs to no group, and is not about to.
  bool may_join(const consensus::core& core) const {
    return core.members().voters.empty() && !joining_;
  }

  /// Has it made durable to which group the peer belongs, and calls a function
  /// then.
  /// @pre `may_join`
  template <class Self, class Workers, class Then>
  caf::result<group_joined> join(Self* self, Workers& workers, group_id group,
                                 const join_group& what, Then then) {
    joining_ = true;
    durable_batch first;
    first.members_changed = true;
    first.members.founding.voters = what.founders;
    first.cluster = what.cluster;
    return answer_later<group_joined>(self, [&](promise<group_joined> who) {
      workers.template ask<persisted>(
        workers.persister(), persist{group, {}, first},
        [this, first, then, who = std::move(who)](persisted& done) mutable {
          joining_ = false;
          if (!done.refused)
            then(first);
          who.answer({!done.refused});
        });
    });
  }

  // -- who follows ------------------------------------------------------------

  template <class Self>
  void follow(Self* self, const consensus::core& core,
              const link_keeper_actor& who) {
    if (!sender_is_local(self))
      return;
    followers_.push_back(who);
    send(self, who, members_are{core.members()});
  }

  template <class Self>
  void tell(Self* self, const consensus::core& core) const {
    for (const auto& x : followers_)
      send(self, x, members_are{core.members()});
  }

  /// Tells them if the core has noted that the members are others.
  template <class Self>
  void look(Self* self, const consensus::core& core,
            const std::vector<consensus::note>& notes) const {
    if (std::ranges::any_of(notes, [](const consensus::note& x) {
          return x.kind == consensus::note_kind::members_are_now;
        }))
      tell(self, core);
  }

private:
  static members_changed refused(const consensus::core& core, change_result why,
                                 peer_id whom) {
    return {core.self().group, why, whom, core.members().index, core.leader()};
  }

  static void add_address(membership& to, peer_id id,
                          const std::map<peer_id, std::string>& configured) {
    const auto at = configured.find(id);
    if (at == configured.end())
      return;
    auto known = std::ranges::find(to.details, id, &member_details::peer);
    if (known == to.details.end()) {
      member_details fresh;
      fresh.peer = id;
      known = to.details.insert(known, fresh);
    }
    if (known->address.empty())
      known->address = at->second;
  }

  std::vector<link_keeper_actor> followers_;
  bool joining_ = false;
};

} // namespace raft::actors
