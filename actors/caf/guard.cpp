#include <raft/actors/caf/port.hpp>

#include <caf/config.hpp>

#if CAF_MAJOR_VERSION == 0

#  include <raft/actors/caf/guard.hpp>
#  include <raft/actors/caf/guarded_doorman.hpp>
#  include <raft/actors/caf/guarded_scribe.hpp>
#  include <raft/actors/caf/setting.hpp>
#  include <raft/actors/interfaces.hpp>
#  include <raft/messages/caf/type_ids.hpp>

#  include <caf/actor_system_config.hpp>
#  include <caf/binary_deserializer.hpp>
#  include <caf/binary_serializer.hpp>
#  include <caf/io/basp/version.hpp>
#  include <caf/io/middleman.hpp>
#  include <caf/scoped_execution_unit.hpp>
#  include <caf/send.hpp>

#  include <algorithm>
#  include <chrono>
#  include <utility>

namespace raft::actors {

namespace {

/// As many bytes are read from a socket at once.
constexpr std::size_t scratch_bytes = 64 << 10;

constexpr const char* no_space
  = "as many connections of clients are open as there may be";
constexpr const char* no_handshake = "the handshake did not come in time";

template <class... Ts>
void add_values(transport::vocabulary& words) {
  (words.values.insert(caf::type_name<Ts>::value), ...);
}

/// A message whose second part is a handle of the sender.
template <class T>
void add_introduction(caf::actor_system& system, transport::vocabulary& words) {
  words.introductions[caf::type_name<T>::value]
    = [&system](std::string_view bytes) -> std::optional<std::size_t> {
    caf::scoped_execution_unit unit{&system};
    caf::binary_deserializer source{&unit, bytes.data(), bytes.size()};
    T value;
    if (source(value))
      return std::nullopt;
    return bytes.size() - source.remaining();
  };
}

/// What processes say to each other, see docs/wire.md, and what the program
/// around us may say. What actors of one process say to each other is not in
/// it: nobody else may.
std::shared_ptr<const transport::vocabulary>
make_vocabulary(caf::actor_system& system) {
  auto result = std::make_shared<transport::vocabulary>();
  result->add_basic_values();
  add_values<
    vote_request, vote_reply, append_request, append_reply, read_index_request,
    read_index_reply, timeout_now, hello, start, started, transfer_leadership,
    leadership_transferred, change_members, members_changed, install_request,
    install_reply, take_snapshot, snapshot_taken, read_snapshot, snapshot_part,
    execute, executed, open_session, submit, query, queried, fetch, fetched,
    get_state, peer_state, subscribed, delivery, credit, farewell>(*result);
  for (auto& name : caf::get_or(system.config(), own_types_setting,
                                std::vector<std::string>{}))
    result->values.insert(name);
  add_introduction<hello>(system, *result);
  add_introduction<welcome>(system, *result);
  add_introduction<subscribe>(system, *result);
  result->handles
    = {caf::type_name<peer_actor>::value, caf::type_name<inbox_actor>::value,
       caf::type_name<subscriber_actor>::value};
  return result;
}

} // namespace

std::string wire_name(const caf::node_id& x) {
  std::vector<char> result;
  caf::binary_serializer sink{nullptr, result};
  if (sink(const_cast<caf::node_id&>(x)))
    return {};
  return {result.begin(), result.end()};
}

caf::node_id node_of(std::string_view bytes) {
  caf::node_id result;
  caf::binary_deserializer source{nullptr, bytes.data(), bytes.size()};
  static_cast<void>(source(result));
  return result;
}

transport::moment guard_now() {
  return std::chrono::duration_cast<transport::moment>(
    std::chrono::steady_clock::now().time_since_epoch());
}

port_guard::port_guard(caf::actor_system& system, const port_bounds& bounds,
                       events::sink tell, std::string protocol)
  : system_{system},
    bounds_{bounds},
    own_name_{wire_name(system.node())},
    words_{make_vocabulary(system)},
    scratch_(scratch_bytes),
    tally_{[tell = std::move(tell),
            protocol = std::move(protocol)](const transport::report& x) {
      events::tell(tell,
                   events::port_trouble{protocol, x.kind, x.text, x.more});
    }} {
  // nop
}

transport::gate port_guard::make_gate(transport::end_point end) const {
  auto longest = end == transport::end_point::dialed
                 ? bounds_.message_bytes_max
                 : bounds_.request_bytes_max;
  return {end, own_name_, words_, {longest, caf::io::basp::version}};
}

void port_guard::note(const std::string& what, const std::string& once,
                      const std::string& again) {
  tally_.note(what, once, again, guard_now());
  ask_to_wake();
}

void port_guard::on_deadline(std::function<void(transport::moment)> f) {
  on_deadline_ = std::move(f);
  ask_to_wake();
}

void port_guard::open(std::size_t connections_max) {
  places_.emplace(transport::place_bounds{connections_max, bounds_.places_kept,
                                          bounds_.handshake_max});
}

transport::place_id port_guard::enter(guarded_scribe& x) {
  auto id = ++last_place_;
  accepted_[id] = &x;
  auto leaves = places_->enter(id, guard_now());
  if (leaves)
    accepted_.at(*leaves)->end(no_space);
  ask_to_wake();
  return id;
}

bool port_guard::make_room() {
  auto leaves = places_ ? places_->dispensable() : std::nullopt;
  if (leaves)
    accepted_.at(*leaves)->end("files have run out");
  return leaves.has_value();
}

void port_guard::introduced(transport::place_id x) {
  if (places_)
    places_->introduced(x);
}

void port_guard::leave(transport::place_id x) {
  if (places_)
    places_->leave(x);
  accepted_.erase(x);
}

bool port_guard::is_member(transport::place_id x) const {
  return places_ && places_->is_member(x);
}

void port_guard::keep(const caf::node_id& node) {
  for (auto& [id, x] : accepted_)
    if (x->node() == node && !places_->is_member(id)) {
      x->keep();
      places_->keep(id);
    }
}

bool port_guard::is_stranger(caf::io::connection_handle x) const {
  return std::any_of(accepted_.begin(), accepted_.end(), [&](auto& kvp) {
    return kvp.second->hdl() == x && !places_->is_member(kvp.first);
  });
}

void port_guard::wake() {
  auto now = guard_now();
  tally_.tell(now);
  if (places_)
    for (auto id : places_->overdue(now))
      if (auto i = accepted_.find(id); i != accepted_.end())
        i->second->end(i->second->node() ? no_space : no_handshake);
  ask_to_wake();
}

void port_guard::ask_to_wake() {
  if (!on_deadline_)
    return;
  auto at = tally_.next();
  auto other = places_ ? places_->next() : std::nullopt;
  if (other && (!at || *other < *at))
    at = other;
  if (at)
    on_deadline_(*at);
}

bool port_guard::spend(std::size_t bytes, std::size_t messages) {
  if (!refill_is_due_) {
    refill_is_due_ = true;
    system_.middleman().backend().post([self = shared_from_this()] {
      self->refill_is_due_ = false;
      self->bytes_left_ = turn_bytes_max;
      self->messages_left_ = turn_messages_max;
    });
  }
  bytes_left_ -= std::min(bytes_left_, bytes);
  messages_left_ -= std::min(messages_left_, messages);
  return bytes_left_ > 0 && messages_left_ > 0;
}

void port_guard::weigh(const burden& before, const burden& after) {
  total_.arriving += after.arriving - before.arriving;
  total_.leaving += after.leaving - before.leaving;
  total_.actors += after.actors - before.actors;
  lighten(&burden::arriving, bounds_.arriving_bytes_max,
          "too many bytes of messages that are not complete");
  lighten(&burden::leaving, bounds_.leaving_bytes_max,
          "too many bytes that are not read");
  lighten(&burden::actors, bounds_.foreign_actors_max, "too many actors");
}

void port_guard::lighten(std::size_t burden::*what, std::size_t most,
                         const char* name) {
  while (total_.*what > most) {
    auto x = heaviest(what);
    if (!x || x->burden().*what == 0)
      return;
    x->end(name);
  }
}

guarded_scribe* port_guard::heaviest(std::size_t burden::*what) const {
  auto i = std::max_element(
    accepted_.begin(), accepted_.end(), [&](auto& x, auto& y) {
      return x.second->burden().*what < y.second->burden().*what;
    });
  return i == accepted_.end() ? nullptr : i->second;
}

// -- the border ---------------------------------------------------------------

std::shared_ptr<port_guard> make_port_guard(caf::actor_system& system,
                                            const port_bounds& bounds,
                                            events::sink tell,
                                            const char* protocol) {
  return std::make_shared<port_guard>(system, bounds, std::move(tell),
                                      protocol);
}

void keep_place(const std::shared_ptr<port_guard>& guard, caf::node_id node) {
  if (guard)
    guard->system().middleman().backend().dispatch(
      [guard, node = std::move(node)] { guard->keep(node); });
}

caf::io::scribe_ptr make_scribe(caf::actor_system& system, int socket,
                                const std::shared_ptr<port_guard>& guard) {
  auto& mpx = static_cast<caf::io::network::default_multiplexer&>(
    system.middleman().backend());
  auto host = caf::io::network::remote_addr_of_fd(socket);
  auto port = caf::io::network::remote_port_of_fd(socket);
  auto where = (host ? *host : "?") + ':' + std::to_string(port ? *port : 0);
  return caf::make_counted<guarded_scribe>(
    mpx, socket, guard, transport::end_point::dialed, std::move(where));
}

namespace {

caf::expected<caf::io::doorman_ptr>
open_acceptor(caf::actor_system& system, const std::string& host,
              std::uint16_t port, std::shared_ptr<port_guard> guard,
              guarded_doorman::guests who) {
  // A restarted process must not wait for connections of the one before.
  constexpr auto reuse_address = true;
  auto socket = caf::io::network::new_tcp_acceptor_impl(port, host.c_str(),
                                                        reuse_address);
  if (!socket)
    return std::move(socket.error());
  auto& mpx = static_cast<caf::io::network::default_multiplexer&>(
    system.middleman().backend());
  auto result
    = caf::make_counted<guarded_doorman>(mpx, *socket, std::move(guard), who);
  if (!result->works())
    return caf::make_error(caf::sec::cannot_open_port, "no file for a timer");
  return caf::io::doorman_ptr{std::move(result)};
}

} // namespace

caf::expected<caf::io::doorman_ptr>
open_patient_acceptor(caf::actor_system& system, const std::string& host,
                      std::uint16_t port, events::sink tell,
                      const char* protocol) {
  return open_acceptor(system, host, port,
                       make_port_guard(system, {}, std::move(tell), protocol),
                       guarded_doorman::guests::anybody);
}

namespace detail {

caf::expected<std::uint16_t>
publish(caf::actor_system& system, caf::strong_actor_ptr acceptor,
        std::set<std::string> interface, const std::string& host,
        std::uint16_t port, const std::shared_ptr<port_guard>& guard) {
  auto doorman = open_acceptor(system, host, port, guard,
                               guarded_doorman::guests::processes);
  if (!doorman)
    return std::move(doorman.error());
  auto result = (*doorman)->port();
  auto broker
    = system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
  caf::anon_send(broker, caf::publish_atom_v, std::move(*doorman), result,
                 std::move(acceptor), std::move(interface));
  return result;
}

} // namespace detail

} // namespace raft::actors

#else

namespace raft::actors {

caf::expected<caf::io::doorman_ptr>
open_patient_acceptor(caf::actor_system& system, const std::string& host,
                      std::uint16_t port, events::sink, const char*) {
  return system.middleman().backend().new_tcp_doorman(port, host.c_str(), true);
}

class port_guard {};

std::shared_ptr<port_guard> make_port_guard(caf::actor_system&,
                                            const port_bounds&, events::sink,
                                            const char*) {
  return std::make_shared<port_guard>();
}

void keep_place(const std::shared_ptr<port_guard>&, caf::node_id) {
  // nop
}

caf::io::scribe_ptr make_scribe(caf::actor_system& system, int socket,
                                const std::shared_ptr<port_guard>&) {
  return system.middleman().backend().new_scribe(socket);
}

} // namespace raft::actors

#endif
