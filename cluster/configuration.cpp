#include <raft/cluster/configuration.hpp>
#include <raft/cluster/options.hpp>
#include <raft/programs/command_line.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

namespace raft::cluster {

namespace {

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
std::vector<std::string> texts_of(const toml::node& value, option_kind type) {
  switch (type) {
    case option_kind::text:
      if (auto x = value.value_exact<std::string>())
        return {*x};
      break;
    case option_kind::number:
      if (auto x = value.value_exact<std::int64_t>())
        return {std::to_string(*x)};
      break;
    case option_kind::flag:
      if (auto x = value.value_exact<bool>())
        return {*x ? "true" : "false"};
      break;
    case option_kind::list: {
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

const char* name_of(option_kind type) {
  switch (type) {
    case option_kind::text:
      return "a string in quotes";
    case option_kind::number:
      return "a whole number";
    case option_kind::flag:
      return "true or false";
    case option_kind::list:
      return "a list of strings, not empty";
  }
  return "";
}

const option* find_option(std::string_view name) {
  auto& all = options();
  auto i = std::find_if(all.begin(), all.end(), [&](const option& x) {
    return name == x.name || (x.formerly != nullptr && name == x.formerly);
  });
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

using flags = std::vector<std::pair<const option*, CLI::Option*>>;

CLI::Option* add_flag(CLI::App& app, const option& x, const char* name) {
  auto dashed = fmt::format("--{}", name);
  if (x.type == option_kind::flag)
    return app.add_flag(dashed)->description(help_of(x));
  auto* result
    = app.add_option(dashed)->description(help_of(x))->type_name(x.value);
  if (x.type == option_kind::list)
    return result->expected(1, CLI::detail::expected_max_vector_size)
      ->allow_extra_args(false)
      ->delimiter(',');
  return result->take_last();
}

flags add_flags(CLI::App& app) {
  constexpr auto hidden = "";
  flags result;
  for (auto& x : options()) {
    result.emplace_back(&x, add_flag(app, x, x.name));
    if (x.formerly != nullptr)
      result.emplace_back(&x, add_flag(app, x, x.formerly)->group(hidden));
  }
  return result;
}

void take_flags(const flags& given, configuration& x) {
  for (auto& [what, where] : given) {
    if (where->count() == 0)
      continue;
    try {
      if (what->type == option_kind::flag)
        what->set(x, {"true"});
      else
        what->set(x, where->results());
    } catch (const configuration_error& e) {
      complain(fmt::format("--{}: {}", what->name, e.what()));
    }
  }
}

void check_file(const std::string& path) {
  std::error_code ignored; // opening it fails as well
  if (std::filesystem::is_directory(path, ignored))
    complain(path + ": is a directory; name a file of settings");
  errno = 0;
  if (!std::ifstream{path})
    complain(fmt::format("{}: can not be opened: {}", path,
                         std::generic_category().message(errno)));
}

} // namespace

address listen_address(const configuration& x) {
  if (x.listen)
    return *x.listen;
  const auto* self = find_member(x);
  assert(self != nullptr);
  return self->where;
}

std::string describe(const configuration& x) {
  std::vector<std::string> members;
  for (const auto& member : x.members)
    members.push_back(
      fmt::format("{} at {}", member.id.value, to_text(member.where)));
  auto result
    = fmt::format("raftd " RAFT_VERSION
                  ", peer {} of cluster \"{}\", members {}, data in {}, "
                  "listens for peers and clients at {}",
                  x.id.value, x.cluster, fmt::join(members, ", "),
                  x.data_directory, to_text(listen_address(x)));
  if (x.redis)
    result += ", for Redis clients at " + to_text(*x.redis);
  return result;
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
  if (x.dirty_bytes < dirty_bytes_min || x.dirty_bytes > dirty_bytes_max)
    complain(fmt::format("{} bytes of dirty changes: --dirty-bytes must be "
                         "from {} to {}",
                         x.dirty_bytes, dirty_bytes_min, dirty_bytes_max));
  if (x.checkpoint_after < checkpoint_after_min
      || x.checkpoint_after > checkpoint_after_max)
    complain(fmt::format(
      "changes are checkpointed after {} ms: --checkpoint-after must be "
      "from {} to {}",
      x.checkpoint_after.count(), checkpoint_after_min.count(),
      checkpoint_after_max.count()));
  if (auto what = consensus::complaint_about(x.raft))
    complain(what);
}

void read_file(const std::string& path, configuration& x) {
  check_file(path);
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
  CLI::App app{"raftd: one peer of a Raft cluster, with its key-value store",
               "raftd"};
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
    programs::parse(app, argc, argv);
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
