// Settings from flags.

#include <raft/programs/command_line.hpp>
#include <raft/server/configuration.hpp>
#include <raft/server/options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>
#include <utility>
#include <vector>

namespace raft::server {

namespace {

using cluster::configuration_error;

std::string help_of(const option& x) {
  std::string result = x.help;
  if (!x.choices.empty())
    result += fmt::format(": {}", fmt::join(x.choices, ", "));
  if (x.range && x.range->shown)
    result += fmt::format(" ({} to {})", x.range->lowest, x.range->highest);
  auto shown = x.show(configuration{});
  return shown.empty() ? result : fmt::format("{} [{}]", result, shown);
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
      throw configuration_error{fmt::format("--{}: {}", what->name, e.what())};
    }
  }
}

} // namespace

arguments read_arguments(int argc, const char* const* argv) {
  CLI::App app{"raftd: one peer of a Raft cluster, with its key-value store",
               "raftd"};
  app.footer("Exit codes: 0 ended as told, 1 failed, 2 wrong arguments.");
  app.set_version_flag(
    "--version",
    fmt::format("raftd {}, versions {} to {} of the protocol", RAFT_VERSION,
                protocol_version_min, protocol_version));
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

} // namespace raft::server
