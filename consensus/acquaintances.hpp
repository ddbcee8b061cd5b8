// Who is let in: the rules by which a peer tells its fellows from strangers,
// wiped peers, older copies and members of other clusters.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/messages/membership.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace raft::consensus {

/// What came of comparing two peers.
struct finding {
  exclusion reason = exclusion::none;
  /// Whether it is this peer that has to stay out, not the other one.
  bool blames_us = false;
  /// What is wrong and what to do, with both ids, in words that suit the logs
  /// of both. Empty if nothing is.
  std::string text;

  /// Whether the two may be linked.
  explicit operator bool() const noexcept {
    return reason == exclusion::none && text.empty();
  }
};

/// What one peer knows of the stores of others, and the rules that follow. A
/// pure object: what it wants remembered, its owner makes durable, and only
/// then tells it, and only then gives the link to the core. So whoever got a
/// promise remembers the start that made it.
///
/// A store that was restored from a copy, or moved to another disk, may lack
/// what it promised since. Each promise went to somebody who remembers that
/// start or a later one. So the peer is linked with nobody until *all* other
/// members have shown that they remember none that it lacks (`asks`),
/// and then that they remember its present one (`claims`), which shuts out
/// every other process that may run on the same store or another copy of it.
class acquaintances {
public:
  acquaintances() = default;

  /// @param founders The members that the store's group was founded with.
  acquaintances(peer_id self, incarnation_id incarnation,
                std::vector<peer_id> founders, store_memory memory);

  /// The store is empty, and is to belong to a cluster that makes this peer a
  /// member.
  void wait_to_join() noexcept {
    joins_ = true;
  }

  /// Others are in force, as our log has it. Until then the founders are.
  void members_are(const membership& now);

  /// Whether another peer may come at all.
  /// @param led Whether we follow a leader, or lead.
  /// @returns a text if it may not. Who never was a member may be one that our
  ///          log does not have yet; who was one is told so, unless there is
  ///          nobody who could tell us that it is one again.
  finding judge_place(peer_id who, const credentials& theirs,
                      cluster_id cluster, bool led) const;

  /// Whether a peer with an empty store may belong to the group of another one,
  /// which says that this peer is a member.
  finding judge_joining(peer_id who, const credentials& theirs) const;

  /// How many members have a vote.
  std::size_t voters() const;

  /// What to show to others.
  credentials shown(cluster_id cluster) const;

  /// Whether another peer may be linked, as far as what it shows tells.
  /// @param cluster This store's cluster id.
  finding judge(peer_id who, const credentials& theirs,
                cluster_id cluster) const;

  /// What has to be durable before the other one is answered or linked; empty
  /// if all is known already.
  /// @pre `judge` found nothing, or `exclusion::restored`.
  std::vector<acquaintance> news_of(peer_id who,
                                    const credentials& theirs) const;

  /// Whether what is remembered of another peer is what it showed. If its
  /// handshakes cross, or two processes come with its id, one of them is
  /// remembered last, and only that one may be linked.
  bool remembers(peer_id who, const credentials& theirs) const;

  /// That is durable now.
  void learn(const std::vector<acquaintance>& news);

  /// Notes what another peer shows about us. Matters while this store is
  /// `restored`.
  void hear(peer_id who, const credentials& theirs, const finding& found);

  /// Whether this store was restored, and is not settled yet.
  bool restored() const noexcept {
    return memory_.restored;
  }

  /// Whether a restored store may be made like any other: all have confirmed.
  bool may_settle() const;

  /// That is durable now.
  void settle() noexcept {
    memory_.restored = false;
  }

  /// Whose confirmation a restored store still needs.
  std::vector<peer_id> unheard() const;

  /// What keeps this peer out, whoever the others are: it was never founded, or
  /// it was restored.
  standing own_standing() const;

  admission stage() const;

  const std::vector<peer_id>& founders() const noexcept {
    return founders_;
  }

  /// The checksum of the snapshot that the store was founded from, or 0.
  std::uint64_t origin() const {
    return origin_in(memory_.others);
  }

  /// What is remembered of a peer; a default value if nothing is.
  acquaintance of(peer_id who) const;

private:
  start_id present() const noexcept;
  bool lists_start(const std::vector<start_id>& xs, start_id x) const;
  bool counts(const acquaintance& x) const;
  std::vector<peer_id> other_members() const;
  finding judge_stores(peer_id who, const credentials& theirs) const;
  finding judge_third(peer_id who, const credentials& theirs) const;
  finding judge_starts(peer_id who, const credentials& theirs) const;

  peer_id self_;
  incarnation_id incarnation_;
  std::vector<peer_id> founders_;
  bool joins_ = false;
  /// Names nobody until it is known.
  membership members_;
  /// Whether this peer was a member according to any of them.
  bool was_member_ = false;
  store_memory memory_;
  // While restored: who remembers nothing that we lack, and who remembers this
  // very start.
  std::set<peer_id> agreed_;
  std::set<peer_id> confirmed_;
};

/// "1, 2, 3", or "none".
std::string to_text(const std::vector<peer_id>& xs);

} // namespace raft::consensus
