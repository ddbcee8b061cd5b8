#include <raft/bench/measurement.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <stdexcept>

namespace raft::bench {

namespace {

using nlohmann::json;

json or_null(std::optional<std::uint64_t> x) {
  return x ? json(*x) : json{};
}

std::optional<std::uint64_t> not_null(const json& x) {
  return x.is_null() ? std::nullopt : std::optional{x.get<std::uint64_t>()};
}

} // namespace

const char* to_text(operation x) {
  return x == operation::set ? "SET" : "GET";
}

std::string to_text(load_shape x) {
  return x.pipeline == 1 ? std::to_string(x.clients)
                         : fmt::format("{}x{}", x.clients, x.pipeline);
}

load_shape parse_shape(const std::string& text) {
  load_shape result;
  auto at = text.data();
  auto end = at + text.size();
  auto read = [&](std::size_t& x) {
    auto [next, error] = std::from_chars(at, end, x);
    at = next;
    return error == std::errc{} && x >= 1 && x <= 1000;
  };
  auto good = read(result.clients);
  if (good && at != end)
    good = *at++ == 'x' && read(result.pipeline) && at == end;
  if (!good)
    throw std::runtime_error{
      "'" + text
      + "' is no number of clients: that is 64, or with 16 commands at once "
        "each 64x16, of at most 1000"};
  return result;
}

void to_json(json& out, const measurement& x) {
  out = {{"system", x.system},
         {"round", x.round},
         {"value_bytes", x.load.value_bytes},
         {"operation", to_text(x.load.what)},
         {"clients", x.load.shape.clients},
         {"pipeline", x.load.shape.pipeline},
         {"keys", x.keys},
         {"commands", x.commands},
         {"seconds", x.seconds},
         {"p50_ms", x.p50},
         {"p99_ms", x.p99},
         {"p99.9_ms", x.p999},
         {"cpu_seconds", x.cpu_seconds},
         {"client_cpu_seconds", x.client_cpu_seconds},
         {"written_bytes", x.written_bytes},
         {"disk_flushes", or_null(x.disk_flushes)},
         {"disk_bytes", or_null(x.disk_bytes)},
         {"load_average", x.load_average}};
  for (auto [resident, anonymous] : x.memory)
    out["memory"].push_back(
      {{"resident_bytes", resident}, {"anonymous_bytes", anonymous}});
}

void from_json(const json& in, measurement& x) {
  in.at("system").get_to(x.system);
  in.at("round").get_to(x.round);
  in.at("value_bytes").get_to(x.load.value_bytes);
  x.load.what = in.at("operation") == to_text(operation::set) ? operation::set
                                                              : operation::get;
  in.at("clients").get_to(x.load.shape.clients);
  in.at("pipeline").get_to(x.load.shape.pipeline);
  in.at("keys").get_to(x.keys);
  in.at("commands").get_to(x.commands);
  in.at("seconds").get_to(x.seconds);
  in.at("p50_ms").get_to(x.p50);
  in.at("p99_ms").get_to(x.p99);
  in.at("p99.9_ms").get_to(x.p999);
  in.at("cpu_seconds").get_to(x.cpu_seconds);
  in.at("client_cpu_seconds").get_to(x.client_cpu_seconds);
  in.at("written_bytes").get_to(x.written_bytes);
  x.disk_flushes = not_null(in.at("disk_flushes"));
  x.disk_bytes = not_null(in.at("disk_bytes"));
  in.at("load_average").get_to(x.load_average);
  x.memory.clear();
  for (const auto& each : in.at("memory"))
    x.memory.push_back({each.at("resident_bytes").get<std::uint64_t>(),
                        each.at("anonymous_bytes").get<std::uint64_t>()});
}

void to_json(json& out, const floor_figure& x) {
  out = {{"round", x.round},
         {"value_bytes", x.value_bytes},
         {"sync_ms", x.sync_ms},
         {"round_trip_ms", x.round_trip_ms}};
}

void from_json(const json& in, floor_figure& x) {
  in.at("round").get_to(x.round);
  in.at("value_bytes").get_to(x.value_bytes);
  in.at("sync_ms").get_to(x.sync_ms);
  in.at("round_trip_ms").get_to(x.round_trip_ms);
}

} // namespace raft::bench
