#include <raft/consensus/progress.hpp>

#include <algorithm>
#include <cassert>

namespace raft::consensus {

bool progress::may_send(const settings& config) const noexcept {
  if (!connected)
    return false;
  if (sending == mode::probe)
    return !probe_out;
  return in_flight.size() < config.requests_in_flight_max
      && bytes_in_flight < config.bytes_in_flight_max;
}

void progress::sent(log_index last, std::size_t bytes) {
  assert(sending == mode::stream);
  assert(last >= next);
  in_flight.push_back({last, bytes});
  bytes_in_flight += bytes;
  next = last.next();
}

void progress::matched(log_index index) {
  match = std::max(match, index);
  next = std::max(next, match.next());
  while (!in_flight.empty() && in_flight.front().last <= match) {
    assert(bytes_in_flight >= in_flight.front().bytes);
    bytes_in_flight -= in_flight.front().bytes;
    in_flight.pop_front();
  }
}

void progress::probe_from(log_index index) {
  assert(index > match);
  sending = mode::probe;
  next = index;
  in_flight.clear();
  bytes_in_flight = 0;
  probe_out = false;
}

void progress::lost_link() {
  // Streaming means that the logs agree up to `match`, so the probe that
  // follows is accepted. While probing, the search goes on where it was.
  probe_from(sending == mode::stream ? match.next() : next);
}

} // namespace raft::consensus
