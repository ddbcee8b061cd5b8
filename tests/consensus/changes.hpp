// What tests of changes of members begin with.

#pragma once

#include "snapshots.hpp"
#include <raft/messages/membership_bytes.hpp>

#include <utility>
#include <vector>

namespace raft::consensus::test {

inline lone_peer leader_of(std::size_t members) {
  return make_leader(with_snapshots(), members);
}

/// Voters, and learners.
inline membership those(std::vector<peer_id> voters,
                        std::vector<peer_id> learners = {}) {
  return {{}, std::move(voters), std::move(learners)};
}

inline change_result change(lone_peer& x, membership wanted,
                            bool force = false) {
  members_changed result;
  x.input([&](core& c) {
    result = c.change({group, c.members().index, std::move(wanted), force});
  });
  return result.result;
}

/// All that was sent to somebody is on its disk.
inline void accept(lone_peer& x, std::uint64_t from, std::uint64_t match) {
  auto answer = make_accept(from, 1, x->term().value, match);
  for (const auto& msg : x.take<append_request>(from)) {
    answer.round = msg.round;
    answer.frame = msg.frame;
  }
  x.receive(answer);
}

inline void accept_all(lone_peer& x, std::uint64_t from) {
  accept(x, from, x->log().last().index.value);
}

/// It has caught up: it got the last entries within a moment.
inline void catch_up(lone_peer& x, std::uint64_t id) {
  connect(x, id);
  accept_all(x, id);
  accept_all(x, id);
}

inline entry members_entry(std::uint64_t index, std::uint64_t term,
                           const membership& what) {
  auto result = make_entry(index, term);
  result.kind = entry_kind::configuration;
  result.data = to_bytes(what);
  return result;
}

inline append_request append_members(std::uint64_t index, std::uint64_t term,
                                     const membership& what) {
  auto result = make_append(2, 1, term, at(index - 1, index == 1 ? 0 : term));
  result.entries = {members_entry(index, term, what)};
  return result;
}

} // namespace raft::consensus::test
