#include <raft/actors/caf/remote.hpp>
#include <raft/actors/seed.hpp>
#include <raft/redis/door_actor.hpp>
#include <raft/redis/resp.hpp>

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/multiplexer.hpp>
#include <caf/io/system_messages.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace raft::redis {

namespace {

/// How much is read at once, in bytes. Each connection has a buffer so large.
constexpr std::size_t read_bytes = 16 << 10;

constexpr std::chrono::milliseconds tick_interval{20};

/// How long the client handle may take to say that the deadline has passed.
constexpr std::chrono::milliseconds grace{1000};

/// Commands of different clients that travel together, in bytes. Far below what
/// a log entry may hold, and so much that the entry costs little beside it.
constexpr std::size_t convoy_bytes = 256 << 10;

/// The alarms that the actor sets for itself.
constexpr std::uint64_t tick_alarm = 1;
constexpr std::uint64_t patience_alarm = 2;

constexpr std::chrono::milliseconds state_deadline{1000};

/// How often a warning is repeated, at most.
constexpr std::chrono::seconds warning_interval{60};

/// Somewhere in a range that is large, so that cursors of an earlier life of
/// this server are not known, and small enough for a double to hold exactly.
std::uint64_t random_cursor() {
  return (actors::draw_seed() >> 12) + 1;
}

} // namespace

door_state::door_state(broker* self,
                       const std::vector<caf::io::doorman_ptr>& doormen,
                       const door_options& options)
  : self_{self},
    options_{options},
    cursors_{random_cursor()},
    started_{std::chrono::steady_clock::now()},
    convoy_{convoy_bytes} {
  facts_.port = options.where.port;
  facts_.connections_max = options.connections_max;
  facts_.bulk_bytes_max = options.limits.requests.bulk_bytes_max;
  for (const auto& x : doormen) {
    doormen_.push_back(x->hdl());
    self->add_doorman(x);
  }
}

void door_state::add(handle hdl) {
  auto full = clients_.size() >= options_.connections_max;
  auto [i, added] = clients_.emplace(
    std::piecewise_construct, std::forward_as_tuple(hdl),
    std::forward_as_tuple(++last_id_, options_, cursors_, facts_));
  auto& x = i->second;
  ++facts_.connections_total;
  self_->ack_writes(hdl, true);
  self_->configure_read(hdl, caf::io::receive_policy::at_most(read_bytes));
  if (full || stopping_) {
    std::string text;
    add_error(text, stopping_ ? "CLUSTERDOWN this peer is stopping"
                              : "ERR max number of clients reached");
    x.state.stop();
    write(hdl, x, text);
  }
  pump(hdl, x);
}

void door_state::receive(handle hdl, std::string_view data) {
  auto i = clients_.find(hdl);
  if (i == clients_.end() || i->second.cut)
    return;
  i->second.state.receive(data, std::chrono::steady_clock::now());
  pump(hdl, i->second);
}

void door_state::transferred(handle hdl, std::uint64_t unread) {
  auto i = clients_.find(hdl);
  if (i == clients_.end())
    return;
  unread_ -= i->second.unread - unread;
  i->second.unread = unread;
  if (unread == 0 && i->second.state.finished())
    cut(hdl, i->second);
}

void door_state::closed(handle hdl) {
  auto i = clients_.find(hdl);
  if (i != clients_.end()) {
    unread_ -= i->second.unread;
    clients_.erase(i);
  }
  finish_if_empty();
}

void door_state::tick() {
  tick_armed_ = false;
  auto now = std::chrono::steady_clock::now();
  for (auto& [hdl, x] : clients_) {
    if (!x.cut_at)
      continue;
    arm_tick();
    if (x.cut || now < *x.cut_at)
      continue;
    if (x.state.finished() || !stopping_) {
      cut(hdl, x);
    } else {
      // Say so before it is too late. The next tick cuts.
      x.state.give_up(now);
      pump(hdl, x);
    }
  }
}

void door_state::stop(actors::promise<stopped> promise) {
  stop_promises_.push_back(std::move(promise));
  if (stopping_)
    return;
  stopping_ = true;
  for (auto x : doormen_)
    self_->close(x);
  for (auto& [hdl, x] : clients_) {
    x.state.stop();
    pump(hdl, x);
  }
  finish_if_empty();
}

void door_state::log(cluster::severity level, const std::string& what) {
  if (options_.log)
    options_.log(level, "redis: " + what);
}

door_state::client* door_state::find(handle hdl, std::uint64_t id) {
  auto i = clients_.find(hdl);
  return i != clients_.end() && i->second.id == id ? &i->second : nullptr;
}

/// Does for a client all that has become possible.
void door_state::pump(handle hdl, client& x) {
  facts_.commands_total += x.state.take_request_count();
  if (x.state.spoke_http() && !std::exchange(x.warned, true))
    warn_of_http(x);
  auto batch = x.state.next_batch(std::chrono::steady_clock::now());
  if (!batch.empty())
    collect(hdl, x, std::move(batch));
  if (x.state.wants_state() && !x.asked_state)
    ask_state(hdl, x);
  write(hdl, x, x.state.output());
  if (x.cut)
    return;
  if (x.state.finished() && x.unread == 0) {
    cut(hdl, x);
  } else if (x.state.finished() || stopping_) {
    if (!x.cut_at)
      x.cut_at = std::chrono::steady_clock::now() + options_.linger;
    arm_tick();
  }
  control_input(hdl, x);
}

/// Takes what a client wants executed. It leaves when the loop has gone through
/// all connections that it knows to be ready, together with theirs.
void door_state::collect(handle hdl, const client& x,
                         std::vector<bytes> batch) {
  convoy_.add({hdl.id(), x.id}, std::move(batch));
  if (!std::exchange(departing_, true))
    actors::send(self_, caf::actor{self_}, flush{});
}

void door_state::depart() {
  departing_ = false;
  auto deadline = options_.limits.deadline;
  for (auto& x : convoy_.depart()) {
    auto done = [this, number = x.number](const executed& result) {
      arrive(number, result);
    };
    auto request = actors::ask_without_timeout(
      self_, options_.client, done,
      [done](const caf::error&) { done(executed{}); }, // unknown
      submit{options_.group, std::move(x.command),
             static_cast<std::uint64_t>(deadline.count())});
    flights_.emplace(x.number, flight{request, std::chrono::steady_clock::now()
                                                 + deadline + grace});
  }
  arm_patience();
}

void door_state::arrive(std::uint64_t number, const executed& result) {
  flights_.erase(number);
  cursors_.begin_turn();
  for (auto& [who, share] : convoy_.arrive(number, result)) {
    auto hdl = handle::from_int(who.socket);
    if (auto client = find(hdl, who.id)) {
      client->state.finish(share, std::chrono::steady_clock::now());
      pump(hdl, *client);
    }
  }
}

/// Gives up on commands that the client handle has left unanswered.
void door_state::check_patience() {
  patience_armed_ = false;
  auto now = std::chrono::steady_clock::now();
  while (!flights_.empty() && flights_.begin()->second.overdue_at <= now) {
    // The error arrives like an answer.
    actors::cancel(self_, flights_.begin()->second.request);
    flights_.erase(flights_.begin());
  }
  arm_patience();
}

/// Sets the alarm for the oldest command, unless it is set. A timeout of CAF's
/// own for each command would wake its clock's thread twice for each.
void door_state::arm_patience() {
  if (flights_.empty() || std::exchange(patience_armed_, true))
    return;
  auto delay
    = flights_.begin()->second.overdue_at - std::chrono::steady_clock::now();
  actors::send_later(self_, caf::actor{self_},
                     std::max(delay, time_point::duration{0}),
                     wake{patience_alarm});
}

void door_state::ask_state(handle hdl, client& x) {
  auto tell = [this, hdl, id = x.id](const peer_state* state) {
    if (auto client = find(hdl, id)) {
      client->asked_state = false;
      update_facts();
      client->state.tell_state(state, std::chrono::steady_clock::now());
      pump(hdl, *client);
    }
  };
  x.asked_state = true;
  if (!options_.peer) {
    tell(nullptr);
    return;
  }
  actors::ask(self_, options_.peer, state_deadline, get_state{options_.group})
    .then([tell](const peer_state& state) { tell(&state); },
          [tell](const caf::error&) { tell(nullptr); });
}

/// Hands all data to the socket, in one go.
void door_state::write(handle hdl, client& x, std::string& data) {
  if (data.empty() || x.cut) {
    data.clear();
    return;
  }
  auto& buffer = self_->wr_buf(hdl);
  using value_type = std::decay_t<decltype(buffer)>::value_type;
  auto begin = reinterpret_cast<const value_type*>(data.data());
  buffer.insert(buffer.end(), begin, begin + data.size());
  x.unread += data.size();
  unread_ += data.size();
  if (data.capacity() > read_bytes)
    std::string{}.swap(data);
  data.clear();
  self_->flush(hdl);
  close_the_unread(hdl, x);
}

/// Keeps to the bounds on replies that nobody reads, after `x` got more.
void door_state::close_the_unread(handle hdl, client& x) {
  if (x.unread > options_.unread_bytes_max)
    close_unread(hdl, x, options_.unread_bytes_max);
  if (unread_ <= options_.unread_total_max)
    return;
  // What clients that are cut have not read goes with them, soon.
  std::size_t waiting = 0;
  auto worst = clients_.end();
  for (auto i = clients_.begin(); i != clients_.end(); ++i) {
    if (i->second.cut)
      continue;
    waiting += i->second.unread;
    if (worst == clients_.end() || i->second.unread > worst->second.unread)
      worst = i;
  }
  if (waiting > options_.unread_total_max)
    close_unread(worst->first, worst->second, options_.unread_total_max);
}

void door_state::close_unread(handle hdl, client& x, std::size_t bound) {
  log(cluster::severity::warning,
      "closing the connection of client " + std::to_string(x.id)
        + ": it has not read " + std::to_string(x.unread)
        + " bytes of replies, of " + std::to_string(unread_)
        + " that all clients have not read; the bound is "
        + std::to_string(bound));
  cut(hdl, x);
}

/// Has reading stopped or resumed, as the client's backlog demands.
void door_state::control_input(handle hdl, client& x) {
  // A client that is being sent away is read on, to see when it leaves.
  x.reading_wanted = x.cut || x.state.wants_input() || x.state.finished();
  if (x.reading_wanted == x.reading || x.switch_posted)
    return;
  x.switch_posted = true;
  self_->system().middleman().backend().post(
    [state = weak_from_this(), self = caf::actor{self_}, hdl, id = x.id] {
      if (auto alive = state.lock())
        alive->switch_input(hdl, id);
    });
}

/// Stops or resumes reading.
///
/// CAF carries out `halt` and `trigger` only at the end of a round of its event
/// loop, and two of them in one round cancel each other in such a way that the
/// connection is never read again. What is posted from inside the loop runs in
/// the next round; so there is one change per round at most.
void door_state::switch_input(handle hdl, std::uint64_t id) {
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
/// close, perhaps for ever; and its buffer may never become empty. From here on
/// CAF finds the socket closed and reports that as usual.
void door_state::cut(handle hdl, client& x) {
  if (x.cut)
    return;
  x.cut = true;
  ::shutdown(static_cast<int>(hdl.id()), SHUT_RDWR);
  control_input(hdl, x);
}

void door_state::arm_tick() {
  if (std::exchange(tick_armed_, true))
    return;
  actors::send_later(self_, caf::actor{self_}, tick_interval, wake{tick_alarm});
}

void door_state::finish_if_empty() {
  if (!stopping_ || !clients_.empty())
    return;
  for (auto& promise : std::exchange(stop_promises_, {}))
    promise.answer({options_.group});
  self_->quit();
}

void door_state::update_facts() {
  facts_.connections = clients_.size();
  facts_.uptime_seconds = static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now() - started_)
      .count());
}

/// Says so at once, and then once in a while: whoever does this may do it
/// often.
void door_state::warn_of_http(const client& x) {
  auto now = std::chrono::steady_clock::now();
  if (warned_at_ && now - *warned_at_ < warning_interval) {
    ++unwarned_;
    return;
  }
  warned_at_ = now;
  auto others = std::exchange(unwarned_, 0);
  log(cluster::severity::warning,
      "possible attack: client " + std::to_string(x.id)
        + " sent a line of HTTP, as a page in a browser can; nothing of it was "
          "executed, and its connection is closed"
        + (others ? "; " + std::to_string(others)
                      + " more did so since this was said last"
                  : ""));
}

caf::behavior serve_redis(door_state::broker* self,
                          const std::vector<caf::io::doorman_ptr>& doormen,
                          const door_options& options) {
  auto state = std::make_shared<door_state>(self, doormen, options);
  return {
    [state](const caf::io::new_connection_msg& x) { state->add(x.handle); },
    [state](const caf::io::new_data_msg& x) {
      state->receive(
        x.handle, {reinterpret_cast<const char*>(x.buf.data()), x.buf.size()});
    },
    [state](const caf::io::data_transferred_msg& x) {
      state->transferred(x.handle, x.remaining);
    },
    [state](const caf::io::connection_closed_msg& x) {
      state->closed(x.handle);
    },
    [state](const caf::io::acceptor_closed_msg&) {
      state->log(
        cluster::severity::error,
        "the listening socket was closed; no more clients can connect");
    },
    [state](const wake& x) {
      if (x.number == tick_alarm)
        state->tick();
      else
        state->check_patience();
    },
    [state](const flush&) { state->depart(); },
    [self, state](const stop&) {
      return actors::answer_later<stopped>(
        self, [&](auto promise) { state->stop(std::move(promise)); });
    },
  };
}

} // namespace raft::redis
