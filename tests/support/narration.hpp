// What a step of a peer looks like, in plain words.

#pragma once

#include <raft/consensus/core.hpp>

#include <string>
#include <vector>

namespace raft::test {

/// The part of a core that a step may change and that no note tells.
struct portrait {
  portrait() = default;

  explicit portrait(const consensus::core& x);

  log_index commit;
  log_index handed_out;
  log_index durable;
  log_index compacted;
  std::vector<term_number> terms; // of the entries 1, 2, ..., 0 if dropped

  log_position at(log_index x) const;
};

/// "2@1".
std::string place(const log_position& x);

/// `2@1 "set x 1"` or `1@1 empty`.
std::string whole(const entry& x);

/// "2@1" or "2@1 3@1"; long runs of one term as "2@1..9@1".
std::string places(const std::vector<entry>& x);

/// "2 and 3", "2, 3 and 4".
std::string peers(const std::vector<peer_id>& x);

/// "append", "append reply", "vote request", "pre-vote reply", ...
std::string name_of(const consensus::message& x);

/// What it says, such as "term=1 previous=1@1 entries=[2@1] commit=1".
std::string content_of(const consensus::message& x);

peer_id sender_of(const consensus::message& x);
peer_id receiver_of(const consensus::message& x);

/// What a batch writes, such as "term=2 vote=1" or "2@1 3@1".
/// @param before The hard state on the disk, which is not repeated.
std::string content_of(const durable_batch& x, const hard_state& before);

/// One line for each thing that the step did, `who` first.
/// @param disk What the disk holds when the step ends.
std::vector<std::string> tell(peer_id who, const portrait& before,
                              const consensus::core& after,
                              const consensus::output& out,
                              const hard_state& disk);

/// One line per peer, with a head line.
/// @param rows The first is the head; all have the same length.
std::vector<std::string>
table(const std::vector<std::vector<std::string>>& rows);

} // namespace raft::test
