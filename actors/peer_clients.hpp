// Those who wait for a peer to answer `execute` and `open_session`.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/consensus/core.hpp>
#include <raft/machine/waiting.hpp>

#include <utility>
#include <vector>

namespace raft::actors {

/// Answers each of them once: with the reply, or that it is not known whether
/// there will ever be one.
class peer_clients {
public:
  /// Somebody waits for the entry that was begun, or is told that none was.
  void add(started&& begun, promise<executed> who) {
    if (begun.index)
      waiting_.add({begun.index, begun.term}, std::move(who));
    else
      who.answer(
        machine::answer_rejected(begun.reason, begun.term, begun.leader));
  }

  /// Whether anybody waits for one of these entries.
  bool any_for(const std::vector<entry>& entries) const {
    return !entries.empty()
        && waiting_.any_between(entries.front().index, entries.back().index);
  }

  /// Answers those whose entries were applied.
  void applied(const raft::applied& done, const consensus::core& core) {
    for (const auto& x : done.results) {
      // Committed entries are never replaced: this is the one that was applied.
      auto term = core.log().term_at(x.index).value_or(term_number{});
      if (auto item = waiting_.take({x.index, term}))
        item->ticket.answer(
          machine::answer_applied(x, item->where, core.leader()));
    }
    give_up(waiting_.take_replaced(done.index), core.leader());
  }

  /// Answers those whose entries another leader may replace. Only a change of
  /// the term that the peer leads can leave somebody waiting in vain.
  void give_up_if_deposed(const consensus::core& core) {
    auto leads = core.leads() ? core.term() : term_number{};
    if (std::exchange(leads_, leads) != leads)
      give_up(waiting_.take_lost(leads, core.commit()), core.leader());
  }

  void give_up_all(peer_id leader) {
    give_up(waiting_.take_all(), leader);
  }

private:
  using list = machine::waiting_list<promise<executed>>;

  static void give_up(std::vector<list::item> all, peer_id leader) {
    for (auto& x : all)
      x.ticket.answer(machine::answer_unknown(x.where, leader));
  }

  list waiting_;
  /// The term that the peer led at the last look; 0 for none.
  term_number leads_;
};

} // namespace raft::actors
