#include <raft/persistence/starts.hpp>

#include <algorithm>
#include <utility>

namespace raft::persistence {

start_chain with_new_start(start_chain known,
                           const std::vector<acquaintance>& others,
                           bool restored, start_id fresh) {
  auto& xs = known.starts;
  if (restored && known.last == start_state::runs && !xs.empty())
    xs.pop_back();
  xs.push_back(fresh);
  auto seen = [&others](start_id x) {
    return std::any_of(others.begin(), others.end(),
                       [x](const acquaintance& y) { return y.ours == x; });
  };
  for (auto i = xs.begin(); xs.end() - i > std::ptrdiff_t{starts_kept};)
    i = seen(*i) ? i + 1 : xs.erase(i);
  known.last = restored ? start_state::restored : start_state::runs;
  return known;
}

} // namespace raft::persistence
