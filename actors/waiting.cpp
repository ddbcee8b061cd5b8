#include <raft/actors/waiting.hpp>

namespace raft::actors {

executed answer_applied(const apply_result& result, const log_position& where,
                        peer_id leader) {
  executed answer{outcome::committed, reject_reason::none, result.reply,
                  where.index,        where.term,          leader};
  if (result.status != apply_status::done) {
    answer.result = outcome::rejected;
    answer.reason = reject_reason::session_expired;
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

} // namespace raft::actors
