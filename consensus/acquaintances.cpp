#include <raft/consensus/acquaintances.hpp>
#include <raft/messages/snapshot.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace raft::consensus {

namespace {

/// What somebody remembers of a peer; null if nothing.
const acquaintance* find(const std::vector<acquaintance>& xs, peer_id who) {
  const auto it = std::ranges::find(xs, who, &acquaintance::peer);
  return it == xs.end() ? nullptr : &*it;
}

std::string name(peer_id x) {
  return "peer " + to_text(x);
}

/// The end of what is said about a peer whose memory is gone.
std::string stays_out(peer_id x) {
  return " It could vote twice, so it neither votes nor counts. Start it with "
         "its own, latest directory. If that is lost, keep "
       + name(x)
       + " off: a majority of the others goes on without it, and a new peer "
         "with an id of its own can take its place ('raftctl member replace')";
}

std::string other_store(peer_id who, peer_id witness) {
  return name(who) + " comes with another store than " + name(witness)
       + " remembers of it: it was wiped and founded again, or its directory "
         "is "
         "that of another cluster."
       + stays_out(who);
}

std::string older_copy(peer_id who, peer_id witness) {
  return name(who) + " lacks a start of its store that " + name(witness)
       + " remembers: its directory is an older copy, or another process has "
         "run on a copy of it."
       + stays_out(who);
}

std::string of_origin(peer_id who, std::uint64_t checksum) {
  return name(who) + " was "
       + (checksum ? "restored from the snapshot with the checksum "
                       + checksum_text(checksum)
                   : "not restored from any snapshot");
}

std::string unequal_origins(peer_id who, std::uint64_t theirs, peer_id self,
                            std::uint64_t ours) {
  return of_origin(self, ours) + ", and " + of_origin(who, theirs)
       + ": they are two clusters. All peers of a restored cluster are "
         "restored from the same file, each into an empty directory; no member "
         "of the cluster before can take part in it";
}

} // namespace

std::string to_text(const std::vector<peer_id>& xs) {
  std::string result;
  for (const auto x : xs)
    result += (result.empty() ? "" : ", ") + to_text(x);
  return result.empty() ? "none" : result;
}

acquaintances::acquaintances(peer_id self, incarnation_id incarnation,
                             std::vector<peer_id> founders, store_memory memory)
  : self_{self},
    incarnation_{incarnation},
    founders_{std::move(founders)},
    memory_{std::move(memory)} {
  std::ranges::sort(founders_);
  was_member_ = is_in(founders_, self_);
}

void acquaintances::members_are(const membership& now) {
  members_ = now;
  was_member_ = was_member_ || raft::is_member(now, self_);
}

credentials acquaintances::shown(cluster_id cluster) const {
  credentials result{founders_,      cluster, incarnation_,
                     memory_.starts, {},      stage()};
  std::ranges::copy_if(memory_.others, std::back_inserter(result.knows),
                       [this](const acquaintance& x) { return counts(x); });
  return result;
}

/// A member of another store was added meanwhile, if not.
bool acquaintances::counts(const acquaintance& x) const {
  const auto told = details_of(members_, x.peer).incarnation;
  return !told || told == x.incarnation;
}

std::size_t acquaintances::voters() const {
  return members_.voters.empty() ? founders_.size() : members_.voters.size();
}

std::vector<peer_id> acquaintances::other_members() const {
  auto result = members_.voters.empty() ? founders_ : members_of(members_);
  std::erase(result, self_);
  return result;
}

// -- the rules ----------------------------------------------------------------

finding acquaintances::judge_place(peer_id who, const credentials& theirs,
                                   cluster_id cluster, bool led) const {
  if (raft::is_member(members_, who)) {
    const auto told = details_of(members_, who).incarnation;
    if (!told || told == theirs.incarnation)
      return {};
    return {exclusion::other_store, false,
            name(who)
              + " comes with another store than the one that was added "
                "to the cluster: it was wiped since. Wipe it again, "
                "give it a new id, and let that one take its place "
                "('raftctl member replace')"};
  }
  const auto is_ours = cluster && theirs.cluster == cluster;
  const auto known = of(who);
  // It may not have heard of the id before it was removed.
  const auto was_ours
    = is_ours
   || (cluster && !theirs.cluster && theirs.founders == founders_
       && known.incarnation && known.incarnation == theirs.incarnation);
  if (led && was_ours && (known.peer || is_in(founders_, who)))
    return {exclusion::removed, false,
            name(who)
              + " is no member of the cluster any more: it was removed. "
                "Stop it; its directory is not needed any more. To "
                "have the machine back, start it with an empty "
                "directory, a new --id and --join, and add it"};
  if (!members_.voters.empty() && !is_ours) {
    // They may have more than that against each other.
    if (auto why = judge(who, theirs, cluster);
        why.reason == exclusion::other_founders
        || why.reason == exclusion::other_cluster)
      return why;
    return {exclusion::none, false,
            name(who) + " is not among the members that " + name(self_)
              + " knows: use the same --members on all peers that found a "
                "cluster, and add others with 'raftctl member add'"};
  }
  return {};
}

finding acquaintances::judge_joining(peer_id who,
                                     const credentials& theirs) const {
  const auto* us = find(theirs.knows, self_);
  if (is_in(theirs.founders, self_) || (us && us->incarnation != incarnation_))
    return {exclusion::other_store, true,
            name(self_) + " belonged to the cluster of " + name(who)
              + ", and its store is empty now: its id cannot be used again. "
                "Start it with a new --id and --join, and let that one take "
                "its place ('raftctl member replace "
              + to_text(self_) + " NEW ADDRESS')"};
  if (theirs.founders.empty() || !theirs.cluster)
    return {exclusion::joining, false,
            name(who) + " belongs to no cluster that has an id yet"};
  if (theirs.stage != admission::full)
    return {exclusion::joining, false,
            name(who) + " takes no part in its cluster yet"};
  return {};
}

finding acquaintances::judge(peer_id who, const credentials& theirs,
                             cluster_id cluster) const {
  if (founders_.empty() || theirs.founders.empty()) {
    const auto us = founders_.empty();
    const auto empty = us ? self_ : who;
    return {exclusion::not_founded, us,
            "the store of " + name(empty)
              + " is empty, and it was started without --bootstrap. To found a "
                "new cluster, start all its peers with --bootstrap. If it has "
                "lost its data, keep it off"};
  }
  const auto named = cluster && theirs.cluster;
  if (founders_ != theirs.founders && (!named || cluster != theirs.cluster))
    return {
      exclusion::other_founders, false,
      name(self_) + " was founded with the members " + to_text(founders_)
        + ", and " + name(who) + " with " + to_text(theirs.founders)
        + ": they are two clusters. Start each peer with the directory of "
          "this cluster, or found it with the same --members on all; what "
          "only one of the two holds is not in the other"};
  if (named && cluster != theirs.cluster)
    return {exclusion::other_cluster, false,
            name(who) + " belongs to the cluster with the id "
              + to_text(theirs.cluster) + ", and " + name(self_)
              + " to that with the id " + to_text(cluster)
              + ": the directory of one of them is that of another cluster. "
                "Start it with its own"};
  // A restored cluster has no id before its first leader.
  if (const auto from = origin_in(theirs.knows); !named && from != origin())
    return {exclusion::other_founders, false,
            unequal_origins(who, from, self_, origin())};
  auto result = judge_stores(who, theirs);
  if (result)
    result = judge_third(who, theirs);
  if (result)
    result = judge_starts(who, theirs);
  if (!result)
    return result;
  for (const auto us : {true, false})
    if ((us ? stage() : theirs.stage) != admission::full)
      return {exclusion::restored, us,
              "the directory of " + name(us ? self_ : who)
                + " was copied, moved or brought back: it takes part when all "
                  "other members have confirmed that it is not an older one"};
  return {};
}

finding acquaintances::judge_stores(peer_id who,
                                    const credentials& theirs) const {
  const auto* ours = find(memory_.others, who);
  if (ours && counts(*ours) && ours->incarnation != theirs.incarnation)
    return {exclusion::other_store, false, other_store(who, self_)};
  const auto* us = find(theirs.knows, self_);
  if (us && us->incarnation != incarnation_)
    return {exclusion::other_store, true, other_store(self_, who)};
  return {};
}

/// Of those that were added, the log says which store they have. A founder's
/// store has a place in one cluster only; so whoever would let in both of two
/// stores of a third peer could help two clusters to a majority each.
finding acquaintances::judge_third(peer_id who,
                                   const credentials& theirs) const {
  for (const auto& x : theirs.knows) {
    const auto* known = find(memory_.others, x.peer);
    if (x.peer != self_ && known && known->incarnation != x.incarnation
        && is_in(founders_, x.peer))
      return {exclusion::other_third, false,
              name(who) + " and " + name(self_)
                + " remember different stores of " + name(x.peer)
                + ": they are of two clusters, or " + name(x.peer)
                + " was wiped and founded again. Start each peer with the "
                  "directory of this cluster"};
  }
  return {};
}

finding acquaintances::judge_starts(peer_id who,
                                    const credentials& theirs) const {
  const auto* ours = find(memory_.others, who);
  if (ours && counts(*ours) && ours->start
      && !lists_start(theirs.starts, ours->start))
    return {exclusion::older_copy, false, older_copy(who, self_)};
  const auto* us = find(theirs.knows, self_);
  if (us && us->start && !lists_start(memory_.starts, us->start))
    return {exclusion::older_copy, true, older_copy(self_, who)};
  return {};
}

// -- what is remembered -------------------------------------------------------

std::vector<acquaintance>
acquaintances::news_of(peer_id who, const credentials& theirs) const {
  std::vector<acquaintance> result;
  const auto add = [&](const acquaintance& x) {
    const auto* known = find(memory_.others, x.peer);
    if (!known || *known != x)
      result.push_back(x);
  };
  // Who only asks may not come after all.
  if (theirs.stage != admission::asks && !theirs.starts.empty())
    add({who, theirs.incarnation, theirs.starts.back(), present()});
  else if (theirs.stage == admission::full)
    add({who, theirs.incarnation, {}, present()});
  if (theirs.stage != admission::full)
    return result;
  for (const auto& x : theirs.knows)
    if (x.peer != self_ && x.peer != who && !find(memory_.others, x.peer)
        && std::ranges::binary_search(founders_, x.peer))
      result.push_back({x.peer, x.incarnation, {}, {}});
  return result;
}

bool acquaintances::remembers(peer_id who, const credentials& theirs) const {
  const auto known = of(who);
  const auto start = theirs.starts.empty() ? start_id{} : theirs.starts.back();
  return known.incarnation == theirs.incarnation && known.start == start;
}

void acquaintances::learn(const std::vector<acquaintance>& news) {
  for (const auto& x : news) {
    const auto at = std::ranges::lower_bound(memory_.others, x.peer, {},
                                             &acquaintance::peer);
    if (at != memory_.others.end() && at->peer == x.peer)
      *at = x;
    else
      memory_.others.insert(at, x);
  }
}

acquaintance acquaintances::of(peer_id who) const {
  const auto* known = find(memory_.others, who);
  return known ? *known : acquaintance{};
}

// -- restored stores ----------------------------------------------------------

void acquaintances::hear(peer_id who, const credentials& theirs,
                         const finding& found) {
  if (!restored())
    return;
  if (!found && found.reason != exclusion::restored) {
    agreed_.erase(who);
    confirmed_.erase(who);
    return;
  }
  agreed_.insert(who);
  const auto* us = find(theirs.knows, self_);
  if (us && us->start == present())
    confirmed_.insert(who);
}

std::vector<peer_id> acquaintances::unheard() const {
  std::vector<peer_id> result;
  if (restored())
    for (const auto x : other_members())
      if (!confirmed_.contains(x))
        result.push_back(x);
  return result;
}

bool acquaintances::may_settle() const {
  return restored() && !founders_.empty() && unheard().empty();
}

admission acquaintances::stage() const {
  if (!restored())
    return admission::full;
  const auto all = std::ranges::all_of(
    other_members(), [this](peer_id x) { return agreed_.contains(x); });
  return all ? admission::claims : admission::asks;
}

standing acquaintances::own_standing() const {
  if (joins_)
    return {exclusion::joining,
            "its store is empty, and it waits to be made a member: add it with "
            "'raftctl member add "
              + to_text(self_)
              + " HOST:PORT', or have it take the place of another one with "
                "'raftctl member replace OLD "
              + to_text(self_) + " HOST:PORT'"};
  if (founders_.empty())
    return {exclusion::not_founded,
            "its store is empty, so it takes part in nothing. It waits for "
            "nobody: to found a new cluster, start all its peers with "
            "--bootstrap, which a store that was founded ignores. If this peer "
            "has lost its data, keep it off: it could vote a second time"};
  if (restored())
    return {exclusion::restored,
            "its directory was copied, moved or brought back, so it may have "
            "forgotten what it promised. It takes part when all other members "
            "have confirmed that they remember no later start of it; still to "
            "be heard: "
              + to_text(unheard())};
  if (was_member_ && members_.index && !raft::is_member(members_, self_))
    return {exclusion::removed,
            "it is no member of its cluster any more: it was removed. Stop it; "
            "its directory is not needed any more"};
  return {};
}

start_id acquaintances::present() const noexcept {
  return memory_.starts.empty() ? start_id{} : memory_.starts.back();
}

bool acquaintances::lists_start(const std::vector<start_id>& xs,
                                start_id x) const {
  return std::ranges::find(xs, x) != xs.end();
}

} // namespace raft::consensus
