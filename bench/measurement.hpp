// One figure of a comparison: a load on a system in one round, and what it
// took.

#pragma once

#include <raft/bench/closed_loop.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace raft::bench {

/// What is done to a system.
struct load {
  std::size_t value_bytes = 0;
  operation what = operation::set;
  load_shape shape;

  bool operator==(const load&) const = default;
};

/// Bytes, of one server at the end of a load.
struct server_memory {
  std::uint64_t resident = 0;

  /// Without mapped files.
  std::uint64_t anonymous = 0;
};

struct measurement {
  std::string system;
  unsigned round = 1;
  bench::load load;
  std::uint32_t keys = 0;
  std::uint64_t commands = 0;
  double seconds = 0;

  /// Latencies in milliseconds, exact: each is that of a command.
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;

  /// Of all servers, and of the load generator.
  double cpu_seconds = 0;
  double client_cpu_seconds = 0;

  /// By all servers, as `process_usage` says.
  std::uint64_t written_bytes = 0;

  /// By all that ran on the machine; none where it is not counted.
  std::optional<std::uint64_t> disk_flushes;
  std::optional<std::uint64_t> disk_bytes;

  std::vector<server_memory> memory;

  /// Of the last minute before the load.
  double load_average = 0;
};

/// What a `SET` of one client takes at least, whoever serves it: medians, in
/// milliseconds, of a round.
struct floor_figure {
  unsigned round = 1;
  std::size_t value_bytes = 0;

  /// Append and sync of a journal's record, while two more processes do the
  /// same.
  double sync_ms = 0;

  /// A small message to another process, and its answer.
  double round_trip_ms = 0;

  double sum_ms() const noexcept {
    return sync_ms + round_trip_ms;
  }
};

const char* to_text(operation x);

/// "64", or with a pipeline "64x16".
std::string to_text(load_shape x);

/// @throws std::runtime_error for what `to_text` does not write.
load_shape parse_shape(const std::string& text);

void to_json(nlohmann::json& out, const measurement& x);

/// @throws nlohmann::json::exception if a field is missing or has another type.
void from_json(const nlohmann::json& in, measurement& x);

/// The same for a floor.
void to_json(nlohmann::json& out, const floor_figure& x);
void from_json(const nlohmann::json& in, floor_figure& x);

} // namespace raft::bench
