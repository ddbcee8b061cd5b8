#include <raft/scenarios/scenario.hpp>

#include <algorithm>
#include <iterator>

namespace raft::scenarios {

const std::vector<scenario>& all_scenarios() {
  static const auto all = [] {
    std::vector<scenario> result;
    for (auto family :
         {election_scenarios, partial_partition_scenarios, log_scenarios,
          replication_scenarios, persistence_scenarios, hostile_scenarios,
          snapshot_scenarios, kv_scenarios, kv_snapshot_scenarios,
          pause_scenarios}) {
      auto some = family();
      result.insert(result.end(), std::make_move_iterator(some.begin()),
                    std::make_move_iterator(some.end()));
    }
    return result;
  }();
  return all;
}

const scenario* find_scenario(const std::string& name) {
  const auto& all = all_scenarios();
  auto i = std::find_if(all.begin(), all.end(),
                        [&](const scenario& x) { return x.name == name; });
  return i == all.end() ? nullptr : &*i;
}

} // namespace raft::scenarios
