// What all that is drawn from a seed has in common.

#pragma once

#include <raft/base/random.hpp>
#include <raft/simulation/schedule.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace raft::simulation {

/// Different questions to the same seed have unrelated answers.
base::random stream(std::uint64_t seed, std::uint64_t what);

/// How wrong clocks run at most, in millionths.
inline constexpr std::int64_t clocks_wrong_ppm = 200'000;

/// A cheap way to have small bounds in some runs and none in others.
std::size_t bound(base::random& from, std::size_t low, std::size_t high,
                  std::size_t otherwise);

/// How many peers a cluster is founded with, how many may join, and how many
/// there are in all.
std::size_t draw_peers(std::uint64_t seed);
std::size_t draw_spares(std::uint64_t seed);
std::size_t draw_all_peers(std::uint64_t seed);

/// In some runs, leaders are asked to hand over, at any time and in the middle
/// of other faults.
void draw_transfers(std::uint64_t seed, duration length,
                    std::vector<fault>& to);

/// Adds changes of members where there are spare peers.
void draw_reconfigurations(std::uint64_t seed, duration length,
                           std::vector<fault>& to);

/// In some runs, peers are of different releases, and some are updated or taken
/// back.
void draw_releases(std::uint64_t seed, duration length, std::vector<fault>& to);
void draw_releases(std::uint64_t seed, cluster_options& to);

/// In some runs, backups are taken, and in some it is asked what would be if a
/// majority were lost.
void draw_legacies(std::uint64_t seed, duration length, std::vector<fault>& to);

/// Whether something comes together in a run that should be left alone.
bool has_coincidence(std::uint64_t seed);

/// Draws whether snapshots are needed, and when they are taken.
void draw_snapshots(std::uint64_t seed, cluster_options& to);

/// Adds to a few runs what rarely comes together by chance. Most seeds stand
/// for the same with and without it.
void add_coincidences(std::uint64_t seed, schedule& to);
void add_coincidences(std::uint64_t seed, cluster_options& to);
void add_coincidences(std::uint64_t seed, client_options& to);

} // namespace raft::simulation
