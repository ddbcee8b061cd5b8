// raft-scenarios fuzz: key-value clusters under random faults, one per seed.

#include <raft/programs/command_line.hpp>
#include <raft/simulation/fresh_seeds.hpp>
#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/kv_workload.hpp>
#include <raft/tools/lib/scenarios.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>

namespace raft::tools {

namespace {

constexpr const char* fuzz_footer = R"(
The same seed gives the same run on every machine. docs/testing.md says what a
run does and what is checked.

Exit codes:
  0  no violation
  1  a violation
  2  the arguments make no sense)";

struct fuzz_arguments {
  std::string seeds = "1..1000";
  std::uint64_t fresh = 0;
  simulation::fuzz_options options;
};

scenarios_exit fuzz(fuzz_arguments args) {
  if (args.fresh > 0) {
    simulation::draw_fresh_seeds(args.fresh, args.options, std::cout);
  } else {
    simulation::read_seeds(args.seeds, args.options);
    std::cout << "seeds " << args.options.first_seed << ".."
              << args.options.last_seed << std::endl;
  }
  simulation::kv_workload what;
  return simulation::fuzz(what, args.options, std::cout)
         ? scenarios_exit::passed
         : scenarios_exit::failed;
}

} // namespace

void add_fuzz(CLI::App& app, scenarios_run& chosen) {
  auto args = std::make_shared<fuzz_arguments>();
  auto* fuzz_command = app.add_subcommand(
    "fuzz", "Run clusters in virtual time under random faults");
  auto* seeds = fuzz_command->add_option(
    "--seeds", args->seeds, "Seeds, both inclusive (default 1..1000)");
  seeds->type_name("A..B");
  fuzz_command->add_option("--fresh", args->fresh, "So many new seeds instead")
    ->type_name("N")
    ->transform(programs::whole_number(1, 1'000'000))
    ->excludes(seeds);
  fuzz_command->add_option("--jobs", args->options.jobs, "Threads (default 1)")
    ->type_name("N")
    ->transform(programs::whole_number(1, 256));
  fuzz_command
    ->add_option("--save", args->options.save,
                 "Where to save the schedule of a violation (default "
                 "violation.schedule)")
    ->type_name("FILE");
  fuzz_command
    ->add_option("--timeline", args->options.timeline,
                 "Put a page of a violation here, for a browser")
    ->type_name("FILE.html");
  fuzz_command->footer(fuzz_footer);
  fuzz_command->callback(
    [args, &chosen] { chosen = [args] { return fuzz(*args); }; });
}

} // namespace raft::tools
