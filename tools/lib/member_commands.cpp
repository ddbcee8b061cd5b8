// What raftctl does about the members of a cluster.

#include <raft/client/connect.hpp>
#include <raft/tools/lib/all_peers.hpp>
#include <raft/tools/lib/commands.hpp>
#include <raft/tools/lib/leader.hpp>
#include <raft/tools/lib/members.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>
#include <utility>

namespace raft::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long to wait before it is looked again.
constexpr milliseconds look_pause{50};

verdict nobody_leads() {
  return {exit_code::unreachable,
          "no peer that answers leads; nothing was changed. Look at 'raftctl "
          "status': a majority of the peers must run and reach each other"};
}

/// Goes on asking for one change until it has begun, or is done.
class member_changer {
public:
  member_changer(context& ctx, const member_change& what)
    : ctx_{ctx},
      what_{what},
      until_{steady_clock::now() + ctx.timeout},
      end_{nobody_leads()} {
    // nop
  }

  verdict run() {
    for (;; std::this_thread::sleep_for(look_pause)) {
      const auto leader = find_leader(ctx_.client);
      if (leader)
        if (auto result = look(*leader))
          return *result;
      if (steady_clock::now() >= until_)
        return end_;
    }
  }

private:
  /// @returns how it ended, if it did.
  std::optional<verdict> look(const client::server_state& leader) {
    const auto stage = stage_of(what_, leader.state);
    if (begun_ && (stage == change_stage::done || !what_.wait)) {
      std::cout << (stage == change_stage::done ? "done\n" : "begun\n");
      return verdict{};
    }
    if (begun_ && stage == change_stage::under_way) {
      end_ = {exit_code::unknown,
              "the change has begun, but is not done yet; it goes on by "
              "itself: look at 'raftctl member list'"};
      return std::nullopt;
    }
    return begin(leader);
  }

  std::optional<verdict> begin(const client::server_state& leader) {
    const auto& now = leader.state.configuration;
    auto wanted = members_wanted(what_, now, {});
    if (std::holds_alternative<membership>(wanted)) {
      auto why = ask_new_peer(leader.state);
      // It may be about to start.
      if (why.code == exit_code::unreachable) {
        end_ = std::move(why);
        return std::nullopt;
      }
      if (why.code != exit_code::ok)
        return why;
      wanted = members_wanted(what_, now, incarnation_);
    }
    if (const auto* why = std::get_if<verdict>(&wanted))
      return *why;
    const auto& next = std::get<membership>(wanted);
    if (auto why = warning_about(next); !why.empty() && why != warned_)
      std::cerr << "raftctl: warning: " << (warned_ = why) << '\n';
    try {
      const auto answer = ctx_.client.change(
        leader.where, {{}, now.index, next, what_.force}, left());
      end_ = judge(answer, what_);
      if (passes(answer.result))
        return std::nullopt;
      if (end_.code != exit_code::ok)
        return end_;
      begun_ = true;
      if (!what_.wait) {
        std::cout << "begun\n";
        return end_;
      }
    } catch (const client::client_error& e) {
      // If it has begun after all, that shows.
      begun_ = true;
      end_ = {exit_code::unknown,
              fmt::format("{}. It is not known whether that was begun: look at "
                          "'raftctl member list'",
                          e.what())};
    }
    return std::nullopt;
  }

  /// Finds out whether the new peer is who it should be.
  verdict ask_new_peer(const peer_state& leader) {
    const auto adds = what_.what == member_change::kind::add
                   || what_.what == member_change::kind::replace;
    if (!adds || incarnation_)
      return {};
    try {
      const auto fresh = ctx_.client.state(links::parse_address(what_.address));
      auto result = judge_new_peer(what_, fresh, leader);
      if (result.code == exit_code::ok)
        incarnation_ = fresh.incarnation;
      return result;
    } catch (const client::client_error& e) {
      return {exit_code::unreachable,
              fmt::format("{}: start the new peer first, with --id {} --join",
                          e.what(), what_.who.value)};
    }
  }

  milliseconds left() const {
    return std::max(
      std::chrono::ceil<milliseconds>(until_ - steady_clock::now()),
      milliseconds{1});
  }

  context& ctx_;
  const member_change& what_;
  steady_clock::time_point until_;
  verdict end_;
  incarnation_id incarnation_;
  bool begun_ = false;
  std::string warned_;
};

} // namespace

verdict change_members(context& ctx, const member_change& what) {
  auto exact = what;
  if (!exact.address.empty())
    exact.address = links::to_text(links::parse_address(exact.address));
  return member_changer{ctx, exact}.run();
}

verdict list_members(context& ctx, bool json) {
  const auto leader = find_leader(ctx.client);
  if (!leader)
    return nobody_leads();
  std::map<peer_id, std::string> addresses;
  for (const auto& x : ask_all(ctx.client))
    if (x.error.empty())
      addresses[x.state.id] = links::to_text(x.where);
  std::cout << (json ? member_json(leader->state, addresses)
                     : member_table(leader->state, addresses));
  return {};
}

} // namespace raft::tools
