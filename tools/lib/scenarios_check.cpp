// raft-scenarios check: whether histories in files are linearizable.

#include <raft/checker/explain.hpp>
#include <raft/checker/history_format.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/tools/lib/scenarios.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace raft::tools {

namespace {

constexpr const char* footer = R"(
A file may be in the format of docs/histories.md, a log of Jepsen about a
register, or a log of EDN maps about a map of strings.

Exit codes:
  0  all are linearizable
  1  one is not
  2  a file cannot be read
  3  one could not be decided within --limit)";

struct arguments {
  std::vector<std::string> files;
  checker::search_limits limits;
  checker::explain_limits explain;
};

template <class Model>
scenarios_exit judge(const std::string& file, const checker::history<Model>& x,
                     const arguments& args) {
  auto found = checker::check(x, args.limits);
  switch (found.result) {
    case checker::verdict::linearizable:
      std::cout << file << ": linearizable\n";
      return scenarios_exit::passed;
    case checker::verdict::not_linearizable:
      // The verdict first: to make it smaller may take longer.
      std::cout << file << ": not linearizable" << std::endl;
      std::cout << to_text(checker::explain(x, found, args.explain));
      return scenarios_exit::failed;
    case checker::verdict::undecided:
      break;
  }
  std::cout
    << file << ": undecided\n"
    << "  Given up after " << found.configurations
    << " configurations: too many operations overlap. Raise --limit, or "
       "use more keys.\n";
  return scenarios_exit::undecided;
}

scenarios_exit check_file(const std::string& file, const arguments& args) {
  auto refuse = [&](const std::string& why) {
    std::cerr << file << why << '\n';
    return scenarios_exit::unusable;
  };
  if (std::filesystem::is_directory(file))
    return refuse(": is a directory");
  std::ifstream in{file};
  if (!in)
    return refuse(std::string{": "} + std::strerror(errno));
  try {
    auto history = checker::read_history(in);
    return std::visit([&](auto& x) { return judge(file, x, args); }, history);
  } catch (const checker::history_error& e) {
    return refuse(':' + std::to_string(e.line()) + ": " + e.what());
  }
}

/// All files; of several codes, unreadable wins over a violation, and that over
/// undecided.
scenarios_exit check_files(const arguments& args) {
  constexpr scenarios_exit by_weight[]{
    scenarios_exit::passed, scenarios_exit::undecided, scenarios_exit::failed,
    scenarios_exit::unusable};
  auto weight = [&](scenarios_exit x) {
    return std::find(std::begin(by_weight), std::end(by_weight), x);
  };
  auto result = scenarios_exit::passed;
  for (const auto& file : args.files)
    if (auto x = check_file(file, args); weight(x) > weight(result))
      result = x;
  return result;
}

} // namespace

void add_check(CLI::App& app, scenarios_run& chosen) {
  auto args = std::make_shared<arguments>();
  auto* check = app.add_subcommand(
    "check", "Say whether recorded histories are linearizable");
  programs::add_texts(*check, "FILE", args->files, "Histories")->required();
  check
    ->add_option("--limit", args->limits.configurations_max,
                 "Give up at so many configurations of a key, of about 100 "
                 "bytes each (default 5000000)")
    ->type_name("N")
    ->check(CLI::Range(1., 1e12).description(""));
  check
    ->add_option("--explain", args->explain.steps_max,
                 "Make a violation smaller in at most so many steps, of some "
                 "microseconds each (default 1000000; 0: show it as found)")
    ->type_name("N")
    ->check(CLI::Range(0., 1e12).description(""));
  check->footer(footer);
  check->callback(
    [args, &chosen] { chosen = [args] { return check_files(*args); }; });
}

} // namespace raft::tools
