// raft-scenarios replay: one run of the fuzzer, with all that happens in it.

#include <raft/programs/command_line.hpp>
#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/kv_workload.hpp>
#include <raft/tools/lib/scenarios.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>

namespace raft::tools {

namespace {

struct replay_arguments {
  std::string file;
  std::uint64_t seed = 0;
  std::size_t lines = 100'000'000;
  std::string timeline;
};

scenarios_exit replay(const replay_arguments& args) {
  simulation::kv_workload what;
  const auto schedule = args.seed > 0 ? simulation::draw_schedule(args.seed)
                                      : simulation::load_schedule(args.file);
  return simulation::replay(what, schedule, args.lines, std::cout,
                            args.timeline)
         ? scenarios_exit::passed
         : scenarios_exit::failed;
}

} // namespace

void add_replay(CLI::App& app, scenarios_run& chosen) {
  auto args = std::make_shared<replay_arguments>();
  auto* command = app.add_subcommand(
    "replay", "Play a saved schedule, or a seed, and tell what happens");
  auto* source = command->add_option_group("source");
  programs::add_text(*source, "FILE", args->file, "What `fuzz` has saved");
  source->add_option("--seed", args->seed, "Play this seed")
    ->type_name("N")
    ->transform(programs::whole_number(1));
  source->require_option(1);
  command->add_option("--lines", args->lines, "Only the last lines")
    ->type_name("N")
    ->transform(programs::whole_number());
  command
    ->add_option("--timeline", args->timeline,
                 "Put a page of it here, for a browser")
    ->type_name("FILE.html");
  command->callback(
    [args, &chosen] { chosen = [args] { return replay(*args); }; });
}

} // namespace raft::tools
