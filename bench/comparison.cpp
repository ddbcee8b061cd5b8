#include <raft/bench/comparison.hpp>
#include <raft/bench/open_loop.hpp>

#include <algorithm>
#include <array>
#include <cassert>

namespace raft::bench {

namespace {

using figure = std::optional<double>;

double per_command(double x, const measurement& of) {
  return x / static_cast<double>(of.commands);
}

figure per_command(std::optional<std::uint64_t> x, const measurement& of) {
  return x ? figure{per_command(static_cast<double>(*x), of)} : std::nullopt;
}

figure largest(const measurement& x, std::uint64_t server_memory::*member) {
  if (x.memory.empty())
    return std::nullopt;
  auto result
    = std::max_element(x.memory.begin(), x.memory.end(),
                       [&](auto& a, auto& b) { return a.*member < b.*member; });
  return static_cast<double>((*result).*member);
}

template <class T>
void add_once(std::vector<T>& to, const T& x) {
  if (std::find(to.begin(), to.end(), x) == to.end())
    to.push_back(x);
}

figure find(const std::vector<measurement>& in, const std::string& system,
            const load& of, unsigned round, const metric& what) {
  for (const auto& x : in)
    if (x.system == system && x.load == of && x.round == round)
      return what.of(x);
  return std::nullopt;
}

bool has_floor(const load& x) {
  return x.what == operation::set && x.shape == load_shape{1, 1};
}

std::optional<spread> spread_if_any(std::vector<double> of) {
  return of.empty() ? std::nullopt : std::optional{spread_of(std::move(of))};
}

} // namespace

spread spread_of(std::vector<double> of) {
  assert(!of.empty());
  auto [lowest, highest] = std::minmax_element(of.begin(), of.end());
  return {quantile(of, 0.5), *lowest, *highest};
}

namespace metrics {

using m = const measurement&;

const metric rate{"commands_per_second", [](m x) -> figure {
                    return static_cast<double>(x.commands) / x.seconds;
                  }};
const metric p50{"p50_ms", [](m x) -> figure { return x.p50; }};
const metric p99{"p99_ms", [](m x) -> figure { return x.p99; }};
const metric p999{"p99.9_ms", [](m x) -> figure { return x.p999; }};
const metric cpu{"cpu_seconds_per_100000", [](m x) -> figure {
                   return 1e5 * per_command(x.cpu_seconds, x);
                 }};
const metric client_cpu{"client_cpu_seconds_per_100000", [](m x) -> figure {
                          return 1e5 * per_command(x.client_cpu_seconds, x);
                        }};
const metric flushes{"disk_flushes_per_command",
                     [](m x) { return per_command(x.disk_flushes, x); }};
const metric disk_bytes{"disk_bytes_per_command",
                        [](m x) { return per_command(x.disk_bytes, x); }};
const metric written{"written_bytes_per_command", [](m x) {
                       return per_command(std::optional{x.written_bytes}, x);
                     }};
const metric memory{"resident_bytes",
                    [](m x) { return largest(x, &server_memory::resident); }};
const metric anonymous{
  "anonymous_bytes", [](m x) { return largest(x, &server_memory::anonymous); }};

std::span<const metric* const> all() {
  static constexpr std::array list{
    &rate,    &p50,        &p99,     &p999,   &cpu,      &client_cpu,
    &flushes, &disk_bytes, &written, &memory, &anonymous};
  return list;
}

} // namespace metrics

comparison::comparison(std::vector<measurement> all,
                       std::vector<floor_figure> floors)
  : all_{std::move(all)}, floors_{std::move(floors)} {
  for (const auto& x : all_) {
    add_once(systems_, x.system);
    add_once(loads_, x.load);
  }
}

unsigned comparison::rounds() const {
  unsigned result = 0;
  for (const auto& x : all_)
    result = std::max(result, x.round);
  return result;
}

std::optional<spread> comparison::of(const std::string& system, const load& x,
                                     const metric& what) const {
  std::vector<double> found;
  for (auto round = 1u; round <= rounds(); ++round)
    if (auto value = find(all_, system, x, round, what))
      found.push_back(*value);
  return spread_if_any(std::move(found));
}

std::optional<spread> comparison::ratio(const std::string& system,
                                        const std::string& other, const load& x,
                                        const metric& what) const {
  std::vector<double> found;
  for (auto round = 1u; round <= rounds(); ++round) {
    auto one = find(all_, system, x, round, what);
    auto two = find(all_, other, x, round, what);
    if (one && two && *two != 0)
      found.push_back(*one / *two);
  }
  return spread_if_any(std::move(found));
}

std::optional<spread>
comparison::floor_of(const load& x, double (*part)(const floor_figure&)) const {
  std::vector<double> found;
  for (const auto& y : floors_)
    if (has_floor(x) && y.value_bytes == x.value_bytes)
      found.push_back(part(y));
  return spread_if_any(std::move(found));
}

std::optional<spread> comparison::by_floor(const std::string& system,
                                           const load& x) const {
  std::vector<double> found;
  for (const auto& y : floors_) {
    if (!has_floor(x) || y.value_bytes != x.value_bytes || y.sum_ms() <= 0)
      continue;
    if (auto p50 = find(all_, system, x, y.round, metrics::p50))
      found.push_back(*p50 / y.sum_ms());
  }
  return spread_if_any(std::move(found));
}

} // namespace raft::bench
