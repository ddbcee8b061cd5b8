// Commands about the server and the connection.

#include <raft/consensus/note.hpp>
#include <raft/redis/command_table.hpp>
#include <raft/redis/glob.hpp>
#include <raft/redis/resp.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace raft::redis {

namespace {

/// The version of Redis whose behavior clients may expect.
constexpr auto redis_version = "7.0.15";

/// How many bytes of what a client sent an error repeats.
constexpr std::size_t quoted_bytes_max = 128;

/// How many commands, settings or sections one request may ask for. There are
/// fewer of each.
constexpr std::size_t names_max = 64;

answer too_many_names() {
  return reply_error("ERR too many names in one request; ask for "
                     + std::to_string(names_max) + " at most");
}

answer reply_bulk(std::string_view x) {
  answer result;
  add_bulk(result.text, x);
  return result;
}

answer reply_integer(std::uint64_t x) {
  answer result;
  add_integer(result.text, static_cast<std::int64_t>(x));
  return result;
}

action run_ping(const arguments& args, command_context&) {
  if (args.size() > 2)
    return wrong_arity("ping");
  if (args.size() == 2)
    return reply_bulk(args[1]);
  return answer{"+PONG\r\n"};
}

action run_echo(const arguments& args, command_context&) {
  return reply_bulk(args[1]);
}

action run_quit(const arguments&, command_context&) {
  auto result = reply_ok();
  result.closes = true;
  return result;
}

action run_reset(const arguments&, command_context& around) {
  around.client.name.clear();
  around.client.in_transaction = false;
  return answer{"+RESET\r\n"};
}

action run_select(const arguments& args, command_context&) {
  auto number = to_integer(args[1]);
  if (!number)
    return reply_error("ERR value is not an integer or out of range");
  if (*number != 0)
    return reply_error("ERR DB index is out of range");
  return reply_ok();
}

// -- CLIENT and HELLO ---------------------------------------------------------

/// Longest name of a connection, in bytes.
constexpr std::size_t name_bytes_max = 256;

static_assert(name_bytes_max == 256, "an error text says so");

/// Names a connection.
/// @returns an error in Redis's words, or null.
const char* rename(client_facts& client, std::string_view name) {
  if (std::any_of(name.begin(), name.end(),
                  [](char c) { return c < '!' || c > '~'; }))
    return "ERR Client names cannot contain spaces, newlines or special "
           "characters.";
  if (name.size() > name_bytes_max)
    return "ERR the client's name is longer than 256 bytes";
  client.name = name;
  return nullptr;
}

action run_client_setname(const arguments& args, command_context& around) {
  if (auto error = rename(around.client, args[2]))
    return reply_error(error);
  return reply_ok();
}

action run_client_getname(const arguments&, command_context& around) {
  if (around.client.name.empty())
    return answer{"$-1\r\n"};
  return reply_bulk(around.client.name);
}

action run_client_id(const arguments&, command_context& around) {
  return reply_integer(around.client.id);
}

action run_client_setinfo(const arguments&, command_context&) {
  return reply_ok();
}

action run_hello(const arguments& args, command_context& around) {
  if (args.size() > 1) {
    auto version = to_integer(args[1]);
    if (!version)
      return reply_error("ERR Protocol version is not an integer or out of "
                         "range");
    if (*version != 2)
      return reply_error("NOPROTO unsupported protocol version");
  }
  std::optional<std::string_view> name;
  for (std::size_t i = 2; i < args.size(); i += 2) {
    if (!is_word(args[i], "setname") || i + 1 == args.size())
      return reply_error("ERR Syntax error in HELLO option '"
                         + std::string{args[i].substr(0, quoted_bytes_max)}
                         + "'");
    name = args[i + 1];
  }
  if (name)
    if (auto error = rename(around.client, *name))
      return reply_error(error);
  answer result;
  auto& out = result.text;
  add_array(out, 14);
  add_bulk(out, "server");
  add_bulk(out, "redis");
  add_bulk(out, "version");
  add_bulk(out, redis_version);
  add_bulk(out, "proto");
  add_integer(out, 2);
  add_bulk(out, "id");
  add_integer(out, static_cast<std::int64_t>(around.client.id));
  add_bulk(out, "mode");
  add_bulk(out, "standalone");
  add_bulk(out, "role");
  add_bulk(out, "master");
  add_bulk(out, "modules");
  add_array(out, 0);
  return result;
}

// -- CONFIG -------------------------------------------------------------------

action run_config_get(const arguments& args, command_context& around) {
  if (args.size() > 2 + names_max)
    return too_many_names();
  auto& server = around.server;
  const std::pair<const char*, std::string> settings[] = {
    // Every write is on the disks of a majority before it is answered.
    {"appendfsync", "always"},
    {"appendonly", "yes"},
    {"databases", "1"},
    {"maxclients", std::to_string(server.connections_max)},
    {"maxmemory", "0"},
    {"maxmemory-policy", "noeviction"},
    {"port", std::to_string(server.port)},
    {"proto-max-bulk-len", std::to_string(server.bulk_bytes_max)},
    {"save", ""},
    {"timeout", "0"},
  };
  std::vector<std::string> patterns;
  for (std::size_t i = 2; i < args.size(); ++i) {
    if (args[i].size() > pattern_bytes_max)
      return pattern_too_long();
    patterns.push_back(to_lower(args[i]));
  }
  std::string found;
  std::size_t count = 0;
  for (const auto& [name, value] : settings) {
    auto wanted = [name = name](auto& x) { return matches(x, name); };
    if (!std::any_of(patterns.begin(), patterns.end(), wanted))
      continue;
    add_bulk(found, name);
    add_bulk(found, value);
    count += 2;
  }
  answer result;
  add_array(result.text, count);
  result.text += found;
  return result;
}

// -- COMMAND ------------------------------------------------------------------

std::vector<const command_entry*> all_commands() {
  std::vector<const command_entry*> result;
  for (auto table : {data_commands(), server_commands()})
    for (const auto& x : table)
      if (!is_subcommand(x))
        result.push_back(&x);
  return result;
}

void describe(std::string& out, const command_entry& x) {
  add_array(out, 10);
  add_bulk(out, x.name);
  add_integer(out, x.arity);
  if (x.first_key == 0) {
    add_array(out, 0);
  } else {
    add_array(out, 1);
    add_simple(out, x.writes ? "write" : "readonly");
  }
  add_integer(out, x.first_key);
  add_integer(out, x.last_key);
  add_integer(out, x.key_step);
  // Access categories, hints, key specifications and subcommands.
  for (auto i = 0; i < 4; ++i)
    add_array(out, 0);
}

action run_command(const arguments&, command_context&) {
  auto all = all_commands();
  answer result;
  add_array(result.text, all.size());
  for (auto x : all)
    describe(result.text, *x);
  return result;
}

action run_command_count(const arguments&, command_context&) {
  return reply_integer(all_commands().size());
}

action run_command_docs(const arguments&, command_context&) {
  return answer{"*0\r\n"};
}

action run_command_info(const arguments& args, command_context& around) {
  if (args.size() == 2)
    return run_command(args, around);
  if (args.size() > 2 + names_max)
    return too_many_names();
  answer result;
  add_array(result.text, args.size() - 2);
  for (std::size_t i = 2; i < args.size(); ++i) {
    if (auto x = find_command(args[i]))
      describe(result.text, *x);
    else
      add_nil(result.text);
  }
  return result;
}

action run_command_list(const arguments&, command_context&) {
  auto all = all_commands();
  answer result;
  add_array(result.text, all.size());
  for (auto x : all)
    add_bulk(result.text, x->name);
  return result;
}

// -- INFO ---------------------------------------------------------------------

action run_info(const arguments& args, command_context&) {
  if (args.size() > 1 + names_max)
    return too_many_names();
  info_call result;
  for (std::size_t i = 1; i < args.size(); ++i)
    result.sections.push_back(to_lower(args[i].substr(0, quoted_bytes_max)));
  return result;
}

/// Collects the lines of INFO.
class info_text {
public:
  explicit info_text(const std::vector<std::string>& wanted)
    : wanted_{&wanted} {
    // nop
  }

  /// @returns whether this section was asked for.
  bool begin(std::string_view name) {
    static constexpr std::string_view all[] = {"all", "default", "everything"};
    auto fits = [&](const std::string& x) {
      return x == to_lower(name)
          || std::find(std::begin(all), std::end(all), x) != std::end(all);
    };
    if (!wanted_->empty()
        && std::none_of(wanted_->begin(), wanted_->end(), fits))
      return false;
    if (!text_.empty())
      text_ += "\r\n";
    text_ += "# ";
    text_ += name;
    text_ += "\r\n";
    return true;
  }

  void line(std::string_view name, std::string_view value) {
    text_ += name;
    text_ += ':';
    text_ += value;
    text_ += "\r\n";
  }

  void line(std::string_view name, std::uint64_t value) {
    line(name, std::to_string(value));
  }

  const std::string& str() const {
    return text_;
  }

private:
  const std::vector<std::string>* wanted_;
  std::string text_;
};

void add_replication(info_text& out, const peer_state* state) {
  // Every peer takes writes, so none of them is a replica to Redis clients.
  out.line("role", "master");
  if (!state) {
    out.line("raft_state", "no answer");
    return;
  }
  out.line("connected_slaves", state->others.size());
  out.line("raft_state", "up");
  out.line("raft_group", state->group.value);
  out.line("raft_peer", state->id.value);
  out.line("raft_role", consensus::to_text(state->role));
  out.line("raft_leader", state->leader.value);
  out.line("raft_term", state->term.value);
  out.line("raft_commit_index", state->commit.value);
  out.line("raft_applied_index", state->applied.value);
  out.line("raft_durable_index", state->durable.value);
  out.line("raft_last_index", state->last.value);
}

constexpr command_entry table[] = {
  {"client", -2, false, 0, 0, 0, nullptr},
  {"client|getname", 2, false, 0, 0, 0, run_client_getname},
  {"client|id", 2, false, 0, 0, 0, run_client_id},
  {"client|setinfo", 4, false, 0, 0, 0, run_client_setinfo},
  {"client|setname", 3, false, 0, 0, 0, run_client_setname},
  {"command", -1, false, 0, 0, 0, run_command},
  {"command|count", 2, false, 0, 0, 0, run_command_count},
  {"command|docs", -2, false, 0, 0, 0, run_command_docs},
  {"command|info", -2, false, 0, 0, 0, run_command_info},
  {"command|list", 2, false, 0, 0, 0, run_command_list},
  {"config", -2, false, 0, 0, 0, nullptr},
  {"config|get", -3, false, 0, 0, 0, run_config_get},
  {"echo", 2, false, 0, 0, 0, run_echo},
  {"hello", -1, false, 0, 0, 0, run_hello},
  {"info", -1, false, 0, 0, 0, run_info},
  {"ping", -1, false, 0, 0, 0, run_ping},
  {"quit", -1, false, 0, 0, 0, run_quit},
  {"reset", 1, false, 0, 0, 0, run_reset},
  {"select", 2, false, 0, 0, 0, run_select},
};

} // namespace

std::span<const command_entry> server_commands() {
  return table;
}

void add_info(std::string& out, const info_call& call,
              const server_facts& server, const peer_state* state) {
  info_text text{call.sections};
  if (text.begin("Server")) {
    text.line("redis_version", redis_version);
    text.line("redis_mode", "standalone");
    text.line("server_name", "caf-raft");
    text.line("tcp_port", server.port);
    text.line("uptime_in_seconds", server.uptime_seconds);
  }
  if (text.begin("Clients")) {
    text.line("connected_clients", server.connections);
    text.line("maxclients", server.connections_max);
  }
  if (text.begin("Stats")) {
    text.line("total_connections_received", server.connections_total);
    text.line("total_commands_processed", server.commands_total);
  }
  if (text.begin("Replication"))
    add_replication(text, state);
  add_bulk(out, text.str());
}

} // namespace raft::redis
