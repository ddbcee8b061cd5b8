// What is wrong with a cluster, as its peers tell it.

#include <raft/consensus/note.hpp>
#include <raft/events/event.hpp>
#include <raft/tools/lib/status.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace raft::tools {

namespace {

using servers = std::vector<client::server_state>;
using complaints = std::vector<std::string>;

std::string name(const client::server_state& x) {
  return fmt::format("peer {} at {}", x.state.id.value,
                     links::to_text(x.where));
}

/// Those that answered.
std::vector<const client::server_state*> present(const servers& all) {
  std::vector<const client::server_state*> result;
  for (const auto& x : all)
    if (x.error.empty())
      result.push_back(&x);
  return result;
}

// -- what must never be -------------------------------------------------------

/// Says why two peers cannot be of one cluster; empty if they can.
std::string contradiction(const client::server_state& a,
                          const client::server_state& b) {
  const auto& x = a.state;
  const auto& y = b.state;
  if (x.id == y.id && x.incarnation == y.incarnation)
    return {}; // two addresses of one process
  if (x.id == y.id)
    return fmt::format("{} and {} say that they are the same peer, with "
                       "different stores: end the one that does not belong "
                       "there",
                       name(a), name(b));
  if (x.cluster && y.cluster && x.cluster != y.cluster)
    return fmt::format("{} and {} do not belong together: one is of the "
                       "cluster {:x}, the other of {:x}",
                       name(a), name(b), x.cluster.value, y.cluster.value);
  // Where both know their cluster, one may lag behind a change of members.
  if (!(x.cluster && y.cluster) && !x.members.empty() && !y.members.empty()
      && x.members != y.members)
    return fmt::format("{} and {} do not belong together: one knows the "
                       "members {}, the other {}",
                       name(a), name(b), listed(x.members), listed(y.members));
  if (x.role == peer_role::leader && y.role == peer_role::leader)
    return fmt::format(
      "two peers lead: {} in term {}, and {} in term {}; {}", name(a),
      x.term.value, name(b), y.term.value,
      x.term == y.term
        ? "they do not belong together, because a term has one leader only"
        : "one of them is cut off and should notice within seconds, or they do "
          "not belong together");
  return {};
}

/// Whether a peer is kept out because somebody is mixed up, not because it has
/// lost something.
bool is_foreign(const peer_state& x) {
  switch (x.kept_out.reason) {
    case exclusion::other_founders:
    case exclusion::other_cluster:
    case exclusion::other_third:
    case exclusion::second_process:
      return true;
    default:
      return false;
  }
}

complaints contradictions(const servers& all) {
  complaints result;
  auto here = present(all);
  for (const auto* x : here)
    if (is_foreign(x->state))
      result.push_back(fmt::format("{} does not belong to the others: {}",
                                   name(*x), x->state.kept_out.text));
  for (auto i = here.begin(); i != here.end(); ++i)
    for (auto j = here.begin(); j != i; ++j)
      if (auto what = contradiction(**j, **i); !what.empty())
        result.push_back(what);
  return result;
}

// -- who leads ----------------------------------------------------------------

struct leadership {
  /// 0 if nobody leads, as far as those who answer know.
  peer_id who;
  term_number term;
  /// Its own words, or null.
  const client::server_state* answer = nullptr;
};

leadership find_leader(const servers& all) {
  leadership result;
  auto here = present(all);
  for (const auto* x : here)
    result.term = std::max(result.term, x->state.term);
  std::set<peer_id> asked;
  for (const auto* x : here) {
    asked.insert(x->state.id);
    if (x->state.role == peer_role::leader && x->state.term == result.term)
      return {x->state.id, result.term, x};
  }
  // One that was asked has said that it does not lead.
  for (const auto* x : here)
    if (x->state.term == result.term && x->state.leader
        && !asked.contains(x->state.leader))
      result.who = x->state.leader;
  return result;
}

std::string no_leader(const servers& all) {
  std::string result = "there is no leader: a majority of the peers must run "
                       "and reach each other";
  std::size_t members = 0;
  for (const auto* x : present(all))
    members = std::max(members, x->state.members.size());
  if (members > all.size())
    result
      += fmt::format(" ({} of {} members were asked)", all.size(), members);
  return result;
}

// -- what could be better -----------------------------------------------------

void add_silent(const servers& all, complaints& result) {
  for (const auto& x : all)
    if (!x.error.empty())
      result.push_back(
        fmt::format("{} cannot be asked", links::to_text(x.where)));
}

void add_own_troubles(const servers& all, const leadership& leader,
                      complaints& result) {
  log_index commit;
  for (const auto* x : present(all))
    commit = std::max(commit, x->state.commit);
  for (const auto* x : present(all)) {
    const auto& state = x->state;
    if (state.kept_out.reason != exclusion::none)
      result.push_back(
        fmt::format("{} takes no part: {}", name(*x), state.kept_out.text));
    else if (state.members.empty())
      result.push_back(
        fmt::format("{} has an empty store and takes no part: nobody has told "
                    "it who the members are",
                    name(*x)));
    else if (leader.who && !state.leader && state.role != peer_role::leader)
      result.push_back(fmt::format("{} follows no leader ({})", name(*x),
                                   consensus::to_text(state.role)));
    else if (leader.who && state.leader && state.leader != leader.who)
      result.push_back(
        fmt::format("{} still follows peer {}", name(*x), state.leader.value));
    if (lag(state, commit) > lag_max)
      result.push_back(fmt::format("{} has {} committed entries still to apply",
                                   name(*x), lag(state, commit)));
  }
}

/// From where one that lacks entries gets them.
std::string how_to_get_them(const peer_state& leader, const peer_progress& x) {
  if (x.match.next() < leader.first)
    return fmt::format(
      "; the leader's log begins at entry {}, so it {}", leader.first.value,
      x.connected ? "is brought a snapshot" : "will be brought a snapshot");
  return fmt::format("; the leader's log has them ({} from entry {} on)",
                     events::text_of_bytes(leader.log_bytes),
                     leader.first.value);
}

/// What the leader says of the others.
void add_behind(const leadership& leader, complaints& absent,
                complaints& slow) {
  if (leader.answer == nullptr)
    return;
  const auto& state = leader.answer->state;
  for (const auto& x : state.others) {
    auto behind = state.last > x.match ? state.last - x.match : 0;
    if (x.connected && behind <= lag_max)
      continue;
    auto what = fmt::format("peer {}", x.peer.value);
    if (!x.connected)
      what += " is not connected to the leader";
    if (behind > 0)
      what += fmt::format("{} lacks {} entries{}", x.connected ? "" : " and",
                          behind, how_to_get_them(state, x));
    (x.connected ? slow : absent).push_back(what);
  }
}

std::string all_is_well(const servers& all, const leadership& leader) {
  auto result = fmt::format("peer {} leads in term {}", leader.who.value,
                            leader.term.value);
  std::size_t members = 0;
  std::set<peer_id> asked;
  for (const auto* x : present(all)) {
    members = std::max(members, x->state.members.size());
    asked.insert(x->state.id);
  }
  if (leader.answer != nullptr)
    return result
         + fmt::format("; all {} members are there and up to date", members);
  return result
       + fmt::format(", as far as peer {} knows; {} of {} members were asked, "
                     "name all of them to know more",
                     listed({asked.begin(), asked.end()}), asked.size(),
                     members);
}

std::string join(const complaints& all) {
  return fmt::format("{}", fmt::join(all, "\n  "));
}

} // namespace

std::string listed(const std::vector<peer_id>& xs) {
  std::vector<std::uint64_t> numbers;
  for (auto x : xs)
    numbers.push_back(x.value);
  return fmt::format("{}", fmt::join(numbers, ", "));
}

std::uint64_t lag(const peer_state& x, log_index commit) {
  return commit > x.applied ? commit - x.applied : 0;
}

verdict judge(const servers& all) {
  if (auto wrong = contradictions(all); !wrong.empty())
    return {exit_code::unreachable, join(wrong)};
  auto leader = find_leader(all);
  complaints unreachable;
  if (!leader.who)
    unreachable.push_back(no_leader(all));
  add_silent(all, unreachable);
  complaints others;
  add_behind(leader, unreachable, others);
  add_own_troubles(all, leader, others);
  auto code = unreachable.empty() ? exit_code::no : exit_code::unreachable;
  unreachable.insert(unreachable.end(), others.begin(), others.end());
  if (!unreachable.empty())
    return {code, join(unreachable)};
  return {exit_code::ok, all_is_well(all, leader)};
}

} // namespace raft::tools
