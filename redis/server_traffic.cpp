// What goes through the sockets of a server, and how much of it.

#include <raft/redis/server_actor.hpp>

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/multiplexer.hpp>

#include <algorithm>
#include <string>
#include <sys/socket.h>
#include <type_traits>

namespace raft::redis {

namespace {

/// How many bytes of replies CAF gets at once for a connection: it keeps its
/// buffers as large as they have ever been.
constexpr std::size_t handed_bytes_max = 64 << 10;

} // namespace

// -- out ----------------------------------------------------------------------

void server_state::write(handle hdl, client& x, outbox& data) {
  if (data.empty() || x.cut) {
    data.clear();
    return;
  }
  unread_ += data.size();
  x.replies.add(data);
  feed(hdl, x);
  close_the_unread(hdl, x);
}

/// Hands to the socket what it may have at once.
void server_state::feed(handle hdl, client& x) {
  if (x.cut || x.replies.size() == 0 || x.handed >= handed_bytes_max)
    return;
  auto& buffer = self_->wr_buf(hdl);
  using value_type = std::decay_t<decltype(buffer)>::value_type;
  while (x.handed < handed_bytes_max) {
    auto next = x.replies.front(handed_bytes_max - x.handed);
    if (next.empty())
      break;
    auto begin = reinterpret_cast<const value_type*>(next.data());
    buffer.insert(buffer.end(), begin, begin + next.size());
    x.handed += next.size();
    x.replies.pop(next.size());
  }
  self_->flush(hdl);
}

/// Keeps to the bounds on replies that nobody reads, after `x` got more.
void server_state::close_the_unread(handle hdl, client& x) {
  if (x.unread() > options_.unread_bytes_max)
    close_unread(hdl, x, options_.unread_bytes_max);
  if (unread_ <= options_.unread_total_max)
    return;
  auto worst = std::max_element(
    clients_.begin(), clients_.end(), [](const auto& a, const auto& b) {
      return a.second.replies.size() < b.second.replies.size();
    });
  close_unread(worst->first, worst->second, options_.unread_total_max);
}

void server_state::close_unread(handle hdl, client& x, std::size_t bound) {
  tell(events::redis_unread{x.id, x.unread(), unread_, bound});
  cut(hdl, x);
}

// -- in -----------------------------------------------------------------------

/// Has reading stopped or resumed, as the client's backlog demands.
void server_state::control_input(handle hdl, client& x) {
  auto ready = x.state.wants_input();
  auto small = x.state.held_bytes() < held_bytes_max_;
  if (x.cut || small)
    places_.leave(x.id);
  else if (ready)
    places_.want(x.id);
  give_places();
  // Who has a place that others wait for sends one request and no more.
  if (!small)
    ready = ready && places_.has(x.id)
         && (!places_.anyone_waits() || x.state.waits_for_client());
  // A client that is being sent away is read on, to see when it leaves.
  x.reading_wanted = x.cut || ready || x.state.finished();
  if (x.reading_wanted == x.reading || x.switch_posted)
    return;
  x.switch_posted = true;
  self_->system().middleman().backend().post(
    [state = weak_from_this(), self = caf::actor{self_}, hdl, id = x.id] {
      if (auto alive = state.lock())
        alive->switch_input(hdl, id);
    });
}

/// Lets those read on that have got a place.
void server_state::give_places() {
  for (auto id : places_.give(std::chrono::steady_clock::now()))
    if (auto x = find(handle_of(id), id))
      control_input(handle_of(id), *x);
  if (places_.anyone_waits())
    arm_tick();
}

/// Ends the connections of those that begin large requests and do not finish
/// them, so that others get their turn.
void server_state::end_long_stays() {
  auto before = std::chrono::steady_clock::now() - options_.request_patience;
  for (auto id : places_.kept_since(before)) {
    auto x = find(handle_of(id), id);
    if (!x || !x->state.waits_for_client())
      continue; // it is the cluster that it waits for
    tell(events::redis_unfinished{id, options_.request_patience});
    cut(handle_of(id), *x);
  }
  if (places_.anyone_waits())
    arm_tick();
}

/// Stops or resumes reading.
///
/// CAF carries out `halt` and `trigger` only at the end of a round of its event
/// loop, and two of them in one round cancel each other in such a way that the
/// connection is never read again. What is posted from inside the loop runs in
/// the next round; so there is one change per round at most.
void server_state::switch_input(handle hdl, std::uint64_t id) {
  auto x = find(hdl, id);
  if (!x)
    return;
  x->switch_posted = false;
  if (x->reading == x->reading_wanted)
    return;
  x->reading = x->reading_wanted;
  if (x->reading)
    self_->trigger(hdl);
  else
    self_->halt(hdl);
}

/// Ends a connection. CAF's own way to do that waits for the other side to
/// close, perhaps forever; and its buffer may never become empty. From here on
/// CAF finds the socket closed and reports that as usual.
void server_state::cut(handle hdl, client& x) {
  if (x.cut)
    return;
  x.cut = true;
  unread_ -= x.replies.size();
  x.replies.clear();
  ::shutdown(static_cast<int>(hdl.id()), SHUT_RDWR);
  control_input(hdl, x);
}

} // namespace raft::redis
