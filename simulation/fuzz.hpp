// The fuzzer: clusters under random faults, one for each seed.

#pragma once

#include <raft/simulation/schedule.hpp>
#include <raft/simulation/workload.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raft::simulation {

/// What came of one run.
struct run_result {
  /// What happened that must not; nothing if all went well.
  std::optional<std::string> violation;
  /// When.
  instant when{0};
  /// How much of the schedule was played by then: the times when the cluster
  /// had to heal do not count.
  instant played{0};
  std::uint64_t fingerprint = 0;
  std::uint64_t steps = 0;
  std::uint64_t committed = 0;
  std::uint64_t terms_led = 0;
  /// Commands of clients, and how many of them had an answer that says what
  /// became of them.
  std::uint64_t operations = 0;
  std::uint64_t answered = 0;
  counters counts;
};

/// Plays a schedule. Lets faults rage while clients run their programs; checks
/// all invariants after each step of a peer; then takes the faults away, and
/// the cluster must serve a new client within `serves_within`, and all peers
/// must have caught up and all clients their answers within `heals_within`.
/// Last, what clients saw is judged, and peers are compared.
///
/// A function of the arguments, on every machine.
run_result play(const workload& what, const schedule& x,
                observer* watching = nullptr);

inline constexpr duration serves_within = std::chrono::seconds{10};
inline constexpr duration heals_within = std::chrono::seconds{60};

/// Is told after each run of `shrink`: how many there were, and the smallest
/// schedule so far.
using shrink_watcher
  = std::function<void(std::size_t tries, const schedule& best)>;

/// Finds a schedule that does less and ends in the same violation. Tries at
/// most `tries_max` runs.
/// @param watch May be null.
/// @pre `play` of `x` ends in a violation.
schedule shrink(const workload& what, schedule x, std::size_t tries_max = 400,
                const shrink_watcher& watch = {});

/// What the fuzzer is to do.
struct fuzz_options {
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 1000;
  /// Threads; each plays other seeds.
  std::size_t jobs = 1;
  /// Where to save the schedule of a violation; empty: nowhere.
  std::string save = "violation.schedule";
  /// How many lines of what led to it are shown.
  std::size_t lines = 40;
  /// Where to put a page of it (simulation/timeline.hpp); empty: nowhere.
  std::string timeline = {};
  bool shrinks = true;
};

/// Reads a whole number from 1.
/// @throws std::invalid_argument
std::uint64_t read_number(std::string_view text);

/// Reads "A..B", or "A" alone.
/// @throws std::invalid_argument
void read_seeds(std::string_view text, fuzz_options& to);

/// Reads a schedule that was saved.
/// @throws std::invalid_argument naming the file, if it cannot be read or
///         holds no schedule.
schedule load_schedule(const std::string& file);

/// Plays all seeds, up to the first violation, and tells on the way. A
/// violation is shown, made smaller and saved. If several seeds fail, it is
/// that of the lowest one that was played.
/// @returns whether all went well.
/// @throws std::runtime_error if the page of the violation cannot be written;
///         before any seed is played, if that can be known then.
bool fuzz(const workload& what, const fuzz_options& options, std::ostream& out);

/// Plays a schedule and tells what happens.
/// @param lines_max Show so many of the last lines.
/// @param timeline Where to put a page of it; empty: nowhere.
/// @returns whether all went well.
/// @throws std::runtime_error if the page cannot be written.
bool replay(const workload& what, const schedule& x, std::size_t lines_max,
            std::ostream& out, const std::string& timeline = {});

} // namespace raft::simulation
