#include <raft/bench/measure.hpp>
#include <raft/bench/open_loop.hpp>
#include <raft/bench/usage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <unistd.h>

namespace raft::bench {

namespace {

using namespace std::chrono_literals;

// Enough to be fast with every system, and not so much that one loses its
// leader.
constexpr load_shape bulk{64, 4};

// How many keys are read in the end.
constexpr std::uint32_t sample = 10'000;

/// All that is counted, at one moment.
struct counters {
  double client_cpu_seconds = 0;
  double cpu_seconds = 0;
  std::uint64_t written_bytes = 0;
  std::vector<server_memory> memory;
  std::optional<disk_usage> disk;
};

counters count(const measure_options& options) {
  counters result;
  for (auto server : options.servers) {
    auto x = usage_of(server);
    result.cpu_seconds += x.cpu_seconds;
    result.written_bytes += x.written_bytes;
    result.memory.push_back({x.resident_bytes, x.anonymous_bytes});
  }
  result.client_cpu_seconds = usage_of(::getpid()).cpu_seconds;
  result.disk = disk_of(options.data);
  return result;
}

class runner {
public:
  runner(const measure_options& options, const protocol& with)
    : options_{options},
      with_{with},
      keys_{options.keys, options.value_bytes},
      seed_{options.seed} {
    // nop
  }

  /// One command for each so many-th key.
  void pass(operation what, std::uint32_t stride) {
    closed_loop_options load;
    load.what = what;
    load.shape = bulk;
    if (bulk.clients * bulk.pipeline > options_.keys)
      load.shape = {1, 1};
    load.stride = stride;
    run_closed_loop(connect(load.shape), keys_, load);
  }

  measurement run(operation what, load_shape shape) {
    closed_loop_options load;
    load.what = what;
    load.shape = shape;
    auto connections = connect(shape);
    auto load_before = load_average();
    auto run_for = [&](auto length) {
      load.length
        = std::chrono::duration_cast<std::chrono::nanoseconds>(length);
      load.seed = seed_++;
      return run_closed_loop(connections, keys_, load);
    };
    run_for(std::min<std::chrono::duration<double>>(options_.length / 5, 1s));
    auto before = count(options_);
    auto found = run_for(options_.length);
    auto result = compare(before, count(options_));
    result.load = {options_.value_bytes, what, shape};
    result.load_average = load_before;
    add_latencies(result, found);
    return result;
  }

private:
  std::vector<connection_ptr> connect(load_shape shape) const {
    auto share = with_.clients_per_connection;
    std::vector<connection_ptr> result((shape.clients + share - 1) / share);
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] = with_.connect(options_.ports[i % options_.ports.size()]);
    return result;
  }

  measurement compare(const counters& before, const counters& after) const {
    measurement result;
    result.system = options_.system;
    result.round = options_.round;
    result.keys = options_.keys;
    result.cpu_seconds = after.cpu_seconds - before.cpu_seconds;
    result.client_cpu_seconds
      = after.client_cpu_seconds - before.client_cpu_seconds;
    result.written_bytes = after.written_bytes - before.written_bytes;
    result.memory = after.memory;
    if (before.disk && after.disk) {
      result.disk_flushes = after.disk->flushes - before.disk->flushes;
      result.disk_bytes
        = after.disk->written_bytes - before.disk->written_bytes;
    }
    return result;
  }

  static void add_latencies(measurement& to, const closed_loop_result& from) {
    to.commands = from.took.size();
    to.seconds = from.seconds;
    to.p50 = quantile(from.took, 0.5);
    to.p99 = quantile(from.took, 0.99);
    to.p999 = quantile(from.took, 0.999);
  }

  const measure_options& options_;
  const protocol& with_;
  keyspace keys_;
  std::uint64_t seed_;
};

} // namespace

void check_options(const measure_options& options) {
  for (auto shape : options.shapes)
    if (shape.clients * shape.pipeline > options.keys)
      throw std::runtime_error{
        fmt::format("{} clients need as many keys as commands at once, but "
                    "there are {}",
                    to_text(shape), options.keys)};
}

void measure(const measure_options& options, const protocol& with,
             const std::function<void(const measurement&)>& f) {
  runner x{options, with};
  x.pass(operation::set, 1);
  for (auto what : options.operations)
    for (auto shape : options.shapes)
      f(x.run(what, shape));
  x.pass(operation::get, std::max(1u, options.keys / sample));
}

} // namespace raft::bench
