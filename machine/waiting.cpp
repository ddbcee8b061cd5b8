#include <raft/machine/waiting.hpp>

namespace raft::machine {

executed answer_applied(const apply_result& result, const log_position& where,
                        peer_id leader) {
  executed answer{outcome::committed, reject_reason::none, result.reply,
                  where.index,        where.term,          leader};
  switch (result.status) {
    case apply_status::done:
      break;
    case apply_status::session_expired:
      answer.result = outcome::rejected;
      answer.reason = reject_reason::session_expired;
      break;
    case apply_status::stale:
      answer.result = outcome::unknown;
      break;
    case apply_status::not_a_read: // Asking again does not help.
    case apply_status::no_space:
      answer.result = outcome::rejected;
      answer.reason = reject_reason::busy;
      break;
  }
  return answer;
}

executed answer_unknown(const log_position& where, peer_id leader) {
  return {outcome::unknown, reject_reason::none, {},
          where.index,      where.term,          leader};
}

executed answer_rejected(reject_reason reason, term_number term,
                         peer_id leader) {
  return {outcome::rejected, reason, {}, {}, term, leader};
}

} // namespace raft::machine
