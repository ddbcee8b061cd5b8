#include <raft/consensus/quorum.hpp>
#include <raft/simulation/safety_checker.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace raft::simulation {

namespace {

/// What a follower has told its leader to be on its disk is there: only a later
/// term could have taken it away.
/// @param lost Whose disks were lost.
void check_matches(const consensus::core& leader,
                   const std::vector<virtual_peer>& all,
                   const std::set<peer_id>& lost) {
  for (const auto& x : leader.state().others) {
    const auto& follower = all[x.peer.value - 1];
    auto term = follower.running() ? follower.core().term()
                                   : follower.disk().hard().term;
    auto at = leader.log().term_at(x.match);
    if (!at || term > leader.term() || lost.contains(x.peer))
      continue;
    if (!follower.disk().holds({x.match, *at}))
      throw violation{"leader " + to_text(leader.self().id)
                      + " believes that peer " + to_text(x.peer)
                      + " has entries on its disk that it does not have"};
  }
}

} // namespace

safety_checker::safety_checker(std::size_t peers, std::size_t spares)
  : peers_(peers + spares) {
  for (std::uint64_t i = 1; i <= peers; ++i)
    deciding_.voters.push_back({i});
  next_deciding_ = deciding_;
}

void safety_checker::inherit(const std::vector<peer_id>& founders,
                             const std::vector<entry>& log) {
  deciding_ = next_deciding_ = {{}, founders, {}};
  term_number previous;
  for (const auto& x : log) {
    committed_.push_back({x.term, {}});
    entries_.try_emplace({x.index, x.term}, origin{x, previous, {}});
    previous = x.term;
  }
}

void safety_checker::process_started(const virtual_peer& peer) {
  auto& known = peers_[peer.id().value - 1];
  auto process = known.process + 1;
  known = {};
  known.process = process;
  // What was dropped was committed.
  auto dropped = peer.disk().compacted().index;
  for (log_index i{1}; i <= dropped; ++i)
    known.terms.push_back(committed_.at(i.value - 1).term);
}

void safety_checker::after_step(const virtual_peer& peer,
                                const std::vector<virtual_peer>& all,
                                consensus::instant now) {
  auto& known = peers_[peer.id().value - 1];
  check_log(peer, known, now);
  check_election(peer, known);
  if (peer.core().leads())
    check_matches(peer.core(), all, lost_);
  check_commit(peer, known, all);
  check_members(peer, known);
  check_applied(peer, known);
  check_lease(peer.core());
}

/// A lease ends before anybody else can lead. What its holder reads then would
/// miss what the other one commits.
void safety_checker::check_lease(const consensus::core& x) const {
  if (x.has_lease() && leaders_.rbegin()->first > x.term())
    throw violation{"lease: " + to_text(x.self().id) + " answers by lease in "
                    + "term " + to_text(x.term()) + ", though "
                    + to_text(leaders_.rbegin()->second.first)
                    + " has been elected in a later one"};
}

void safety_checker::check_disks(const std::vector<virtual_peer>& all) const {
  for (const auto& x : all)
    for (const auto& y : all)
      if (x.waits_for_absent() && !lost_.contains(y.id())
          && !y.disk().holds(x.disk().compacted()))
        throw violation{"peer " + to_text(x.id()) + " dropped entries that "
                        + to_text(y.id()) + " does not have on its disk"};
  if (committed_.empty())
    return;
  // By log matching, whoever has the last one has all of them.
  log_position last{{committed_.size()}, committed_.back().term};
  const auto holds = [&](peer_id who) {
    return lost_.contains(who) || all[who.value - 1].disk().holds(last);
  };
  if (!consensus::agreed(deciding_, holds)
      && !consensus::agreed(next_deciding_, holds))
    throw violation{"durability: the committed entry " + to_text(last)
                    + " is not on the disks of a majority"};
}

void safety_checker::acknowledged(const log_position& x) const {
  // Whose log begins later by now does not know the term.
  if (!x.index || x.index.value > committed_.size()
      || (x.term && committed_[x.index.value - 1].term != x.term))
    throw violation{"durability: a client was told that " + to_text(x)
                    + " is committed, but no peer knows of that"};
}

/// "Election Safety: at most one leader can be elected in a given term."
void safety_checker::check_election(const virtual_peer& peer, of_peer& known) {
  const auto& core = peer.core();
  auto leads = core.leads();
  auto began = leads && !known.led;
  known.led = leads;
  if (!leads)
    return;
  std::pair who{peer.id(), known.process};
  auto [at, fresh] = leaders_.emplace(core.term(), who);
  if (at->second != who)
    throw violation{"election safety: term " + to_text(core.term())
                    + " has two leaders, " + to_text(at->second.first) + " and "
                    + to_text(who.first)};
  if (began && !fresh)
    throw violation{"a leader was elected twice in the same term"};
  // "Leader Completeness: if a log entry is committed in a given term, then
  // that entry will be present in the logs of the leaders for all
  // higher-numbered terms."
  if (began && !has_all_committed(core))
    throw violation{"leader completeness: the new leader " + to_text(peer.id())
                    + " lacks a committed entry"};
}

/// "Log Matching: if two logs contain an entry with the same index and term,
/// then the logs are identical in all entries up through the given index."
void safety_checker::check_log(const virtual_peer& peer, of_peer& known,
                               consensus::instant now) {
  const auto& log = peer.core().log();
  auto last = log.last();
  auto same = std::min<std::size_t>(last.index.value, known.terms.size());
  while (same > log.compacted().index.value
         && log.term_at({same}) != known.terms[same - 1])
    --same;
  known.terms.resize(same);
  // What a snapshot stands for was committed, whatever the log had before.
  if (known.compacted < log.compacted().index)
    take_snapshot_for(peer, known);
  for (log_index i{known.terms.size() + 1}; i <= last.index; ++i) {
    auto term = log.term_at(i).value();
    auto previous = known.terms.empty() ? term_number{} : known.terms.back();
    known.terms.push_back(term);
    const auto* e = log.find(i);
    if (!e)
      e = &peer.disk().entries().at(i.value - 1);
    if (e->index != i || e->term != term)
      throw violation{"an entry is not where it says"};
    auto [at, fresh]
      = entries_.try_emplace({i, term}, origin{*e, previous, now});
    if (fresh)
      check_time(at->second);
    if (at->second.previous != previous || at->second.what != *e)
      throw violation{"log matching: two entries "
                      + to_text(log_position{i, term}) + " differ"};
  }
}

void safety_checker::take_snapshot_for(const virtual_peer& peer,
                                       of_peer& known) const {
  const auto& point = peer.core().log().compacted();
  known.compacted = point.index;
  if (point.index.value > committed_.size()
      || committed_[point.index.value - 1].term != point.term)
    throw violation{"state machine safety: the log of peer "
                    + to_text(peer.id()) + " begins after " + to_text(point)
                    + ", which is not committed"};
  known.terms.resize(
    std::max<std::size_t>(known.terms.size(), point.index.value));
  for (std::size_t i = 0; i < point.index.value; ++i)
    known.terms[i] = committed_[i].term;
}

/// The times of entries never go backwards, and do not run ahead of what
/// passed, whatever wall clocks show: sessions in use would expire. Peers'
/// clocks run up to half too fast, and times an eighth faster. As long as one
/// peer leads, they do not stand still either, or idle sessions would stay.
void safety_checker::check_time(const origin& x) const {
  const auto& e = x.what;
  auto before = entries_.find({e.index.previous(), x.previous});
  if (before == entries_.end() || before->second.what.time_ms == 0)
    return;
  auto was = before->second.what.time_ms;
  auto passed
    = static_cast<std::uint64_t>((x.when - before->second.when).count());
  auto most = passed * 3 / 2 * 9 / 8 / 1000 + 2;
  auto least = e.term == x.previous ? passed / 2 * 7 / 8 / 1000 : 0;
  if (e.time_ms < was || e.time_ms - was > most || e.time_ms - was + 2 < least)
    throw violation{
      "the time of entry " + to_text(log_position{e.index, e.term}) + " is "
      + std::to_string(e.time_ms) + ", but before it was " + std::to_string(was)
      + ", " + std::to_string(passed / 1000) + " ms ago"};
}

void safety_checker::check_commit(const virtual_peer& peer, of_peer& known,
                                  const std::vector<virtual_peer>& all) {
  const auto& core = peer.core();
  if (core.commit() > core.log().last().index)
    throw violation{"a commit index lies beyond the log"};
  auto before = committed_.size();
  for (auto i = known.commit.next(); i <= core.commit(); ++i) {
    auto term = known.terms.at(i.value - 1);
    if (i.value > committed_.size())
      committed_.push_back({term, core.term()});
    auto& entry = committed_[i.value - 1];
    if (entry.term != term)
      throw violation{"state machine safety: at index " + to_text(i)
                      + " two entries are committed"};
    entry.known_in = std::min(entry.known_in, core.term());
  }
  // "Only log entries from the leader's current term are committed by counting
  // replicas" (section 5.4.2).
  if (core.leads() && core.commit() > known.commit
      && core.log().term_at(core.commit()) != core.term())
    throw violation{"a leader committed an entry of an earlier term alone"};
  known.commit = core.commit();
  if (committed_.size() == before)
    return;
  deciding_ = core.members_at(core.commit());
  next_deciding_ = core.members();
  check_disks(all);
  for (const auto& other : all)
    if (other.running() && other.core().leads()
        && other.core().term() > core.term()
        && !has_all_committed(other.core()))
      throw violation{"leader completeness: the leader " + to_text(other.id())
                      + " lacks a committed entry"};
}

/// Whoever knows who the members are as of a committed entry knows the same, of
/// the same level, whether it has that from the log or from a snapshot.
void safety_checker::check_members(const virtual_peer& peer, of_peer& known) {
  const auto& core = peer.core();
  if (std::exchange(known.members, core.commit()) == core.commit())
    return;
  const auto& now = core.members_at(core.commit());
  if (now.voters.empty())
    return; // it joins, and knows nobody
  const auto [at, fresh] = members_.try_emplace(now.index, now);
  if (at->second != now)
    throw violation{"state machine safety: peer " + to_text(peer.id())
                    + " has other members as of entry " + to_text(now.index)
                    + " than were committed, or another level"};
  if (const auto next = std::next(at);
      next != members_.end() && next->first <= core.commit())
    throw violation{"state machine safety: peer " + to_text(peer.id())
                    + " has not the members of entry " + to_text(next->first)
                    + ", which is committed"};
}

/// "State Machine Safety: if a server has applied a log entry at a given index
/// to its state machine, no other server will ever apply a different log entry
/// for the same index."
void safety_checker::check_applied(const virtual_peer& peer, of_peer& known) {
  const auto& applied = peer.applied();
  for (; known.applied < applied.size(); ++known.applied) {
    const auto& e = applied[known.applied];
    if (e.index.value != known.applied + 1 || e.index.value > committed_.size()
        || committed_[known.applied].term != e.term
        || entries_.at({e.index, e.term}).what != e)
      throw violation{"state machine safety: peer " + to_text(peer.id())
                      + " applied something else than was committed"};
  }
}

/// Whether a leader has all that was committed in the terms before its own. An
/// old leader need not have what later ones committed.
bool safety_checker::has_all_committed(const consensus::core& x) const {
  for (auto i = committed_.size(); i > 0; --i) {
    const auto& entry = committed_[i - 1];
    if (entry.known_in < x.term())
      return log_index{i} < x.log().compacted().index
          || x.log().holds({{i}, entry.term});
  }
  return true;
}

} // namespace raft::simulation
