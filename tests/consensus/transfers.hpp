// Leaders that hand over, with the others that answer them.

#pragma once

#include "support.hpp"
#include <raft/consensus/soundness.hpp>

namespace raft::consensus::test {

inline settings leases_on() {
  settings result;
  result.lease_drift_ppm = 100;
  return result;
}

inline settings with_priority(std::uint8_t priority) {
  settings result;
  result.priority = priority;
  return result;
}

inline transfer_begun transfer(lone_peer& x, std::uint64_t target,
                               instant limit = 0us) {
  transfer_begun result;
  x.input([&](core& c) { result = c.transfer(peer_id{target}, limit); });
  return result;
}

inline transfer_result refusal_of(lone_peer& x, std::uint64_t target) {
  const auto result = transfer(x, target);
  BOOST_TEST(!result.target);
  BOOST_TEST(!x->handing_over_to());
  return result.refusal;
}

/// Why no command is taken; `none` if one is, and it is appended.
inline reject_reason try_command(lone_peer& x) {
  started answer;
  x.input(
    [&](core& c) { answer = c.start(entry_kind::command, {}, bytes{"x"}, 0); });
  return answer.reason;
}

/// The others answer what came out.
struct answers {
  std::uint64_t match = 1;
  std::uint64_t promised_ms = 0;
  std::map<std::uint64_t, std::uint8_t> priorities = {};
};

inline void answer_appends(lone_peer& x, const answers& how) {
  for (const auto& msg : x.take<append_request>()) {
    const auto from = msg.header.to.value;
    auto reply = make_accept(from, msg.header.from.value, msg.term.value,
                             how.match, msg.round.value);
    reply.frame = msg.frame;
    reply.promised_ms = msg.hands_over ? 0 : how.promised_ms;
    if (const auto i = how.priorities.find(from); i != how.priorities.end())
      reply.priority = i->second;
    x.receive(reply);
  }
}

/// Lets time pass while the others answer.
inline void stay_in_office(lone_peer& x, instant time,
                           const answers& how = {}) {
  const auto end = x.now + time;
  while (x->leads() && x->wake_at() <= end) {
    x.wake();
    answer_appends(x, how);
  }
  if (x.now < end)
    x.advance(end - x.now);
}

/// A leader in term 1 that has a lease.
inline lone_peer make_leader_with_lease() {
  auto x = make_leader(leases_on());
  x.read_and_apply();
  x.wake();
  answer_appends(x, {1, 300});
  BOOST_REQUIRE(x->has_lease());
  return x;
}

/// A voter that has just heard peer 2 lead in term 1, in this round.
inline lone_peer make_follower_of_2(std::uint64_t round,
                                    const settings& config = {}) {
  lone_peer x{1, voters(3), {}, {}, config};
  auto heard = make_append(2, 1, 1, {}, {1}, 1);
  heard.round = {round};
  x.receive(heard);
  x.persist_all();
  x.read_and_apply();
  x.messages.clear();
  return x;
}

inline timeout_now make_timeout_now(std::uint64_t from, std::uint64_t term,
                                    std::uint64_t round) {
  return {header(from, 1), term_number{term}, round_number{round}};
}

inline vote_request make_transfer_vote(std::uint64_t term,
                                       std::uint64_t released) {
  auto result = make_vote_request(3, 1, term, at(1, 1));
  result.transfer = true;
  result.released = {released};
  return result;
}

inline bool grants(lone_peer& x, const vote_request& asked) {
  x.messages.clear();
  x.receive(asked);
  x.persist_all();
  return x.take_one<vote_reply>(3).granted;
}

} // namespace raft::consensus::test
