#include <raft/bench/report.hpp>
#include <raft/programs/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace raft::bench {

namespace {

using nlohmann::json;
using programs::table;

constexpr const char* legend
  = R"(All figures are medians over the rounds; one system runs at a time.

  p50, p99, p99.9   milliseconds from sending a command to its answer
  CPU s             seconds of all servers for 100,000 commands
  syncs             times that the disk's cache was flushed, for each command
  disk bytes        what the disk was told to write, for each command
  own bytes         what the servers alone had written, in pages, for each command
  MiB               memory of the server that has most; in parentheses without mapped files
  floor             what a SET takes at least: the sync of a journal's record while two more
                    processes do the same, and a message's way to another process and back

Syncs and disk bytes are those of all servers, and of all else that uses that disk.
)";

std::string cell(const std::optional<spread>& x) {
  return x ? to_text(x->median) : "-";
}

std::string mebibytes(const std::optional<spread>& all,
                      const std::optional<spread>& anonymous) {
  if (!all || !anonymous)
    return "-";
  constexpr double mebi = 1 << 20;
  return fmt::format("{:.0f} ({:.0f})", all->median / mebi,
                     anonymous->median / mebi);
}

std::string range(const std::optional<spread>& x) {
  if (!x)
    return "-";
  return fmt::format("{} ({} to {})", to_text(x->median), to_text(x->lowest),
                     to_text(x->highest));
}

std::vector<std::string> figures(const comparison& x, const std::string& system,
                                 const load& load) {
  auto median = [&](const metric& of) { return cell(x.of(system, load, of)); };
  return {to_text(load.shape),
          system,
          median(metrics::rate),
          median(metrics::p50),
          median(metrics::p99),
          median(metrics::p999),
          median(metrics::cpu),
          median(metrics::flushes),
          median(metrics::disk_bytes),
          median(metrics::written),
          mebibytes(x.of(system, load, metrics::memory),
                    x.of(system, load, metrics::anonymous))};
}

std::string figures_of(const comparison& x, const std::vector<load>& group) {
  table result{{"clients", "system", "commands/s", "p50", "p99", "p99.9",
                "CPU s", "syncs", "disk bytes", "own bytes", "MiB"}};
  for (const auto& load : group)
    for (const auto& system : x.systems())
      if (x.of(system, load, metrics::rate))
        result.add(figures(x, system, load));
  return result.to_text();
}

std::string ratios_of(const comparison& x, const std::vector<load>& group) {
  table result{{"clients", "ours by", "commands/s", "p50", "p99", "CPU s"}};
  auto any = false;
  for (const auto& load : group)
    for (const auto& other : x.systems()) {
      auto ratio = [&](const metric& of) {
        return range(x.ratio(own_system, other, load, of));
      };
      if (other == own_system || ratio(metrics::rate) == "-")
        continue;
      result.add({to_text(load.shape), other, ratio(metrics::rate),
                  ratio(metrics::p50), ratio(metrics::p99),
                  ratio(metrics::cpu)});
      any = true;
    }
  return any ? "\nOurs divided by the other's in the same round: median "
               "(lowest to highest)\n\n"
                 + result.to_text()
             : "";
}

constexpr auto sync = [](const floor_figure& x) { return x.sync_ms; };
constexpr auto round_trip
  = [](const floor_figure& x) { return x.round_trip_ms; };
constexpr auto sum = [](const floor_figure& x) { return x.sum_ms(); };

std::string floors_of(const comparison& x, const std::vector<load>& group) {
  table result{{"clients", "floor", "sync", "round trip", "system", "p50",
                "p50 by floor"}};
  auto any = false;
  for (const auto& load : group)
    for (const auto& system : x.systems()) {
      auto ratio = x.by_floor(system, load);
      if (!ratio)
        continue;
      result.add({to_text(load.shape), cell(x.floor_of(load, sum)),
                  cell(x.floor_of(load, sync)),
                  cell(x.floor_of(load, round_trip)), system,
                  cell(x.of(system, load, metrics::p50)), range(ratio)});
      any = true;
    }
  return any ? "\nWhat one client waits for at least, in milliseconds, and p50 "
               "divided by it in the same round\n\n"
                 + result.to_text()
             : "";
}

json to_json(const load& x) {
  return {{"value_bytes", x.value_bytes},
          {"operation", to_text(x.what)},
          {"clients", x.shape.clients},
          {"pipeline", x.shape.pipeline}};
}

json to_json(const std::optional<spread>& x) {
  if (!x)
    return {};
  return {
    {"median", x->median}, {"lowest", x->lowest}, {"highest", x->highest}};
}

} // namespace

std::vector<std::vector<load>> groups_of(const std::vector<load>& loads) {
  std::vector<std::vector<load>> result;
  for (const auto& x : loads) {
    auto fits = [&](auto& group) {
      return group.front().what == x.what
          && group.front().value_bytes == x.value_bytes;
    };
    auto group = std::find_if(result.begin(), result.end(), fits);
    if (group == result.end())
      result.push_back({x});
    else
      group->push_back(x);
  }
  return result;
}

std::string to_text(double x) {
  if (x == 0)
    return "0";
  // What rounds up to the next power of ten has one digit less.
  if (x < 99.95)
    return fmt::format("{:.{}f}", x, x < 0.9995 ? 3 : x < 9.995 ? 2 : 1);
  auto result = fmt::format("{:.0f}", x);
  for (auto i = static_cast<int>(result.size()) - 3; i > 0; i -= 3)
    result.insert(static_cast<std::size_t>(i), 1, ',');
  return result;
}

std::string to_text(const comparison& x, const facts& about) {
  std::string result;
  for (const auto& [name, value] : about)
    result += fmt::format("{}: {}\n", name, value);
  for (const auto& group : groups_of(x.loads())) {
    const auto& first = group.front();
    result += fmt::format("\n{}, values of {} bytes\n\n", to_text(first.what),
                          first.value_bytes)
            + figures_of(x, group) + ratios_of(x, group) + floors_of(x, group);
  }
  return result + '\n' + legend;
}

json to_json(const comparison& x, const facts& about) {
  json result{{"facts", json::object()},
              {"measurements", x.all()},
              {"floors", x.floors()},
              {"medians", json::array()},
              {"ratios", json::array()}};
  for (const auto& [name, value] : about)
    result["facts"][name] = value;
  for (const auto& load : x.loads())
    for (const auto& system : x.systems()) {
      auto median = to_json(load), ratio = median;
      median["system"] = system;
      ratio["of"] = own_system;
      ratio["by"] = system;
      for (auto each : metrics::all()) {
        median[each->name] = to_json(x.of(system, load, *each));
        ratio[each->name] = to_json(x.ratio(own_system, system, load, *each));
      }
      median["floor_ms"] = to_json(x.floor_of(load, sum));
      median["p50_by_floor"] = to_json(x.by_floor(system, load));
      result["medians"].push_back(median);
      if (system != own_system)
        result["ratios"].push_back(ratio);
    }
  return result;
}

} // namespace raft::bench
