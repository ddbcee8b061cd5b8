// Those who wait for a peer to answer `transfer_leadership`.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/consensus/core.hpp>
#include <raft/messages/transfer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace raft::actors {

/// Answers each of them once: why nothing was begun, or who leads now.
class peer_transfers {
public:
  /// Begins what is asked for, or refuses it.
  void begin(consensus::core& core, const transfer_leadership& what,
             promise<leadership_transferred> who) {
    // More than a core allows is as good as all that it allows.
    constexpr std::uint64_t longest_ms = 24 * 60 * 60 * 1000;
    const std::chrono::milliseconds limit{
      static_cast<std::int64_t>(std::min(what.limit_ms, longest_ms))};
    const auto begun = core.transfer(what.target, limit);
    if (begun.target)
      waiting_.push_back({begun.target, std::move(who)});
    else
      answer(who, core, begun.refusal, what.target);
  }

  /// Answers those whose transfer has ended.
  void look(const consensus::core& core) {
    if (waiting_.empty())
      return;
    const auto leads = core.leads();
    // Who was deposed waits until it knows by whom.
    if (leads ? !!core.handing_over_to() : !core.leader())
      return;
    for (auto& x : std::exchange(waiting_, {}))
      answer(x.who, core,
             leads ? transfer_result::timed_out : transfer_result::transferred,
             x.target);
  }

  /// The peer takes part no more.
  void conclude(const consensus::core& core) {
    for (auto& x : std::exchange(waiting_, {}))
      answer(x.who, core, transfer_result::stopping, x.target);
  }

private:
  struct request {
    peer_id target;
    promise<leadership_transferred> who;
  };

  static void answer(promise<leadership_transferred>& who,
                     const consensus::core& core, transfer_result result,
                     peer_id target) {
    who.answer({core.self().group, result, target, core.leader(), core.term()});
  }

  std::vector<request> waiting_;
};

} // namespace raft::actors
