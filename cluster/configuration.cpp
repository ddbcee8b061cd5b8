#include <raft/cluster/configuration.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <functional>
#include <map>
#include <sstream>

namespace raft::cluster {

namespace {

// -- the table of options -----------------------------------------------------

enum class kind { text, number, flag, list };

/// Everything there is to know about one option, for flags, file and help.
struct option {
  /// Long flag without dashes, and key in the file.
  const char* name;
  kind type;
  /// Stands for the value in the help text.
  const char* value;
  const char* help;
  /// Takes one text per value; throws `configuration_error`.
  std::function<void(configuration&, const std::vector<std::string>&)> set;
  /// Shows the value; empty for none.
  std::function<std::string(const configuration&)> show;
};

std::uint64_t parse_count(const std::string& text) {
  std::uint64_t result = 0;
  auto end = text.data() + text.size();
  auto [at, code] = std::from_chars(text.data(), end, result);
  if (code != std::errc{} || at != end || text.empty())
    throw configuration_error{
      fmt::format("\"{}\" is no whole number from 0", text)};
  return result;
}

template <class T>
std::string show_value(const T& x) {
  if constexpr (requires { x.count(); })
    return std::to_string(x.count());
  else if constexpr (requires { x.value; })
    return x.value ? std::to_string(x.value) : "";
  else
    return fmt::format("{}", x);
}

/// An option that holds a number: a count, an id or a duration.
/// @param field Returns a reference to it.
template <class Field>
option number(const char* name, const char* value, const char* help,
              Field field) {
  return {name,
          kind::number,
          value,
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            auto& ref = field(x);
            ref = std::remove_reference_t<decltype(ref)>{
              parse_count(values.at(0))};
          },
          [field](configuration x) { return show_value(field(x)); }};
}

template <class Field>
option text(const char* name, const char* value, const char* help,
            Field field) {
  return {name,
          kind::text,
          value,
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = values.at(0);
          },
          [field](configuration x) { return field(x); }};
}

template <class Field>
option endpoint(const char* name, const char* help, Field field) {
  return {name,
          kind::text,
          "HOST:PORT",
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = parse_address(values.at(0));
          },
          [](const configuration&) { return std::string{}; }};
}

template <class Field>
option flag(const char* name, const char* help, Field field) {
  return {name,
          kind::flag,
          "",
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = values.at(0) == "true";
          },
          [](const configuration&) { return std::string{}; }};
}

option members_option() {
  return {"members",
          kind::list,
          "ID=HOST:PORT,...",
          "All peers of the cluster, this one included",
          [](configuration& x, const std::vector<std::string>& values) {
            x.members.clear();
            for (auto& value : values)
              x.members.push_back(parse_member(value));
          },
          [](const configuration&) { return std::string{}; }};
}

// The one place that names, types and describes the options.
// NOLINTNEXTLINE(bugprone-macro-parentheses): a member's name takes none.
#define RAFT_FIELD(name)                                                       \
  [](configuration & x) -> auto& {                                             \
    return x.name;                                                             \
  }

std::vector<option> node_options() {
  return {
    number("id", "N", "Which of the members this node is", RAFT_FIELD(id)),
    members_option(),
    text("cluster", "NAME",
         "Name of the cluster; peers and clients of another one are refused",
         RAFT_FIELD(cluster)),
    text("data", "DIR", "Directory of this node's log",
         RAFT_FIELD(data_directory)),
    endpoint("listen",
             "Where to wait for peers and clients, if not at the own member "
             "address; port 0 picks a free one",
             RAFT_FIELD(listen)),
    endpoint("redis", "Where to wait for Redis clients", RAFT_FIELD(redis)),
    number("redis-unread-bytes", "BYTES",
           "How much a Redis client may leave unread before it is closed",
           RAFT_FIELD(redis_unread_bytes)),
    number("redis-unread-total", "BYTES",
           "The same for all Redis clients together",
           RAFT_FIELD(redis_unread_total)),
    flag("bootstrap",
         "Found the cluster: an empty data directory takes the members as "
         "given and may vote. Only for the first start",
         RAFT_FIELD(bootstrap)),
    flag("insecure",
         "Allow addresses that other machines can reach, although nothing is "
         "encrypted or authenticated",
         RAFT_FIELD(insecure)),
    text("log-level", "LEVEL", "trace, debug, info, warning, error or off",
         RAFT_FIELD(log_level)),
  };
}

std::vector<option> raft_options() {
  return {
    number("heartbeat", "MS", "How often a leader speaks",
           RAFT_FIELD(raft.heartbeat_interval)),
    number("election-timeout-min", "MS",
           "How long to wait for a leader, at least",
           RAFT_FIELD(raft.election_timeout_min)),
    number("election-timeout-max", "MS",
           "How long to wait for a leader, at most",
           RAFT_FIELD(raft.election_timeout_max)),
    number("batches-under-way", "N",
           "How many batches may wait for a quorum at once",
           RAFT_FIELD(raft.batches_under_way_max)),
    number("requests-in-flight", "N",
           "How many append requests may be unanswered per follower",
           RAFT_FIELD(raft.requests_in_flight_max)),
    number("bytes-in-flight", "BYTES",
           "How many bytes of entries may be unanswered per follower",
           RAFT_FIELD(raft.bytes_in_flight_max)),
    number("batch-bytes", "BYTES", "How many bytes of entries make a batch",
           RAFT_FIELD(raft.batch_bytes_max)),
    number("command-bytes", "BYTES", "Largest command",
           RAFT_FIELD(raft.command_bytes_max)),
    number("uncommitted-bytes", "BYTES",
           "How many bytes may be uncommitted before clients are told `busy`",
           RAFT_FIELD(raft.uncommitted_bytes_max)),
    number("undurable-bytes", "BYTES",
           "How many bytes may wait for the own disk before clients are told "
           "`busy`",
           RAFT_FIELD(raft.undurable_bytes_max)),
    number("unapplied-bytes", "BYTES",
           "How many bytes may wait for the own state machine before clients "
           "are told `busy`",
           RAFT_FIELD(raft.unapplied_bytes_max)),
    number("applying-bytes", "BYTES",
           "How many bytes of entries may be at the state machine",
           RAFT_FIELD(raft.applying_bytes_max)),
    number("log-in-memory", "BYTES",
           "How many bytes of the log's tail stay in memory",
           RAFT_FIELD(raft.log_bytes_in_memory)),
    number("log-kept", "BYTES",
           "How many bytes of the log's tail are kept when entries are dropped "
           "that every member has",
           RAFT_FIELD(raft.log_bytes_kept)),
    number("compaction-bytes", "BYTES",
           "How many bytes of entries are dropped at once, at least",
           RAFT_FIELD(raft.compaction_bytes_min)),
    number("disk-retry", "MS",
           "How long to leave a full disk alone before it is tried again",
           RAFT_FIELD(raft.disk_retry_interval)),
  };
}

std::vector<option> resource_options() {
  return {
    number("subscriptions", "N", "How many subscriptions there may be at once",
           RAFT_FIELD(bounds.subscriptions_max)),
    number("subscription-bytes", "BYTES",
           "How many bytes may be on their way to one subscription",
           RAFT_FIELD(bounds.subscription_bytes_max)),
    number("map-bytes", "BYTES",
           "Address space (not disk space) reserved for the log",
           RAFT_FIELD(map_bytes)),
    number("room-ahead", "BYTES",
           "How much of the disk to take before it is needed",
           RAFT_FIELD(room.ahead)),
    number("room-reserve", "BYTES",
           "How much of that is kept for votes and terms when the disk is full",
           RAFT_FIELD(room.reserve)),
  };
}

#undef RAFT_FIELD

const std::vector<option>& options() {
  static const std::vector<option> result = [] {
    auto all = node_options();
    for (auto more : {raft_options(), resource_options()})
      for (auto& x : more)
        all.push_back(std::move(x));
    return all;
  }();
  return result;
}

// -- checks -------------------------------------------------------------------

[[noreturn]] void complain(const std::string& what) {
  throw configuration_error{what};
}

void check_reach(const configuration& x, const char* what, const address& at) {
  if (x.insecure || is_loopback(at))
    return;
  complain(fmt::format(
    "{} {} is not a loopback address, and nothing that peers and clients "
    "send "
    "is encrypted or authenticated yet: whoever reaches the port can read "
    "and "
    "change everything. Use 127.0.0.1, or add --insecure if all of that "
    "network is trusted",
    what, to_text(at)));
}

void check_members(const configuration& x) {
  if (x.members.empty())
    complain("no members: name all peers with --members 1=HOST:PORT,...");
  for (auto i = x.members.begin(); i != x.members.end(); ++i) {
    if (!i->id)
      complain("a member has the id 0: ids start at 1");
    if (i->where.port == 0 && x.members.size() > 1)
      complain(fmt::format("member {} has port 0: the others could not find "
                           "it; give it a port",
                           i->id.value));
    for (auto j = x.members.begin(); j != i; ++j) {
      if (j->id == i->id)
        complain(fmt::format("two members have the id {}: give each its own",
                             i->id.value));
      if (j->where == i->where)
        complain(fmt::format("members {} and {} have the same address {}: give "
                             "each its own",
                             j->id.value, i->id.value, to_text(i->where)));
    }
    check_reach(x, "the member address", i->where);
  }
}

const member* find_member(const configuration& x) {
  auto i = std::find_if(x.members.begin(), x.members.end(),
                        [&x](const member& y) { return y.id == x.id; });
  return i == x.members.end() ? nullptr : &*i;
}

// -- file ---------------------------------------------------------------------

/// The texts of a value in the file.
/// @returns nothing if it has another type than the option.
std::vector<std::string> texts_of(const toml::node& value, kind type) {
  switch (type) {
    case kind::text:
      if (auto x = value.value_exact<std::string>())
        return {*x};
      break;
    case kind::number:
      if (auto x = value.value_exact<std::int64_t>())
        return {std::to_string(*x)};
      break;
    case kind::flag:
      if (auto x = value.value_exact<bool>())
        return {*x ? "true" : "false"};
      break;
    case kind::list: {
      std::vector<std::string> result;
      auto list = value.as_array();
      if (list == nullptr)
        break;
      for (auto& item : *list) {
        auto x = item.value_exact<std::string>();
        if (!x)
          return {};
        result.push_back(*x);
      }
      return result;
    }
  }
  return {};
}

const char* name_of(kind type) {
  switch (type) {
    case kind::text:
      return "a string in quotes";
    case kind::number:
      return "a whole number";
    case kind::flag:
      return "true or false";
    case kind::list:
      return "a list of strings, not empty";
  }
  return "";
}

const option* find_option(std::string_view name) {
  auto& all = options();
  auto i = std::find_if(all.begin(), all.end(),
                        [&](const option& x) { return name == x.name; });
  return i == all.end() ? nullptr : &*i;
}

void read_value(std::string_view key, const toml::node& value,
                configuration& x) {
  auto found = find_option(key);
  if (found == nullptr)
    complain(fmt::format("unknown key \"{}\": the keys are the long flags of "
                         "`raftd --help`, without the dashes",
                         key));
  auto texts = texts_of(value, found->type);
  if (texts.empty())
    complain(fmt::format("{}: must be {}", key, name_of(found->type)));
  try {
    found->set(x, texts);
  } catch (const configuration_error& e) {
    complain(fmt::format("{}: {}", key, e.what()));
  }
}

// -- flags --------------------------------------------------------------------

std::string help_of(const option& x) {
  auto shown = x.show(configuration{});
  return shown.empty() ? x.help : fmt::format("{} [{}]", x.help, shown);
}

using flags = std::map<const option*, CLI::Option*>;

flags add_flags(CLI::App& app) {
  flags result;
  for (auto& x : options()) {
    auto name = fmt::format("--{}", x.name);
    if (x.type == kind::flag) {
      result[&x] = app.add_flag(name)->description(help_of(x));
      continue;
    }
    auto added
      = app.add_option(name)->description(help_of(x))->type_name(x.value);
    if (x.type == kind::list)
      added->expected(1, CLI::detail::expected_max_vector_size)->delimiter(',');
    else
      added->take_last();
    result[&x] = added;
  }
  return result;
}

void take_flags(const flags& given, configuration& x) {
  for (auto& [what, where] : given) {
    if (where->count() == 0)
      continue;
    try {
      if (what->type == kind::flag)
        what->set(x, {"true"});
      else
        what->set(x, where->results());
    } catch (const configuration_error& e) {
      complain(fmt::format("--{}: {}", what->name, e.what()));
    }
  }
}

} // namespace

address listen_address(const configuration& x) {
  if (x.listen)
    return *x.listen;
  const auto* self = find_member(x);
  assert(self != nullptr);
  return self->where;
}

void check(const configuration& x) {
  check_members(x);
  if (!x.id)
    complain("no id: say with --id which of the members this node is");
  if (find_member(x) == nullptr)
    complain(fmt::format("peer {} is not among the members: add it to "
                         "--members, or change --id",
                         x.id.value));
  if (x.cluster.empty() || x.cluster.size() > 200)
    complain("the cluster's name must have 1 to 200 characters");
  if (x.data_directory.empty())
    complain("no data directory: name one with --data DIR");
  if (x.listen)
    check_reach(x, "the listen address", *x.listen);
  if (x.redis)
    check_reach(x, "the Redis address", *x.redis);
  static const std::vector<std::string> levels{"trace",   "debug", "info",
                                               "warning", "error", "off"};
  if (std::find(levels.begin(), levels.end(), x.log_level) == levels.end())
    complain(fmt::format("unknown log level \"{}\": use one of {}", x.log_level,
                         fmt::join(levels, ", ")));
  if (auto what = consensus::complaint_about(x.raft))
    complain(what);
}

void read_file(const std::string& path, configuration& x) {
  toml::table all;
  try {
    all = toml::parse_file(path);
  } catch (const toml::parse_error& e) {
    auto line = e.source().begin.line;
    if (line == 0)
      complain(fmt::format("{}: {}", path, e.description()));
    complain(fmt::format("{}:{}: {}", path, line, e.description()));
  }
  for (auto&& [key, value] : all) {
    try {
      read_value(key.str(), value, x);
    } catch (const configuration_error& e) {
      complain(
        fmt::format("{}:{}: {}", path, key.source().begin.line, e.what()));
    }
  }
}

arguments read_arguments(int argc, const char* const* argv) {
  CLI::App app{"raftd: one peer of a Raft cluster, with its key-value store"};
  app.footer("Exit codes: 0 ended as told, 1 failed, 2 wrong arguments.");
  app.set_version_flag("--version", "raftd " RAFT_VERSION);
  std::string file;
  app
    .add_option("--config", file,
                "TOML file whose keys are the flags below; flags win")
    ->type_name("FILE");
  auto given = add_flags(app);
  arguments result;
  try {
    app.parse(argc, argv);
    configuration config;
    if (!file.empty())
      read_file(file, config);
    take_flags(given, config);
    check(config);
    result.config = std::move(config);
  } catch (const CLI::ParseError& e) {
    std::ostringstream out;
    std::ostringstream err;
    auto code = app.exit(e, out, err);
    result.text = out.str() + err.str();
    result.exit_code = code == 0 ? 0 : 2;
  } catch (const configuration_error& e) {
    result.text = fmt::format("raftd: {}\n", e.what());
    result.exit_code = 2;
  }
  return result;
}

} // namespace raft::cluster
