// What a process tells others about itself, and what it has made durable about
// them before a link counts.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/consensus/acquaintances.hpp>
#include <raft/links/links.hpp>

#include <functional>
#include <utility>
#include <vector>

namespace raft::links {

/// Which start of its store a peer shows; 0 if none.
inline start_id present_start(const credentials& x) {
  return x.starts.empty() ? start_id{} : x.starts.back();
}

/// What is said to a second process with the id of a peer that is connected.
consensus::finding second_process(peer_id who);

/// What is said while another handshake of the same peer goes on.
consensus::finding met_already();

/// What is said if the disk has no room for what must be remembered.
consensus::finding no_space_to_remember();

/// What is said if a cluster cannot be joined now.
consensus::finding no_space_to_join();

/// Asks peer and persister of a process what the rules need to know, and has
/// the persister remember what they want remembered. Belongs to the actor
/// `self`, which calls it and is called back.
template <class Self>
class introductions {
public:
  void begin(Self* self, const links_options& options) {
    self_ = self;
    group_ = options.group;
    peer_ = options.peer;
    persister_ = options.persister;
    patience_ = options.timing.greet;
    id_ = options.self;
    incarnation_ = options.incarnation;
    joins_ = options.joins && options.founders.empty();
    renew(options.founders, options.memory);
    for (const auto& x : options.members)
      members_are(x);
  }

  /// See `consensus::acquaintances::members_are`.
  void members_are(const membership& now) {
    members_ = now;
    known_.members_are(now);
  }

  /// Those in force, as our log has it; nobody if that is not known.
  const membership& members() const noexcept {
    return members_;
  }

  /// Whether our store is empty, and waits for a cluster to belong to.
  bool joins() const noexcept {
    return joins_;
  }

  /// Whether another one may come at all.
  consensus::finding judge_place(peer_id who, const credentials& theirs) const {
    return known_.judge_place(who, theirs, cluster_, led_);
  }

  /// Belongs to the group of another one from now on, if it may, and calls a
  /// function with what prevents that.
  /// @pre `joins()`; the other one takes us for a member.
  template <class Then>
  void join(peer_id who, const credentials& theirs, Then then) {
    auto found = known_.judge_joining(who, theirs);
    if (!found)
      return then(found);
    // Others of the same cluster come at the same time.
    joiners_.push_back(then);
    if (joiners_.size() > 1)
      return;
    actors::ask(self_, peer_, caf::infinite,
                actors::join_group{theirs.founders, theirs.cluster})
      .then(
        [this, theirs](const actors::group_joined& done) {
          if (done.done) {
            joins_ = false;
            cluster_ = theirs.cluster;
            renew(theirs.founders, memory_);
          }
          end_join(done.done);
        },
        [this](const caf::error&) { end_join(false); });
  }

  const consensus::acquaintances& known() const noexcept {
    return known_;
  }

  /// What we show to others.
  credentials shown() const {
    return known_.shown(cluster_);
  }

  /// Whether another one may be linked.
  consensus::finding judge(peer_id who, const credentials& theirs) {
    auto result = known_.judge(who, theirs, cluster_);
    known_.hear(who, theirs, result);
    return result;
  }

  /// Calls a function when this store's cluster id is known, if it is known at
  /// all; and, if it is about somebody who is no member, whether we follow a
  /// leader.
  template <class Then>
  void look_up_cluster(peer_id about, Then then) {
    if (!peer_ || (cluster_ && is_member(members_, about)))
      return then();
    actors::ask(self_, peer_, patience_, get_state{group_})
      .then(
        [this, then](const peer_state& found) {
          cluster_ = found.cluster;
          led_ = !!found.leader;
          then();
        },
        [then](const caf::error&) { then(); });
  }

  /// Has what we must remember about another one made durable, and calls a
  /// function with what prevents that, if anything does: there is no room on
  /// the disk, or meanwhile something else was remembered about it.
  template <class Then>
  void remember(peer_id who, const credentials& theirs, Then then) {
    auto news = known_.news_of(who, theirs);
    if (news.empty())
      return then(consensus::finding{});
    actors::ask(self_, persister_, caf::infinite, raft::remember{news, false})
      .then(
        [this, news, then, who, theirs](const remembered& done) {
          if (done.refused)
            return then(no_space_to_remember());
          known_.learn(news);
          then(known_.remembers(who, theirs) ? consensus::finding{}
                                             : second_process(who));
        },
        [then](const caf::error&) { then(no_space_to_remember()); });
  }

  /// If our store was restored, and all have confirmed that it lacks nothing:
  /// makes it like any other, and calls a function then.
  template <class Then>
  void settle_if_confirmed(Then then) {
    if (!known_.may_settle() || std::exchange(settling_, true))
      return;
    actors::ask(self_, persister_, caf::infinite, raft::remember{{}, true})
      .then(
        [this, then](const remembered& done) {
          settling_ = false;
          if (done.refused)
            return;
          known_.settle();
          then();
        },
        [this](const caf::error&) { settling_ = false; });
  }

private:
  void end_join(bool done) {
    for (auto& then : std::exchange(joiners_, {}))
      then(done ? consensus::finding{} : no_space_to_join());
  }

  void renew(const std::vector<peer_id>& founders, const store_memory& memory) {
    memory_ = memory;
    known_ = {id_, incarnation_, founders, memory};
    if (joins_)
      known_.wait_to_join();
  }

  Self* self_ = nullptr;
  group_id group_;
  actors::peer_actor peer_;
  actors::persister_actor persister_;
  std::chrono::milliseconds patience_{0};
  /// This store's cluster id, once it is known.
  cluster_id cluster_;
  bool led_ = false;
  peer_id id_;
  incarnation_id incarnation_;
  membership members_;
  bool joins_ = false;
  /// Who wait until this peer has joined.
  std::vector<std::function<void(const consensus::finding&)>> joiners_;
  /// At the start.
  store_memory memory_;
  consensus::acquaintances known_;
  bool settling_ = false;
};

} // namespace raft::links
