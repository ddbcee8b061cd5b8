#include <raft/simulation/recorded_disk.hpp>
#include <raft/simulation/vote_promises.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>

namespace raft::simulation {

void vote_promises::heard(const vote_request& msg) {
  if (msg.transfer)
    leader_gave_up(msg.term, msg.released);
}

void vote_promises::heard(const timeout_now& msg) {
  leader_gave_up(msg.term.next(), msg.round);
}

void vote_promises::heard(const append_request& msg, instant clock) {
  if (msg.term < term_)
    return;
  if (msg.term > term_)
    heard_.clear();
  term_ = msg.term;
  heard_.try_emplace(msg.round, clock);
}

/// The leaders of all terms before that one rely on nothing, except for what
/// the last of them was promised in later rounds.
void vote_promises::leader_gave_up(term_number before, round_number last) {
  if (promised_in_.next() < before
      || (promised_in_.next() == before && promised_round_ <= last))
    promised_until_ = instant::min();
}

void vote_promises::sent(const consensus::message& msg, instant clock) {
  if (const auto* x = std::get_if<append_reply>(&msg)) {
    // Others may have waited for the disk: then the promise is older.
    const auto found = heard_.find(x->round);
    if (x->promised_ms == 0 || x->term != term_ || found == heard_.end())
      return;
    promised_round_
      = promised_in_ == term_ ? std::max(promised_round_, x->round) : x->round;
    promised_in_ = term_;
    promised_until_ = std::max(
      promised_until_,
      found->second
        + std::chrono::milliseconds{static_cast<std::int64_t>(x->promised_ms)});
    heard_.erase(heard_.begin(), found);
    return;
  }
  term_number voted;
  if (const auto* x = std::get_if<vote_reply>(&msg))
    voted = x->granted && !x->pre_vote ? x->campaign : voted;
  if (const auto* x = std::get_if<vote_request>(&msg))
    voted = x->pre_vote ? voted : x->term;
  if (voted > promised_in_ && clock < promised_until_)
    throw violation{"a vote in term " + to_text(voted)
                    + " breaks the promise to the leader of term "
                    + to_text(promised_in_)};
}

} // namespace raft::simulation
