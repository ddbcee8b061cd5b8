#include <raft/programs/table.hpp>
#include <raft/tools/lib/members.hpp>
#include <raft/tools/lib/status.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace raft::tools {

namespace {

using enum member_change::kind;

verdict no_member(peer_id who, const membership& now) {
  return {exit_code::usage,
          fmt::format("peer {} is no member of the cluster; its members are {}",
                      who.value, listed(members_of(now)))};
}

verdict member_already(peer_id who) {
  return {exit_code::no, fmt::format("peer {} is a member of the cluster "
                                     "already: look at 'raftctl member list'",
                                     who.value)};
}

member_details& details_in(membership& x, peer_id who) {
  const auto at = std::ranges::find(x.details, who, &member_details::peer);
  if (at != x.details.end())
    return *at;
  member_details fresh;
  fresh.peer = who;
  return x.details.emplace_back(fresh);
}

void erase(membership& from, peer_id who) {
  std::erase(from.voters, who);
  std::erase(from.learners, who);
  std::erase_if(from.details,
                [who](const member_details& x) { return x.peer == who; });
  // Who was to take its place is an ordinary newcomer now.
  for (auto& x : from.details)
    if (x.replaces == who)
      x.replaces = {};
}

std::variant<membership, verdict> with_newcomer(const member_change& what,
                                                membership now,
                                                incarnation_id incarnation) {
  if (is_member(now, what.who))
    return member_already(what.who);
  if (what.old && !is_member(now, what.old))
    return no_member(what.old, now);
  // One without a vote has no place that can be taken by a vote.
  const auto votes = !what.learner && (!what.old || is_voter(now, what.old));
  if (what.old && !votes)
    erase(now, what.old);
  now.learners.push_back(what.who);
  auto& x = details_in(now, what.who);
  x.incarnation = incarnation;
  x.address = what.address;
  x.joins = votes;
  if (votes)
    x.replaces = what.old;
  return now;
}

/// Gives a learner its vote, when it has caught up or at once.
std::variant<membership, verdict> with_vote(const member_change& what,
                                            membership now) {
  if (is_in(now.voters, what.who))
    return verdict{exit_code::no,
                   fmt::format("peer {} has a vote already", what.who.value)};
  auto& x = details_in(now, what.who);
  x.joins = !what.force;
  if (what.force) {
    std::erase(now.learners, what.who);
    now.voters.push_back(what.who);
    std::erase(now.voters, std::exchange(x.replaces, {}));
  }
  return now;
}

std::variant<membership, verdict> without_vote(const member_change& what,
                                               membership now) {
  if (!is_in(now.voters, what.who))
    return verdict{exit_code::no,
                   fmt::format("peer {} has no vote already", what.who.value)};
  std::erase(now.voters, what.who);
  now.learners.push_back(what.who);
  return now;
}

/// The voters when all newcomers have caught up.
std::vector<peer_id> voters_in_the_end(const membership& x) {
  auto result = x.voters;
  for (const auto& y : x.details)
    if (y.joins && is_in(x.learners, y.peer)) {
      std::erase(result, y.replaces);
      result.push_back(y.peer);
    }
  return result;
}

std::string role_of(const membership& x, peer_id who) {
  const auto about = details_of(x, who);
  if (is_in(x.voters, who))
    return is_joint(x) && !is_in(x.outgoing, who) ? "becomes voter" : "voter";
  if (is_in(x.outgoing, who))
    return is_in(x.learners, who) ? "becomes learner" : "leaves";
  if (!about.joins)
    return "learner";
  return about.replaces ? "joins for " + to_text(about.replaces) : "joins";
}

std::string address_of(const membership& x, peer_id who,
                       const std::map<peer_id, std::string>& addresses) {
  auto result = details_of(x, who).address;
  if (const auto at = addresses.find(who);
      result.empty() && at != addresses.end())
    result = at->second;
  return result;
}

const peer_progress* progress_of(const peer_state& leader, peer_id who) {
  const auto at = std::ranges::find(leader.others, who, &peer_progress::peer);
  return at == leader.others.end() ? nullptr : &*at;
}

std::uint64_t lag_of(const peer_state& leader, const peer_progress& x) {
  return leader.last > x.match ? leader.last - x.match : 0;
}

std::string usage_of(change_result why, const std::string& peer) {
  switch (why) {
    case change_result::no_voters:
      return "then nobody would have a vote";
    case change_result::duplicate_address:
      return "two members would have the same address, one of them peer " + peer
           + ": give each its own";
    case change_result::id_was_used:
      return "the id " + peer
           + " was that of another store before, and an id is never used "
             "again: start the new peer with an --id of its own";
    default:
      return "the leader cannot make sense of that, because of peer " + peer;
  }
}

std::string refusal_of(change_result why, const std::string& peer) {
  switch (why) {
    case change_result::not_caught_up:
      return "peer " + peer
           + " has not caught up with the others, so it cannot be relied on "
             "yet. Wait, or say --force";
    case change_result::loses_quorum:
      return "a majority of those who would have a vote does not answer: no "
             "command would be executed any more. Bring peers back first, or "
             "say --force";
    case change_result::too_old:
      return "peer " + peer
           + " runs a release that knows of no changes of members: update it "
             "first";
    default:
      return "the leader has dropped entries that a new peer needs, and its "
             "state machine has no snapshots";
  }
}

} // namespace

std::variant<membership, verdict> members_wanted(const member_change& what,
                                                 const membership& now,
                                                 incarnation_id incarnation) {
  if (what.what == add || what.what == replace)
    return with_newcomer(what, now, incarnation);
  if (!is_member(now, what.who))
    return no_member(what.who, now);
  auto result = now;
  switch (what.what) {
    case promote:
      return with_vote(what, now);
    case demote:
      return without_vote(what, now);
    case update:
      details_in(result, what.who).address = what.address;
      return result;
    default:
      erase(result, what.who);
      return result;
  }
}

change_stage stage_of(const member_change& what, const peer_state& leader) {
  const auto& now = leader.configuration;
  const auto about = details_of(now, what.who);
  const auto learns = is_in(now.learners, what.who);
  auto is_so = false, comes = false;
  switch (what.what) {
    case add:
    case promote:
    case replace:
      is_so
        = is_in(now.voters, what.who)
       || (learns && !about.joins && (what.learner || what.what == replace));
      is_so = is_so && !(what.old && is_member(now, what.old));
      comes = is_in(now.voters, what.who) || (learns && about.joins);
      break;
    case demote:
      is_so = learns;
      break;
    case update:
      is_so = about.address == what.address;
      break;
    case remove:
      is_so = !is_in(now.voters, what.who) && !learns;
      break;
  }
  if (!is_so)
    return comes ? change_stage::under_way : change_stage::none;
  return is_joint(now) || now.index > leader.commit ? change_stage::under_way
                                                    : change_stage::done;
}

verdict judge_new_peer(const member_change& what, const peer_state& fresh,
                       const peer_state& leader) {
  const auto no = [&](const std::string& why) {
    return verdict{exit_code::usage,
                   fmt::format("the peer at {} {}", what.address, why)};
  };
  if (fresh.id != what.who)
    return no(
      fmt::format("is peer {}, not peer {}", fresh.id.value, what.who.value));
  if (fresh.members.empty() && fresh.kept_out.reason != exclusion::joining)
    return no("was started without --join: start it with that");
  if (!fresh.members.empty() && fresh.cluster != leader.cluster)
    return no("belongs to another cluster: start it with an empty directory");
  return {};
}

bool passes(change_result x) {
  switch (x) {
    case change_result::not_leader:
    case change_result::not_ready:
    case change_result::under_way:
    case change_result::outdated:
    case change_result::busy:
    case change_result::stopping:
      return true;
    default:
      return false;
  }
}

verdict judge(const members_changed& x, const member_change&) {
  const auto peer = to_text(x.peer);
  switch (x.result) {
    case change_result::begun:
    case change_result::no_change:
      return {};
    case change_result::no_voters:
    case change_result::malformed:
    case change_result::duplicate_address:
    case change_result::id_was_used:
      return {exit_code::usage,
              usage_of(x.result, peer) + "; nothing was changed"};
    case change_result::under_way:
      return {exit_code::no, "another change of members is under way, and did "
                             "not end in time; nothing was changed"};
    case change_result::not_caught_up:
    case change_result::loses_quorum:
    case change_result::too_old:
    case change_result::needs_snapshots:
      return {exit_code::no,
              refusal_of(x.result, peer) + "; nothing was changed"};
    default:
      return {exit_code::unreachable,
              "no leader was ready to change members in time; nothing was "
              "changed. Look at 'raftctl status', and try again"};
  }
}

std::string warning_about(const membership& wanted) {
  const auto n = voters_in_the_end(wanted).size();
  if (n == 0 || n % 2 != 0)
    return {};
  return fmt::format("{} peers have a vote then, which tolerates no more "
                     "failures than {} do: an odd number is better",
                     n, n - 1);
}

std::string member_table(const peer_state& leader,
                         const std::map<peer_id, std::string>& addresses) {
  const auto& now = leader.configuration;
  programs::table result{{"peer", "address", "role", "connected", "lacks"}};
  for (const auto id : members_of(now)) {
    const auto where = address_of(now, id, addresses);
    const auto* x = progress_of(leader, id);
    const auto leads = id == leader.id;
    result.add({to_text(id), where.empty() ? "-" : where, role_of(now, id),
                leads                          ? "leads"
                : x != nullptr && x->connected ? "yes"
                                               : "no",
                leads ? "0"
                : x   ? std::to_string(lag_of(leader, *x))
                      : "-"});
  }
  auto text = result.to_text();
  if (is_joint(now) || now.index > leader.commit)
    text += "\na change is under way\n";
  if (leader.level)
    text += "\nall speak version " + std::to_string(leader.level)
          + " of the protocol, for good\n";
  return text;
}

std::string member_json(const peer_state& leader,
                        const std::map<peer_id, std::string>& addresses) {
  const auto& now = leader.configuration;
  auto members = nlohmann::ordered_json::array();
  for (const auto id : members_of(now)) {
    const auto about = details_of(now, id);
    const auto* x = progress_of(leader, id);
    nlohmann::ordered_json row{
      {"peer", id.value},         {"address", address_of(now, id, addresses)},
      {"role", role_of(now, id)}, {"leads", id == leader.id},
      {"joins", about.joins},     {"replaces", about.replaces.value}};
    if (x != nullptr) {
      row["connected"] = x->connected;
      row["lag"] = lag_of(leader, *x);
    }
    members.push_back(std::move(row));
  }
  const nlohmann::ordered_json result{
    {"index", now.index.value},
    {"under_way", is_joint(now) || now.index > leader.commit},
    {"level", leader.level},
    {"members", std::move(members)}};
  return result.dump(2) + "\n";
}

} // namespace raft::tools
