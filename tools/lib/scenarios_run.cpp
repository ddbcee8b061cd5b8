// raft-scenarios list, run and explain.

#include <raft/programs/command_line.hpp>
#include <raft/scenarios/runner.hpp>
#include <raft/simulation/timeline.hpp>
#include <raft/tools/lib/scenarios.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace raft::tools {

namespace {

using scenarios::environment_kind;
using scenarios::run_report;
using scenarios::scenario;

constexpr const char* run_footer = R"(
Each run prints its seconds, peers, exchanges, bytes and committed commands.

Exit codes:
  0  all passed
  1  one failed
  2  there is no such scenario or environment, or the environment cannot express it;
     with "all", those that it cannot express are named and left out

Examples:
  raft-scenarios run figure-8 churn --environment actors
  raft-scenarios run all --environment simulated --repeat 100)";

struct run_arguments {
  std::vector<std::string> names;
  std::string environment = "simulated";
  std::optional<std::uint64_t> seed;
  std::size_t jobs = 1;
  std::size_t repeat = 1;
  unsigned slow_motion = 1;
  std::string timeline;
};

/// One run to be done.
struct job {
  const scenario* what = nullptr;
  scenarios::run_options how;
};

scenarios_exit refuse(const std::string& why) {
  std::cerr << "raft-scenarios: " << why << '\n';
  return scenarios_exit::unusable;
}

std::string unknown(const std::string& name) {
  return "there is no scenario '" + name
       + "'; raft-scenarios list shows all of them";
}

/// Does jobs in several threads, and prints each report as a whole.
class crew {
public:
  /// @param left_out How many scenarios are not among the jobs.
  crew(std::vector<job> jobs, std::size_t left_out)
    : jobs_{std::move(jobs)}, left_out_{left_out} {
    // nop
  }

  scenarios_exit work(std::size_t threads) {
    std::vector<std::thread> hands;
    for (std::size_t i = 1; i < std::min(threads, jobs_.size()); ++i)
      hands.emplace_back([this] { work(); });
    work();
    for (auto& x : hands)
      x.join();
    if (jobs_.size() > 1)
      std::cout << jobs_.size() - failed_ << " passed, " << failed_
                << " failed, " << left_out_ << " cannot be run here\n";
    return failed_ > 0 ? scenarios_exit::failed : scenarios_exit::passed;
  }

private:
  void work() {
    for (;;) {
      auto i = next_++;
      if (i >= jobs_.size())
        return;
      const auto& x = jobs_[i];
      auto report = scenarios::run(*x.what, x.how);
      std::lock_guard guard{mutex_};
      if (report.result == run_report::outcome::failed)
        ++failed_;
      std::cout << to_text(report, *x.what, x.how) << std::flush;
    }
  }

  std::vector<job> jobs_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::size_t failed_ = 0;
  std::size_t left_out_;
};

/// Runs one scenario and puts a page of it into a file.
scenarios_exit show(const scenario& what, std::uint64_t seed,
                    const std::string& file) {
  simulation::timeline_file page{file};
  simulation::recorder all;
  scenarios::run_options how{environment_kind::simulated, seed};
  auto report = scenarios::run(what, how, &all);
  std::cout << to_text(report, what, how);
  page.write(simulation::timeline_page(
    all.events(),
    {what.name + ": " + what.title,
     "raft-scenarios run " + what.name + " --seed " + std::to_string(seed),
     report.reason}));
  std::cout << "see it: " << file << '\n';
  return report.result == run_report::outcome::failed ? scenarios_exit::failed
                                                      : scenarios_exit::passed;
}

/// Adds all scenarios that an environment can express, and names the others.
/// @returns how many others there are.
std::size_t choose_all(environment_kind where,
                       std::vector<const scenario*>& to) {
  std::size_t result = 0;
  for (const auto& x : scenarios::all_scenarios())
    if (scenarios::objection_to(x, where).empty()) {
      to.push_back(&x);
    } else {
      std::cout << scenarios::refusal(x, where) << '\n';
      ++result;
    }
  return result;
}

scenarios_exit run(const run_arguments& args) {
  auto where = scenarios::environment_of(args.environment);
  if (!where)
    return refuse("there is no environment '" + args.environment
                  + "'; it is simulated, actors or processes");
  std::vector<const scenario*> chosen;
  std::size_t left_out = 0;
  for (const auto& name : args.names) {
    if (name == "all") {
      left_out += choose_all(*where, chosen);
    } else if (const auto* x = scenarios::find_scenario(name)) {
      if (!scenarios::objection_to(*x, *where).empty())
        return refuse(scenarios::refusal(*x, *where));
      chosen.push_back(x);
    } else {
      return refuse(unknown(name));
    }
  }
  auto seed = args.seed ? *args.seed : std::uint64_t{std::random_device{}()};
  if (!args.timeline.empty()) {
    if (*where != environment_kind::simulated)
      return refuse("--timeline needs environment simulated");
    if (chosen.size() != 1 || args.repeat != 1)
      return refuse("--timeline shows one run of one scenario");
    return show(*chosen.front(), seed, args.timeline);
  }
  std::vector<job> jobs;
  for (std::size_t i = 0; i < args.repeat; ++i)
    for (const auto* x : chosen)
      jobs.push_back({x, {*where, seed + i, args.slow_motion}});
  return crew{std::move(jobs), left_out}.work(args.jobs);
}

scenarios_exit list() {
  std::string part;
  for (const auto& x : scenarios::all_scenarios()) {
    if (x.part != part)
      std::cout << x.part << '\n';
    part = x.part;
    std::cout << "  " << x.name
              << std::string(std::max<std::size_t>(x.name.size(), 35)
                               - x.name.size() + 1,
                             ' ')
              << x.title << '\n';
  }
  return scenarios_exit::passed;
}

scenarios_exit explain(const std::string& name) {
  const auto* x = scenarios::find_scenario(name);
  if (x == nullptr)
    return refuse(unknown(name));
  std::cout << x->name << ": " << x->title << "\n\n" << x->explanation << '\n';
  std::cout << "\n" << x->peers << " peers; environments:";
  for (auto where : {environment_kind::simulated, environment_kind::actors,
                     environment_kind::processes})
    if (scenarios::objection_to(*x, where).empty())
      std::cout << ' ' << to_text(where);
  std::cout << '\n';
  return scenarios_exit::passed;
}

} // namespace

void add_list(CLI::App& app, scenarios_run& chosen) {
  auto* command = app.add_subcommand("list", "Show all scenarios");
  command->callback([&chosen] { chosen = list; });
}

void add_explain(CLI::App& app, scenarios_run& chosen) {
  auto name = std::make_shared<std::string>();
  auto* command
    = app.add_subcommand("explain", "Say what happens in a scenario, and why");
  programs::add_text(*command, "NAME", *name)->required();
  command->callback(
    [name, &chosen] { chosen = [name] { return explain(*name); }; });
}

void add_run(CLI::App& app, scenarios_run& chosen) {
  auto args = std::make_shared<run_arguments>();
  auto* command = app.add_subcommand("run", "Run scenarios");
  programs::add_texts(*command, "NAME", args->names, "Scenarios, or all")
    ->required();
  command
    ->add_option("--environment", args->environment,
                 "simulated (default), actors or processes")
    ->type_name("ENVIRONMENT");
  // What it was called before.
  command->add_option("--ground", args->environment)->group("");
  command
    ->add_option("--seed", args->seed,
                 "Of all that is drawn at random (default: another one each "
                 "time); further runs take the next ones")
    ->type_name("N")
    ->transform(programs::whole_number());
  command->add_option("--jobs", args->jobs, "Run so many at a time (default 1)")
    ->type_name("N")
    ->transform(programs::whole_number(1, 64));
  command->add_option("--repeat", args->repeat, "Run each so often (default 1)")
    ->type_name("N")
    ->transform(programs::whole_number(1, 1'000'000));
  command
    ->add_option("--slow-motion", args->slow_motion,
                 "Let everything take so many times as long, heartbeats and "
                 "what is waited for: for busy machines (default 1). Virtual "
                 "time needs none")
    ->type_name("N")
    ->transform(programs::whole_number(1, 100));
  command
    ->add_option("--timeline", args->timeline,
                 "Put a page of the run here, for a browser: one scenario, "
                 "environment simulated")
    ->type_name("FILE.html");
  command->footer(run_footer);
  command->callback(
    [args, &chosen] { chosen = [args] { return run(*args); }; });
}

} // namespace raft::tools
