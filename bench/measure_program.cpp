// The options of the programs that measure a system.

#include <raft/bench/measure.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace raft::bench {

namespace {

/// Options as texts: what CLI11 cannot read by itself.
struct raw_options {
  std::string shapes = "1,16,64,256,64x16";
  std::string operations = "set,get";
  std::string servers;
  std::string data;
  std::string to;
  double seconds = 3;
};

std::vector<std::string> split(const std::string& list) {
  return CLI::detail::split(list, ',');
}

void declare(CLI::App& app, measure_options& options, raw_options& raw) {
  using programs::whole_number;
  programs::add_text(app, "--system", options.system, "What it is called")
    ->required();
  app.add_option("--round", options.round, "What round this is")
    ->transform(whole_number(1, 1000));
  app.add_option("--port", options.port, "Of the server that gets the load")
    ->transform(whole_number(1, 65'535))
    ->required();
  programs::add_text(app, "--servers", raw.servers,
                     "All processes of the system, as PID,PID...")
    ->required();
  programs::add_text(app, "--data", raw.data, "Where its files are")
    ->required();
  programs::add_text(app, "--to", raw.to,
                     "File to which a line is added for each load")
    ->required();
  app.add_option("--keys", options.keys, "How many there are")
    ->transform(whole_number(1, keyspace::max_keys))
    ->capture_default_str();
  app.add_option("--value-bytes", options.value_bytes, "Size of a value")
    ->transform(whole_number(keyspace::min_value_bytes, 1 << 20))
    ->capture_default_str();
  programs::add_text(app, "--clients", raw.shapes,
                     "Loads: so many clients, or with N commands at once each, "
                     "CLIENTSxN")
    ->capture_default_str();
  programs::add_text(app, "--operations", raw.operations, "set, get or both")
    ->capture_default_str();
  app.add_option("--seconds", raw.seconds, "How long each load is")
    ->check(CLI::Range(0.1, 3600.0))
    ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the choice of keys")
    ->transform(whole_number())
    ->capture_default_str();
}

void read(measure_options& options, const raw_options& raw) {
  for (const auto& x : split(raw.shapes))
    options.shapes.push_back(parse_shape(x));
  options.operations.clear();
  for (const auto& x : split(raw.operations)) {
    if (x != "set" && x != "get")
      throw std::runtime_error{"'" + x + "' is neither set nor get"};
    options.operations.push_back(x == "set" ? operation::set : operation::get);
  }
  for (const auto& x : split(raw.servers))
    options.servers.push_back(std::stoi(x));
  options.data = raw.data;
  options.length = std::chrono::duration<double>{raw.seconds};
}

void show(const measurement& x) {
  std::cout << fmt::format(
    "  {:<13} {} {:>5} bytes {:>6} clients {:>9.0f}/s  p50 {:.2f} ms  p99 "
    "{:.2f} ms\n",
    x.system, to_text(x.load.what), x.load.value_bytes, to_text(x.load.shape),
    static_cast<double>(x.commands) / x.seconds, x.p50, x.p99)
            << std::flush;
}

void run(const measure_options& options, const protocol& with,
         const std::string& to) {
  std::ofstream out{to, std::ios::app};
  measure(options, with, [&](const measurement& x) {
    show(x);
    if (!(out << nlohmann::json(x) << '\n' << std::flush))
      throw std::runtime_error{to + ": cannot be written"};
  });
}

} // namespace

int measure_program(int argc, char** argv, const char* name,
                    const protocol& with) {
  programs::fill_standard_files();
  CLI::App app{"Puts load on a system that runs on this machine, and measures "
               "it, for ./dev bench\ncompare.",
               name};
  measure_options options;
  raw_options raw;
  declare(app, options, raw);
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  // A lost connection is an error with a name, not an end without a word.
  std::signal(SIGPIPE, SIG_IGN);
  auto exit_code = 2;
  try {
    read(options, raw);
    check_options(options);
    exit_code = 1;
    run(options, with, raw.to);
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << name << ": " << options.system << ": " << problem.what()
              << '\n';
    return exit_code;
  }
}

} // namespace raft::bench
