// The options of the programs that measure a system.

#include <raft/bench/failover.hpp>
#include <raft/bench/measure.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace raft::bench {

namespace {

/// Options as texts: what CLI11 cannot read by itself.
struct raw_options {
  std::string shapes = "1,16,64,256,64x16";
  std::string operations = "set,get";
  std::string ports;
  std::string servers;
  std::string data;
  std::string to;
  double seconds = 3;
};

std::vector<std::string> split(const std::string& list) {
  return CLI::detail::split(list, ',');
}

void declare_ports(CLI::App& app, std::string& to, const std::string& help) {
  programs::add_text(app, "--ports", to, help + ", as PORT,PORT...")
    ->required();
}

/// @throws std::runtime_error
std::vector<std::uint16_t> read_ports(const std::string& list) {
  std::vector<std::uint16_t> result;
  for (const auto& x : split(list)) {
    std::uint16_t port = 0;
    auto [end, error] = std::from_chars(x.data(), x.data() + x.size(), port);
    if (error != std::errc{} || end != x.data() + x.size() || port == 0)
      throw std::runtime_error{"'" + x + "' is no port"};
    result.push_back(port);
  }
  if (result.empty())
    throw std::runtime_error{"there are no ports"};
  return result;
}

void declare(CLI::App& app, measure_options& options, raw_options& raw) {
  using programs::whole_number;
  programs::add_text(app, "--system", options.system, "What it is called")
    ->required();
  app.add_option("--round", options.round, "What round this is")
    ->transform(whole_number(1, 1000));
  declare_ports(app, raw.ports, "Of the servers that get the load");
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
  options.ports = read_ports(raw.ports);
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

/// Runs a program in two steps: `read` looks at the arguments, `run` does the
/// work.
template <class Read, class Run>
int carry_out(CLI::App& app, int argc, char** argv, Read read, Run run) {
  programs::fill_standard_files();
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  // A lost connection is an error with a name, not an end without a word.
  std::signal(SIGPIPE, SIG_IGN);
  auto exit_code = 2;
  try {
    read();
    exit_code = 1;
    run();
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << app.get_name() << ": " << problem.what() << '\n';
    return exit_code;
  }
}

} // namespace

int measure_program(int argc, char** argv, const char* name,
                    const protocol& with) {
  CLI::App app{"Puts load on a system that runs on this machine, and measures "
               "it, for ./dev bench\ncompare.",
               name};
  measure_options options;
  raw_options raw;
  declare(app, options, raw);
  return carry_out(
    app, argc, argv,
    [&] {
      read(options, raw);
      check_options(options);
    },
    [&] { run(options, with, raw.to); });
}

int failover_program(int argc, char** argv, const char* name,
                     const protocol& with) {
  CLI::App app{"Kills a server that leads, and prints how many milliseconds it "
               "takes until clients of\nthe others are served again, or, if it "
               "is only asked to stop, how long they waited at most,\nfor "
               "./dev bench failover.",
               name};
  failover_options options;
  std::string ports;
  pid_t victim = 0;
  declare_ports(app, ports, "Of the servers that stay");
  app.add_option("--kill", victim, "Process of the one that does not")
    ->transform(programs::whole_number(2, 1 << 30))
    ->required();
  auto stop = false;
  app.add_flag("--stop", stop, "Ask it to stop (SIGTERM)");
  return carry_out(
    app, argc, argv, [&] { options.ports = read_ports(ports); },
    [&] {
      if (stop)
        options.watch = std::chrono::seconds{3};
      options.kill = [victim, how = stop ? SIGTERM : SIGKILL] {
        if (::kill(victim, how) != 0)
          throw std::system_error{errno, std::generic_category(), "kill"};
      };
      std::cout << fmt::format("{:.0f}\n", run_failover(options, with).count());
    });
}

int compare_program(int argc, char** argv, const char* name,
                    const protocol& with) {
  if (argc > 1 && std::string_view{argv[1]} == "failover")
    return failover_program(argc - 1, argv + 1, name, with);
  return measure_program(argc, argv, name, with);
}

} // namespace raft::bench
