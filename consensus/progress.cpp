#include <raft/consensus/progress.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace raft::consensus {

bool progress::may_send(const settings& config) const noexcept {
  if (!connected)
    return false;
  if (sending == mode::probe)
    return !probe_out;
  if (sending == mode::snapshot)
    return false;
  if (bytes_on_wire >= config.wire_bytes_max)
    return false;
  return in_flight.size() < config.requests_in_flight_max
      && bytes_in_flight < config.bytes_in_flight_max;
}

void progress::sent(log_index last, std::size_t bytes) {
  assert(sending == mode::stream);
  assert(last >= next);
  in_flight.push_back({last, bytes});
  bytes_in_flight += bytes;
  go_on_at(last.next());
}

frame_number progress::framed(std::size_t bytes) {
  on_wire.push_back({++last_frame, bytes});
  bytes_on_wire += bytes;
  bytes_unasked += bytes;
  return last_frame;
}

void progress::arrived(frame_number number) {
  while (!on_wire.empty() && on_wire.front().number <= number) {
    bytes_on_wire -= on_wire.front().bytes;
    on_wire.pop_front();
  }
  bytes_unasked = std::min(bytes_unasked, bytes_on_wire);
}

void progress::holds_of_next(std::uint64_t received, frame_number answered) {
  // An answer that other frames follow says nothing about those.
  if (answered == last_frame || received > offset)
    offset = received;
}

void progress::go_on_at(log_index index) {
  if (std::exchange(next, index) != index)
    offset = 0;
  while (!fetched.empty() && fetched.front().index < next)
    fetched.pop_front();
}

void progress::matched(log_index index) {
  match = std::max(match, index);
  go_on_at(std::max(next, match.next()));
  while (!in_flight.empty() && in_flight.front().last <= match) {
    assert(bytes_in_flight >= in_flight.front().bytes);
    bytes_in_flight -= in_flight.front().bytes;
    in_flight.pop_front();
  }
}

void progress::probe_from(log_index index) {
  assert(index > match);
  sending = mode::probe;
  go_on_at(index);
  offset = 0;
  fetched.clear();
  in_flight.clear();
  bytes_in_flight = 0;
  probe_out = false;
}

void progress::lost_link() {
  // Streaming means that the logs agree up to `match`, so the probe that
  // follows is accepted. While probing, the search goes on where it was.
  probe_from(sending == mode::stream ? match.next() : next);
  on_wire.clear();
  bytes_on_wire = 0;
  bytes_unasked = 0;
  // Another release may be at the other end of the next one.
  priority = priority_unknown;
  caught_up = false;
  catch_up_to = {};
  snapshot.ask_anew();
}

} // namespace raft::consensus
