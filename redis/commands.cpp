#include <raft/redis/command_table.hpp>
#include <raft/redis/glob.hpp>
#include <raft/redis/refusals.hpp>
#include <raft/redis/resp.hpp>

#include <algorithm>
#include <utility>

namespace raft::redis {

namespace {

/// Most keys of one command. All commands wait while one looks up its keys, so
/// that must not take long.
constexpr std::size_t keys_max = 1 << 16;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// As much of a word as Redis repeats in an error: up to a zero byte.
std::string_view quotable(std::string_view x, std::size_t size_max) {
  return x.substr(0, std::min(x.find('\0'), size_max));
}

answer unknown_command(const arguments& args) {
  constexpr std::size_t size_max = 128;
  std::string rest;
  for (std::size_t i = 1; i < args.size() && rest.size() < size_max; ++i) {
    auto room = size_max - rest.size();
    rest += '\'';
    rest += quotable(args[i], room);
    rest += "' ";
  }
  std::string text = "ERR unknown command '";
  text += quotable(args[0], size_max);
  text += "', with args beginning with: " + rest;
  return reply_error(text);
}

answer unknown_subcommand(const arguments& args) {
  std::string text = "ERR unknown subcommand '";
  text += quotable(args[1], 128);
  text += "'. Try ";
  for (auto c : args[0])
    text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return reply_error(text + " HELP.");
}

bool has_subcommands(const command_entry& x) {
  auto begin = std::string{x.name} + '|';
  auto all = server_commands();
  return std::any_of(all.begin(), all.end(), [&](auto& y) {
    return std::string_view{y.name}.starts_with(begin);
  });
}

/// Says why a command was surely not executed.
const char* explain(reject_reason x) {
  switch (x) {
    case reject_reason::busy:
      return "TRYAGAIN the cluster takes no more commands at the moment; the "
             "command had no effect, try again";
    case reject_reason::too_large:
      return "ERR the command is larger than the cluster takes; it had no "
             "effect";
    case reject_reason::session_expired:
      return "TRYAGAIN the session with the cluster has expired; the command "
             "had no effect, try again";
    case reject_reason::stopping:
      return "CLUSTERDOWN this peer is stopping; the command had no effect";
    case reject_reason::disk_full:
      return "ERR the leader's disk is full, make room there; the command had "
             "no effect";
    case reject_reason::handing_over:
      return "TRYAGAIN the leader is handing over its office; the command had "
             "no effect, try again";
    case reject_reason::none:
    case reject_reason::not_leader:
      break;
  }
  return "CLUSTERDOWN no leader was found in time; the command had no effect";
}

} // namespace

std::string to_lower(std::string_view x) {
  std::string result{x};
  std::transform(x.begin(), x.end(), result.begin(), lower);
  return result;
}

bool is_word(std::string_view x, std::string_view expected) {
  return std::equal(x.begin(), x.end(), expected.begin(), expected.end(),
                    [](char c, char d) { return lower(c) == d; });
}

bool is_subcommand(const command_entry& x) {
  return std::string_view{x.name}.find('|') != std::string_view::npos;
}

answer reply_ok() {
  return {"+OK\r\n"};
}

answer reply_error(std::string_view text) {
  answer result;
  add_error(result.text, text);
  return result;
}

answer wrong_arity(std::string_view name) {
  return reply_error("ERR wrong number of arguments for '" + std::string{name}
                     + "' command");
}

answer pattern_too_long() {
  return reply_error("ERR the pattern is longer than "
                     + std::to_string(pattern_bytes_max) + " bytes");
}

const command_entry* find_command(std::string_view name) {
  for (auto table : {data_commands(), server_commands()})
    for (const auto& x : table)
      if (is_word(name, x.name))
        return &x;
  return nullptr;
}

action interpret(const arguments& args, command_context& around) {
  if (auto refused = refuse_transaction(args, around.client))
    return std::move(*refused);
  auto command = find_command(args[0]);
  if (!command || is_subcommand(*command))
    return unknown_command(args);
  if (args.size() > 1 && has_subcommands(*command)) {
    auto full_name = std::string{command->name} + '|';
    full_name += args[1];
    command = find_command(full_name);
    if (!command)
      return unknown_subcommand(args);
  }
  auto count = static_cast<int>(args.size());
  if (command->arity >= 0 ? count != command->arity : count < -command->arity)
    return wrong_arity(command->name);
  auto keys = command->first_key > 0
              ? (args.size() - 1) / static_cast<std::size_t>(command->key_step)
              : 1;
  if (keys > keys_max)
    return reply_error("ERR too many keys in one command; "
                       + std::to_string(keys_max) + " at most");
  auto result = command->run(args, around);
  if (auto call = std::get_if<machine_call>(&result))
    call->keys = keys;
  return result;
}

void add_reply(std::string& out, const machine_call& call,
               const kv::reply_view& result) {
  switch (result.result) {
    case kv::status::ok:
    case kv::status::mismatch:
      call.format(out, result);
      break;
    case kv::status::too_large:
      add_error(out, call.writes
                       ? "ERR string exceeds maximum allowed size "
                         "(proto-max-bulk-len)"
                       : "ERR the values are too large for one reply; ask for "
                         "fewer keys at once");
      break;
    case kv::status::key_too_long:
      add_error(out, "ERR a key is longer than "
                       + std::to_string(kv::key_bytes_max) + " bytes");
      break;
    case kv::status::malformed:
      add_error(out, "ERR the state machine does not know this command; do all "
                     "peers run the same version?");
      break;
  }
}

std::unique_ptr<outbox> large_reply(const machine_call& call,
                                    const kv::reply_view& result,
                                    const bytes& source) {
  // Below that, a copy costs less than it saves; and what is kept must not be
  // much more than what counts as unread.
  constexpr std::size_t large_bytes = 64 << 10;
  std::size_t size = 0;
  for (const auto& value : result.values)
    size += value ? value->size() : 0;
  if (call.looks == machine_call::shape::formatted
      || result.result != kv::status::ok || size < large_bytes
      || size < source.size() / 2)
    return nullptr;
  auto out = std::make_unique<outbox>();
  std::string text;
  if (call.looks == machine_call::shape::values)
    add_array(text, result.values.size());
  for (const auto& value : result.values) {
    if (!value) {
      add_nil(text);
    } else if (value->size() < large_bytes) {
      add_bulk(text, *value);
    } else {
      begin_bulk(text, value->size());
      out->add(text);
      out->add(source, *value);
      end_bulk(text);
    }
  }
  out->add(text);
  return out;
}

void add_failure(std::string& out, const machine_call& call,
                 const executed& how) {
  if (how.result == outcome::rejected)
    add_error(out, explain(how.reason));
  else if (call.writes)
    add_error(out, "UNKNOWN the write may or may not take effect: its outcome "
                   "was not known in time");
  else
    add_error(out, "CLUSTERDOWN the read was not answered in time; it had no "
                   "effect, try again");
}

void add_expired(std::string& out) {
  executed how;
  how.result = outcome::rejected;
  how.reason = reject_reason::not_leader;
  add_failure(out, {}, how);
}

} // namespace raft::redis
