// Those who wait for a peer to answer `execute` and `open_session`.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/consensus/core.hpp>
#include <raft/machine/held_replies.hpp>
#include <raft/machine/waiting.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace raft::actors {

/// Says why a request is not for a peer, if so.
inline std::optional<caf::error> wrong_group(group_id ours, group_id asked) {
  if (asked == ours)
    return std::nullopt;
  return failure("this is a peer of group " + to_text(ours) + ", not of group "
                 + to_text(asked));
}

/// Answers each of them once: with the reply, or that it is not known whether
/// there will ever be one. Long replies wait here for those who fetch them.
class peer_clients {
public:
  /// Somebody who waits.
  struct client {
    promise<executed> answer;
    /// Who it is, if a long reply is to be held for him.
    caf::actor_addr fetches = {};
  };

  explicit peer_clients(std::size_t held_bytes_max) : held_{held_bytes_max} {
    // nop
  }

  /// Somebody waits for the entry that was begun, or is told that none was.
  void add(started&& begun, client who) {
    if (begun.index)
      waiting_.add({begun.index, begun.term}, std::move(who));
    else
      who.answer.answer(
        machine::answer_rejected(begun.reason, begun.term, begun.leader));
  }

  /// Whether anybody waits for one of these entries.
  bool any_for(const std::vector<entry>& entries) const {
    return !entries.empty()
        && waiting_.any_between(entries.front().index, entries.back().index);
  }

  /// Answers those whose entries were applied.
  void applied(const raft::applied& done, const consensus::core& core,
               consensus::instant now) {
    for (const auto& x : done.results) {
      // Committed entries are never replaced: this is the one that was applied.
      auto term = core.log().term_at(x.index).value_or(term_number{});
      if (auto item = waiting_.take({x.index, term}))
        answer(item->ticket,
               machine::answer_applied(x, item->where, core.leader()), now);
    }
    give_up(waiting_.take_replaced(done.index), core.leader());
  }

  /// Answers somebody whose command needed no entry.
  void answer_read(client& who, const apply_result& result,
                   const consensus::core& core, consensus::instant now) {
    auto term = core.log().term_at(result.index).value_or(term_number{});
    answer(who,
           machine::answer_applied(result, {result.index, term}, core.leader()),
           now);
  }

  /// How many bytes there is room for, of replies to commands that only read.
  std::size_t room() const noexcept {
    return held_.room();
  }

  /// Gives a piece of a reply; only this peer knows its number.
  fetched take(const caf::actor_addr& who, const fetch& what,
               consensus::instant now) {
    return {held_.take(who, what.held, what.offset, now)};
  }

  /// Forgets replies that nobody fetches any more.
  void expire(consensus::instant now) {
    held_.expire(now);
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
  using list = machine::waiting_list<client>;

  void answer(client& who, executed x, consensus::instant now) {
    if (who.fetches && x.reply.size() > reply_piece_bytes) {
      x.held_bytes = x.reply.size();
      auto number = held_.put(who.fetches, std::exchange(x.reply, {}), now);
      // It took effect, but no more can be told.
      if (!number)
        x = machine::answer_unknown({x.index, x.term}, x.leader);
      else
        x.held = *number;
    }
    who.answer.answer(std::move(x));
  }

  static void give_up(std::vector<list::item> all, peer_id leader) {
    for (auto& x : all)
      x.ticket.answer.answer(machine::answer_unknown(x.where, leader));
  }

  list waiting_;
  machine::held_replies<caf::actor_addr> held_;
  /// The term that the peer led at the last look; 0 for none.
  term_number leads_;
};

} // namespace raft::actors
