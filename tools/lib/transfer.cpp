#include <raft/client/connect.hpp>
#include <raft/tools/lib/commands.hpp>
#include <raft/tools/lib/leader.hpp>
#include <raft/tools/lib/status.hpp>
#include <raft/tools/lib/transfer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>
#include <vector>

namespace raft::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long to wait before it is asked again who leads.
constexpr milliseconds pause{50};

std::string refusal(transfer_result why, const std::string& peer) {
  switch (why) {
    case transfer_result::unreachable:
      return "the leader does not reach peer " + peer
           + ", or gets no answers from it";
    case transfer_result::lags:
      return "peer " + peer
           + " lags too far behind to take over in time: look at 'raftctl "
             "status', and try again when it has caught up";
    case transfer_result::should_not_lead:
      return "peer " + peer
           + " should not lead: its --priority is 0, or its disk or its state "
             "machine stands still";
    case transfer_result::too_old:
      return "peer " + peer
           + " runs a release that knows no transfers, or has not answered yet";
    case transfer_result::under_way:
      return "the leader is handing over to another peer already";
    case transfer_result::nobody_fit:
      return "no other voter is fit to lead: each of them is out of reach, "
             "lags "
             "far behind, or should not lead";
    default:
      return "peer " + peer + " did not take over in time";
  }
}

} // namespace

verdict judge(const leadership_transferred& x, peer_id asked,
              const peer_state& leader) {
  const auto peer = to_text(x.target);
  switch (x.result) {
    case transfer_result::transferred:
      if (!asked || x.leader == asked)
        return {};
      return {exit_code::no,
              fmt::format("peer {} leads now, in term {}, and not peer {}: "
                          "another one was elected meanwhile",
                          x.leader.value, x.term.value, asked.value)};
    case transfer_result::leads_already:
      return {};
    case transfer_result::unknown_peer:
      return {exit_code::usage,
              fmt::format("peer {} is no member of the cluster; its voters are "
                          "{}",
                          peer, listed(leader.members))};
    case transfer_result::not_a_voter:
      return {exit_code::usage, fmt::format("peer {} has no vote, so it cannot "
                                            "lead; the voters are {}",
                                            peer, listed(leader.members))};
    case transfer_result::not_leader:
    case transfer_result::stopping:
      return {exit_code::unreachable,
              "the leader gave up its office meanwhile; nothing was handed "
              "over. Look at 'raftctl status', and try again"};
    default:
      return {exit_code::no,
              fmt::format("{}. Peer {} leads on", refusal(x.result, peer),
                          x.leader ? x.leader.value : leader.id.value)};
  }
}

verdict transfer(context& ctx, peer_id target) {
  const auto until = steady_clock::now() + ctx.timeout;
  const auto left = [&until] {
    return std::max(
      std::chrono::ceil<milliseconds>(until - steady_clock::now()),
      milliseconds{1});
  };
  for (;; std::this_thread::sleep_for(pause)) {
    const auto leader = find_leader(ctx.client);
    if (leader) {
      try {
        const auto done = ctx.client.transfer(leader->where, target, left());
        // Somebody was elected in between; ask that one.
        if (done.result == transfer_result::not_leader
            && steady_clock::now() < until)
          continue;
        auto result = judge(done, target, leader->state);
        if (result.code == exit_code::ok)
          std::cout << fmt::format("peer {} leads in term {}\n",
                                   done.leader.value, done.term.value);
        return result;
      } catch (const client::client_error& e) {
        return {exit_code::unknown,
                fmt::format("{}. It is not known whether peer {} has handed "
                            "over: look at 'raftctl status'",
                            e.what(), leader->state.id.value)};
      }
    }
    if (steady_clock::now() >= until)
      return {exit_code::unreachable,
              "no peer that answers leads; nothing was handed over. Look at "
              "'raftctl status': a majority of the peers must run and reach "
              "each other"};
  }
}

} // namespace raft::tools
