// raft-compare-report: what raft-compare-redis and raft-compare-etcd have
// measured, as tables, JSON and a picture.

#include <raft/bench/chart.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace raft::bench {

namespace {

template <class T>
std::vector<T> read(const std::string& file) {
  std::ifstream in{file};
  std::vector<T> result;
  for (std::string line; std::getline(in, line);)
    result.push_back(nlohmann::json::parse(line).get<T>());
  if (result.empty())
    throw std::runtime_error{file + ": nothing was measured"};
  return result;
}

/// What is written as NAME=VALUE.
facts read_facts(const std::vector<std::string>& lines) {
  facts result;
  for (const auto& x : lines) {
    auto split = x.find('=');
    if (split == std::string::npos)
      throw std::runtime_error{"'" + x + "' is not NAME=VALUE"};
    result.emplace_back(x.substr(0, split), x.substr(split + 1));
  }
  return result;
}

void write(const std::string& file, const std::string& text) {
  std::ofstream out{file};
  if (!(out << text << std::flush))
    throw std::runtime_error{file + ": cannot be written"};
}

int main(int argc, char** argv) {
  programs::fill_standard_files();
  CLI::App app{"Shows what ./dev bench compare has measured.",
               "raft-compare-report"};
  std::string from;
  std::optional<std::string> floors, json, svg;
  std::vector<std::string> about;
  programs::add_text(app, "--from", from, "A measurement as JSON in each line")
    ->required();
  programs::add_text(app, "--floors", floors,
                     "The floor of a round as JSON in each line");
  programs::add_text(app, "--json", json, "Write all of it there");
  programs::add_text(app, "--svg", svg, "Draw it there");
  programs::add_texts(app, "FACT", about,
                      "What is known of the run: NAME=VALUE");
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  try {
    comparison found{read<measurement>(from), floors
                                                ? read<floor_figure>(*floors)
                                                : std::vector<floor_figure>{}};
    auto known = read_facts(about);
    if (json)
      write(*json, to_json(found, known).dump(2) + '\n');
    if (svg)
      write(*svg, to_svg(found, known));
    std::cout << to_text(found, known) << std::flush;
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << "raft-compare-report: " << problem.what() << '\n';
    return 1;
  }
}

} // namespace

} // namespace raft::bench

int main(int argc, char** argv) {
  return raft::bench::main(argc, argv);
}
