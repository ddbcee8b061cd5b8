#include <raft/actors/caf/remote.hpp>
#include <raft/actors/seed.hpp>
#include <raft/redis/resp.hpp>
#include <raft/redis/server_actor.hpp>

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/system_messages.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

namespace raft::redis {

namespace {

/// How much is read at once, in bytes. Each connection has a buffer so large.
constexpr std::size_t read_bytes = 16 << 10;

constexpr std::chrono::milliseconds tick_interval{20};

/// How long the client handle may take to say that the deadline has passed.
constexpr std::chrono::milliseconds grace{1000};

/// Commands of different clients that travel together. In bytes they are far
/// below what a log entry may hold, and so many that the entry costs little
/// beside them; but of reads whose replies may be large, few will be executed
/// before a batch is full, and the others have to travel again.
///
/// A reply holds no more than `kv::batch_reply_bytes_max` and one command's,
/// which is one value, or `kv::get_bytes_max`.
constexpr std::array<lane_limits, batcher::lane_count> lanes{{
  {256 << 10, 16}, // writes
  {256 << 10, 8}, // reads
  {16 << 10, 1}, // large reads
  {256 << 10, 4}, // erases
}};

/// A client that has more unread is not asked for large replies.
constexpr std::size_t behind_bytes = 1 << 20;

std::size_t held_bytes_max(const server_options& x) {
  return std::max(2 * read_bytes,
                  x.requests_total_max / 2
                    / std::max<std::size_t>(x.connections_max, 1));
}

/// How many requests may be larger.
std::size_t place_count(const server_options& x) {
  auto one
    = request_memory_max(x.limits.requests) + 2 * x.limits.waiting_bytes_max;
  return std::max<std::size_t>(x.requests_total_max / 2 / one, 1);
}

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

server_state::server_state(broker* self,
                           const std::vector<caf::io::doorman_ptr>& doormen,
                           const server_options& options)
  : self_{self},
    options_{options},
    cursors_{random_cursor()},
    started_{std::chrono::steady_clock::now()},
    places_{place_count(options)},
    held_bytes_max_{held_bytes_max(options)},
    batcher_{lanes} {
  facts_.port = options.where.port;
  facts_.connections_max = options.connections_max;
  facts_.bulk_bytes_max = options.limits.requests.bulk_bytes_max;
  for (const auto& x : doormen) {
    doormen_.push_back(x->hdl());
    self->add_doorman(x);
  }
}

void server_state::add(handle hdl) {
  auto full = clients_.size() >= options_.connections_max;
  auto [i, added] = clients_.emplace(
    std::piecewise_construct, std::forward_as_tuple(hdl),
    std::forward_as_tuple(++last_id_, options_, cursors_, facts_));
  auto& x = i->second;
  handles_.emplace(x.id, hdl);
  ++facts_.connections_total;
  self_->connect_directly(hdl, shared_from_this());
  self_->ack_writes(hdl, true);
  self_->configure_read(hdl, caf::io::receive_policy::at_most(read_bytes));
  if (full || stopping_) {
    std::string text;
    add_error(text, stopping_ ? "CLUSTERDOWN this peer is stopping"
                              : "ERR max number of clients reached");
    x.state.stop();
    outbox reply;
    reply.add(text);
    write(hdl, x, reply);
  }
  pump(hdl, x);
}

void server_state::receive(handle hdl, std::string_view data) {
  auto i = clients_.find(hdl);
  if (i == clients_.end() || i->second.cut)
    return;
  i->second.state.receive(data, std::chrono::steady_clock::now());
  pump(hdl, i->second);
}

void server_state::transferred(handle hdl, std::uint64_t handed) {
  auto i = clients_.find(hdl);
  if (i == clients_.end())
    return;
  auto& x = i->second;
  unread_ -= x.handed - handed;
  x.handed = handed;
  feed(hdl, x);
  if (x.unread() == 0 && x.state.finished())
    cut(hdl, x);
  else if (x.behind && x.unread() <= behind_bytes)
    pump(hdl, x);
}

void server_state::closed(handle hdl) {
  auto i = clients_.find(hdl);
  if (i != clients_.end()) {
    auto id = i->second.id;
    unread_ -= i->second.unread();
    batcher_.leave({hdl.id(), id});
    handles_.erase(id);
    clients_.erase(i);
    places_.leave(id);
    give_places();
  }
  finish_if_empty();
}

void server_state::tick() {
  tick_armed_ = false;
  end_long_stays();
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

void server_state::stop(actors::promise<stopped> promise) {
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

void server_state::tell(const events::event& what) const {
  events::tell(options_.on_event, what);
}

server_state::client* server_state::find(handle hdl, std::uint64_t id) {
  auto i = clients_.find(hdl);
  return i != clients_.end() && i->second.id == id ? &i->second : nullptr;
}

server_state::handle server_state::handle_of(std::uint64_t id) const {
  auto i = handles_.find(id);
  return i != handles_.end() ? i->second : handle{};
}

/// Does for a client all that has become possible.
void server_state::pump(handle hdl, client& x) {
  facts_.commands_total += x.state.take_request_count();
  if (x.state.spoke_http() && !std::exchange(x.warned, true))
    warn_of_http(x);
  auto now = std::chrono::steady_clock::now();
  x.behind = x.unread() > behind_bytes;
  x.state.set_behind(x.behind, now);
  auto batch = x.state.next_batch(now);
  if (!batch.commands.empty())
    collect(hdl, x, std::move(batch));
  if (x.state.wants_state() && !x.asked_state)
    ask_state(hdl, x);
  write(hdl, x, x.state.output());
  if (x.cut)
    return;
  if (x.state.finished() && x.unread() == 0) {
    cut(hdl, x);
  } else if (x.state.finished() || stopping_) {
    if (!x.cut_at)
      x.cut_at = now + options_.linger;
    arm_tick();
  }
  control_input(hdl, x);
}

/// Takes what a client wants executed. It leaves when the loop has gone through
/// all connections that it knows to be ready, together with theirs.
void server_state::collect(handle hdl, const client& x, batch what) {
  batcher_.add({hdl.id(), x.id}, std::move(what),
               std::chrono::steady_clock::now());
  if (!std::exchange(sending_soon_, true))
    actors::send(self_, caf::actor{self_}, send_collected{});
}

void server_state::send_batches() {
  sending_soon_ = false;
  auto deadline = options_.limits.deadline;
  for (auto& x : batcher_.take_ready()) {
    auto done = [this, number = x.number](const executed& result) {
      finish(number, result);
    };
    auto request = actors::ask_without_timeout(
      self_, options_.client, done,
      [done](const caf::error&) { done(executed{}); }, // unknown
      submit{options_.group, std::move(x.command),
             static_cast<std::uint64_t>(deadline.count()), x.reads});
    flights_.emplace(x.number, flight{request, std::chrono::steady_clock::now()
                                                 + deadline + grace});
  }
  arm_patience();
}

void server_state::finish(std::uint64_t number, const executed& result) {
  flights_.erase(number);
  cursors_.begin_turn();
  for (auto& [who, share] : batcher_.finish(number, result)) {
    auto hdl = handle::from_int(who.socket);
    if (auto client = find(hdl, who.id)) {
      client->state.finish(share, std::chrono::steady_clock::now());
      pump(hdl, *client);
    }
  }
  // There may be room now for what has been waiting.
  if (batcher_.waiting_since() && !std::exchange(sending_soon_, true))
    actors::send(self_, caf::actor{self_}, send_collected{});
}

/// Tells a client that its commands were not sent in time.
void server_state::refuse(const batcher::client& who) {
  auto hdl = handle::from_int(who.socket);
  if (auto client = find(hdl, who.id)) {
    batch_result result;
    result.how.result = outcome::rejected;
    result.how.reason = reject_reason::busy;
    client->state.finish(result, std::chrono::steady_clock::now());
    pump(hdl, *client);
  }
}

/// Gives up on commands that the client handle has left unanswered.
void server_state::check_patience() {
  patience_armed_ = false;
  auto now = std::chrono::steady_clock::now();
  while (!flights_.empty() && flights_.begin()->second.overdue_at <= now) {
    // The error arrives like an answer.
    actors::cancel(self_, flights_.begin()->second.request);
    flights_.erase(flights_.begin());
  }
  for (const auto& who : batcher_.expire(now - options_.limits.deadline))
    refuse(who);
  arm_patience();
}

/// Sets the alarm for the oldest command, unless it is set. A timeout of CAF's
/// own for each command would wake its clock's thread twice for each.
void server_state::arm_patience() {
  std::optional<time_point> first;
  if (!flights_.empty())
    first = flights_.begin()->second.overdue_at;
  // What waits is due before what is sent later.
  if (auto since = batcher_.waiting_since())
    first = std::min(first.value_or(time_point::max()),
                     *since + options_.limits.deadline + tick_interval);
  if (!first || std::exchange(patience_armed_, true))
    return;
  auto delay = *first - std::chrono::steady_clock::now();
  actors::send_later(self_, caf::actor{self_},
                     std::max(delay, time_point::duration{0}),
                     wake{patience_alarm});
}

void server_state::ask_state(handle hdl, client& x) {
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

void server_state::arm_tick() {
  if (std::exchange(tick_armed_, true))
    return;
  actors::send_later(self_, caf::actor{self_}, tick_interval, wake{tick_alarm});
}

void server_state::finish_if_empty() {
  if (!stopping_ || !clients_.empty())
    return;
  for (auto& promise : std::exchange(stop_promises_, {}))
    promise.answer({options_.group});
  self_->quit();
}

void server_state::update_facts() {
  facts_.connections = clients_.size();
  facts_.uptime_seconds = static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now() - started_)
      .count());
}

/// Says so at once, and then once in a while: whoever does this may do it
/// often.
void server_state::warn_of_http(const client& x) {
  auto now = std::chrono::steady_clock::now();
  if (warned_at_ && now - *warned_at_ < warning_interval) {
    ++unwarned_;
    return;
  }
  warned_at_ = now;
  tell(events::redis_http{x.id, std::exchange(unwarned_, 0)});
}

caf::behavior serve_redis(server_state::broker* self,
                          const std::vector<caf::io::doorman_ptr>& doormen,
                          const server_options& options) {
  auto state = std::make_shared<server_state>(self, doormen, options);
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
      state->tell(events::redis_deaf{});
    },
    [state](const wake& x) {
      if (x.number == tick_alarm)
        state->tick();
      else
        state->check_patience();
    },
    [state](const send_collected&) { state->send_batches(); },
    [self, state](const stop&) {
      return actors::answer_later<stopped>(
        self, [&](auto promise) { state->stop(std::move(promise)); });
    },
  };
}

} // namespace raft::redis
