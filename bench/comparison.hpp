// Systems side by side: medians over rounds, and ratios within each round.

#pragma once

#include <raft/bench/measurement.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace raft::bench {

/// What rounds have in common, and how far they differ.
struct spread {
  double median = 0; // the lower one of two in the middle
  double lowest = 0;
  double highest = 0;

  bool operator==(const spread&) const = default;
};

/// @pre `!of.empty()`.
spread spread_of(std::vector<double> of);

/// A figure that a measurement has. None where the machine does not count it.
struct metric {
  const char* name; // in JSON
  std::optional<double> (*of)(const measurement&);
};

namespace metrics {

extern const metric rate; // commands a second
extern const metric p50; // milliseconds, like the next two
extern const metric p99; //
extern const metric p999; //
extern const metric cpu; // seconds of all servers for 100,000 commands
extern const metric client_cpu; // the same of the load generator
extern const metric flushes; // of the disk, for each command
extern const metric disk_bytes; // written by the disk, for each command
extern const metric written; // bytes by all servers, for each command
extern const metric memory; // bytes of the server that has most
extern const metric anonymous; // the same without mapped files

/// All of them.
std::span<const metric* const> all();

} // namespace metrics

class comparison {
public:
  explicit comparison(std::vector<measurement> all,
                      std::vector<floor_figure> floors = {});

  const std::vector<measurement>& all() const {
    return all_;
  }

  const std::vector<floor_figure>& floors() const {
    return floors_;
  }

  /// In the order in which they appear first.
  const std::vector<std::string>& systems() const {
    return systems_;
  }

  const std::vector<load>& loads() const {
    return loads_;
  }

  /// How many rounds there are.
  unsigned rounds() const;

  /// None if the system was not measured so.
  std::optional<spread> of(const std::string& system, const load& x,
                           const metric& what) const;

  /// One system's figure divided by another's, in each round that has both;
  /// none without such a round, or where the other's is 0 in all of them.
  std::optional<spread> ratio(const std::string& system,
                              const std::string& other, const load& x,
                              const metric& what) const;

  /// What a load takes at least: part of a floor, or its sum. None if no floor
  /// was measured for it; only `SET` by one client, one at a time, has one.
  std::optional<spread> floor_of(const load& x,
                                 double (*part)(const floor_figure&)) const;

  /// A system's p50 divided by the floor, in each round that has both.
  std::optional<spread> by_floor(const std::string& system,
                                 const load& x) const;

private:
  std::vector<measurement> all_;
  std::vector<floor_figure> floors_;
  std::vector<std::string> systems_;
  std::vector<load> loads_;
};

} // namespace raft::bench
