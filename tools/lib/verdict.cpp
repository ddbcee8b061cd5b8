#include <raft/tools/lib/verdict.hpp>

namespace raft::tools {

namespace {

verdict judge(reject_reason reason) {
  switch (reason) {
    case reject_reason::too_large:
      return {exit_code::usage,
              "the command is larger than the cluster accepts; nothing was "
              "executed"};
    case reject_reason::busy:
      return {exit_code::unreachable,
              "the cluster is busy; nothing was executed, try again later"};
    case reject_reason::session_expired:
      return {exit_code::unreachable,
              "the session has expired; nothing was executed, try again"};
    case reject_reason::stopping:
      return {exit_code::unreachable,
              "the peer is stopping; nothing was executed, try again"};
    case reject_reason::disk_full:
      return {exit_code::unreachable,
              "the leader's disk is full; nothing was executed. Make room "
              "there, then try again"};
    case reject_reason::handing_over:
      return {exit_code::unreachable,
              "the leader is handing over its office; nothing was executed, "
              "try again"};
    case reject_reason::none:
    case reject_reason::not_leader:
      break;
  }
  return {exit_code::unreachable,
          "no leader was found in time; nothing was executed. Look at 'raftctl "
          "status': a majority of the peers must run and reach each other"};
}

verdict judge_reply(const std::optional<kv::reply>& reply) {
  if (!reply)
    return {exit_code::usage,
            "the reply cannot be read: the servers run another version, or no "
            "key-value state machine"};
  if (reply->result == kv::status::malformed)
    return {exit_code::usage, "the servers do not know this command: they run "
                              "an older version"};
  if (reply->result == kv::status::too_large)
    return {exit_code::usage, "the value or the reply would be too large; "
                              "nothing was changed"};
  if (reply->result == kv::status::key_too_long)
    return {exit_code::usage, "a key cannot be longer than "
                                + std::to_string(kv::key_bytes_max)
                                + " bytes; nothing was changed"};
  return {};
}

} // namespace

answer read_answer(const executed& x) {
  if (x.result == outcome::rejected)
    return {judge(x.reason), {}};
  if (x.result == outcome::unknown)
    return {{exit_code::unknown,
             "no answer in time: the command may or may not have taken effect, "
             "or may do so yet. Read before you repeat it"},
            {}};
  auto reply = kv::decode_reply(x.reply);
  auto why = judge_reply(reply);
  if (why.code != exit_code::ok)
    return {why, {}};
  return {{}, std::move(*reply)};
}

} // namespace raft::tools
