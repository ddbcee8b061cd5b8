#include <raft/redis/command_table.hpp>
#include <raft/redis/refusals.hpp>

namespace raft::redis {

bool is_http(const arguments& args, bool typed) {
  return is_word(args[0], "post") || is_word(args[0], "host:")
      || (typed && args.size() == 3 && args[2].starts_with("HTTP/"));
}

std::optional<answer> refuse_transaction(const arguments& args,
                                         client_facts& client) {
  auto is = [&args](std::string_view name) { return is_word(args[0], name); };
  auto& inside = client.in_transaction;
  auto ends = is("exec") || is("discard");
  if (is("watch") ? args.size() < 2
                  : (ends || is("multi") || is("unwatch")) && args.size() != 1)
    return wrong_arity(to_lower(args[0]));
  if (ends && !inside)
    return reply_error("ERR " + std::string{is("exec") ? "EXEC" : "DISCARD"}
                       + " without MULTI");
  if (ends) {
    inside = false;
    // Nothing was queued, so it is true that nothing is left.
    return is("discard") ? reply_ok()
                         : reply_error("EXECABORT Transaction discarded: "
                                       "transactions are not supported, and "
                                       "none of its commands had an effect");
  }
  if (is("multi")) {
    if (inside)
      return reply_error("ERR MULTI calls cannot be nested");
    inside = true;
    return reply_error("ERR transactions are not supported; nothing up to EXEC "
                       "or DISCARD is executed");
  }
  if (inside && (is("quit") || is("reset")))
    return std::nullopt;
  if (inside)
    return reply_error("ERR transactions are not supported: this command "
                       "belongs to one and had no effect; EXEC or DISCARD "
                       "ends it");
  if (is("watch"))
    return reply_error("ERR transactions are not supported; no key is watched");
  if (is("unwatch"))
    return reply_ok();
  return std::nullopt;
}

} // namespace raft::redis
