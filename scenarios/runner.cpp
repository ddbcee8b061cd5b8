#include <raft/scenarios/environments.hpp>
#include <raft/scenarios/runner.hpp>

#include <fmt/format.h>

#include <exception>
#include <memory>

namespace raft::scenarios {

namespace {

std::string objection_to(ability what, environment_kind where) {
  switch (where) {
    case environment_kind::actors:
      return actors_objection(what);
    case environment_kind::processes:
      return processes_objection(what);
    case environment_kind::simulated:
      break;
  }
  return {};
}

std::unique_ptr<environment>
make_environment(const environment_options& options, environment_kind where,
                 simulation::observer* watching) {
  switch (where) {
    case environment_kind::actors:
      return make_actors_environment(options);
    case environment_kind::processes:
      return make_processes_environment(options);
    case environment_kind::simulated:
      break;
  }
  return make_simulated_environment(options, watching);
}

double to_seconds(duration x) {
  return std::chrono::duration<double>{x}.count();
}

} // namespace

std::string objection_to(const scenario& what, environment_kind where) {
  for (auto need : what.needs) {
    auto reason = objection_to(need, where);
    if (!reason.empty())
      return reason;
  }
  return {};
}

std::string refusal(const scenario& what, environment_kind where) {
  return fmt::format("{} cannot be run on environment {}: {}", what.name,
                     to_text(where), objection_to(what, where));
}

run_report run(const scenario& what, const run_options& how,
               simulation::observer* watching) {
  run_report result;
  result.peers = what.peers;
  result.reason = objection_to(what, how.where);
  if (!result.reason.empty()) {
    result.result = run_report::outcome::impossible;
    return result;
  }
  try {
    base::random random{how.seed};
    auto stands = make_environment({what.peers, random.next(), what.network,
                                    how.slow_motion, what.snapshots},
                                   how.where, watching);
    test_context x{*stands, random.next()};
    x.begin_stage(what.title);
    what.run(x);
    require(stands->now() <= scenario_max, "an end within 120 s",
            fmt::format("{:.1f} s", to_seconds(stands->now())));
    result.stages = x.end();
    result.remarks = x.remarks();
  } catch (const std::exception& problem) {
    result.result = run_report::outcome::failed;
    result.reason = problem.what();
  }
  return result;
}

std::string to_text(const run_report& x, const scenario& what,
                    const run_options& how) {
  if (x.result == run_report::outcome::impossible)
    return refusal(what, how.where) + '\n';
  std::string result;
  auto counts = objection_to(ability::counting_exchanges, how.where).empty();
  for (const auto& stage : x.stages)
    result += fmt::format("{} ({}): {} ...\n"
                          "  ... Passed -- {:5.1f} {:2} {:>4} {:7} {:4}\n",
                          what.name, what.part, stage.title,
                          to_seconds(stage.length), x.peers,
                          counts ? std::to_string(stage.sent.exchanges) : "-",
                          stage.sent.bytes, stage.committed);
  for (const auto& remark : x.remarks)
    result += fmt::format("  remark: {}\n", remark);
  if (x.result == run_report::outcome::failed)
    result += fmt::format(
      "{} ({}): {} ...\n  ... FAILED: {}\n  again: "
      "raft-scenarios run {} --environment {} --seed {}{}\n",
      what.name, what.part, what.title, x.reason, what.name, to_text(how.where),
      how.seed,
      how.slow_motion > 1 ? fmt::format(" --slow-motion {}", how.slow_motion)
                          : std::string{});
  return result;
}

} // namespace raft::scenarios
