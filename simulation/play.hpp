// Runs on clusters that do not begin with nothing.

#pragma once

#include <raft/simulation/fuzz.hpp>

#include <cstdint>

namespace raft::simulation {

/// The cluster that a seed stands for, with the state machines of a workload.
cluster_options options_for(const workload& what, std::uint64_t seed);

/// Like `play`, on a cluster that is not quite that of the seed. What clients
/// saw is not judged if it has inherited something; but all state machines must
/// then have come to what the whole log leads to.
run_result play_on(const workload& what, const schedule& x,
                   const cluster_options& options, observer* watching);

/// What the whole log leads to.
/// @returns `workload::final_state`
std::string state_after(const workload& what, const std::vector<entry>& log,
                        const machine::session_bounds& bounds);

/// Founds a cluster from each backup that one has left, and one from the best
/// peer that survived when a majority was lost: they must serve, and have what
/// they should, and nobody of the first one takes part in them.
/// @param counts Gets what happened there.
/// @throws violation
void play_aftermath(const workload& what, std::uint64_t seed,
                    const cluster& was, observer* watching, counters& counts);

} // namespace raft::simulation
