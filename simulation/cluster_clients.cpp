// Clients of a simulated cluster: the real client logic over the network.

#include <raft/messages/text.hpp>
#include <raft/simulation/cluster.hpp>
#include <raft/simulation/wire_size.hpp>

#include <utility>

namespace raft::simulation {

namespace {

/// Where a client can be found in the network; peers come first.
std::uint64_t address_of(std::uint64_t client) {
  return (std::uint64_t{1} << 32) + client;
}

/// Clients speak over connections that double nothing: a request that was
/// refused has surely no second copy that is accepted.
void once(std::vector<instant>& arrivals) {
  if (arrivals.size() > 1)
    arrivals.resize(1);
}

/// Whether an entry was committed and applied for this answer. That a session
/// has expired is one, too: with few sessions for many clients, slow disks can
/// leave little else to say.
bool comes_of_an_entry(client::client_state::ticket what, const executed& x) {
  if (client::pending_reads::is_read(what))
    return false;
  return x.result == outcome::committed
      || (x.result == outcome::rejected
          && x.reason == reject_reason::session_expired);
}

std::size_t size_of(const client::client_state::request& x) {
  if (x.what == 0)
    return wire_size(open_session{{1}});
  return wire_size(raft::execute{{1}, x.tag, x.command, false, x.reads});
}

} // namespace

cluster::client_number cluster::open_client(const client_options& options) {
  std::set<peer_id> reach;
  for (auto x : ids())
    reach.insert(x);
  auto seed = seeds_.next();
  auto made = std::make_unique<simulated_client>(
    simulated_client{options,
                     client::client_state{options.settings, seed, options.home},
                     std::move(reach),
                     {},
                     {},
                     random{seeds_.next()},
                     0,
                     {},
                     0,
                     {}});
  clients_.push_back(std::move(made));
  client_number result = clients_.size();
  for (auto x : ids())
    client_connection_changed(result, x);
  return result;
}

void cluster::set_reach(client_number who, const std::set<peer_id>& peers) {
  client(who).reach = peers;
  for (auto x : ids())
    client_connection_changed(who, x);
}

void cluster::execute(client_number who, bytes command,
                      std::function<void(const executed&)> done) {
  ask(who, std::move(command), std::move(done));
}

void cluster::ask(client_number who, bytes command,
                  std::function<void(const executed&)> done) {
  auto& x = client(who);
  history_.push_back({who, command, now(), std::nullopt, {}});
  x.last = history_.size() - 1;
  event what;
  what.what = event_kind::asked;
  what.number = who;
  if (watching_)
    what.text = options_.describe(history_.back());
  emit(std::move(what));
  // Some go through the log all the same, as those of a client that does not
  // know what its commands do.
  auto reads = options_.only_reads && options_.only_reads(command)
            && x.source.per_mille(700);
  auto ticket = x.state.submit(std::move(command), now() + x.options.deadline,
                               now(), reads);
  x.waiting[ticket] = {history_.size() - 1, std::move(done)};
  carry_out(who);
}

void cluster::run_program(client_number who, client_program program) {
  client(who).program = std::move(program);
  next_command(who);
}

void cluster::stop_programs() {
  programs_run_ = false;
  ++programs_stopped_;
}

void cluster::start_programs() {
  if (std::exchange(programs_run_, true))
    return;
  for (client_number i = 1; i <= clients_.size(); ++i)
    if (client(i).program)
      next_command(i);
}

std::size_t cluster::outstanding() const {
  std::size_t result = 0;
  for (const auto& x : clients_)
    result += x->waiting.size();
  return result;
}

void cluster::next_command(client_number who) {
  auto& x = client(who);
  auto pause = x.source.between(duration{0}, x.options.pause_max);
  events_.at(now() + pause, [this, who, stopped = programs_stopped_] {
    auto& y = client(who);
    if (programs_stopped_ != stopped)
      return;
    const auto* last = y.last ? &history_[*y.last] : nullptr;
    auto command = y.program({who, y.programmed++, last, y.source});
    if (command)
      ask(who, std::move(*command), [this, who, stopped](const executed&) {
        if (programs_stopped_ == stopped)
          next_command(who);
      });
  });
}

// -- what the client wants ----------------------------------------------------

void cluster::carry_out(client_number who) {
  auto& x = client(who);
  auto todo = x.state.take_output();
  for (auto& request : todo.requests)
    send_request(who, std::move(request));
  for (auto& answer : todo.answers)
    on_answer(who, std::move(answer));
  auto alarm = ++x.alarm;
  if (auto when = x.state.wake_at())
    events_.at(*when, [this, who, alarm] {
      if (client(who).alarm != alarm)
        return;
      client(who).state.advance(now());
      carry_out(who);
    });
}

void cluster::on_answer(client_number who, client::client_state::answer x) {
  auto found = client(who).waiting.extract(x.what);
  auto& operation = history_[found.mapped().operation];
  operation.answered = now();
  operation.result = x.result;
  event what;
  what.what = event_kind::answered;
  what.number = who;
  what.index = x.result.index;
  what.term = x.result.term;
  what.text = to_text(x.result.result);
  if (watching_)
    what.text += " " + options_.describe(operation);
  emit(std::move(what));
  if (x.result.result == outcome::committed)
    safety_.acknowledged({x.result.index, x.result.term});
  if (found.mapped().done)
    found.mapped().done(x.result);
}

// -- over the network and back ------------------------------------------------

void cluster::send_request(client_number who, client::client_state::request x) {
  ticket from{who, x.what, x.attempt};
  auto arrivals
    = network_.send({address_of(who), x.to.value, true, size_of(x)}, now());
  once(arrivals);
  for (auto when : arrivals)
    events_.at(when, [this, from, x] {
      if (!runs(x.to) || !client(from.client).reach.contains(x.to))
        return;
      at(now(), x.to, [this, from, x] { on_request(x.to, from, x); });
    });
}

void cluster::on_request(peer_id who, const ticket& from,
                         const client::client_state::request& x) {
  auto& seen = around(who).received;
  ++seen.messages;
  ++seen.exchanges;
  seen.bytes += size_of(x);
  if (x.reads)
    return begin_read(who, from, x.command);
  started begun;
  auto kind = x.what == 0 ? entry_kind::open_session : entry_kind::command;
  // The answer is on the list before anything that comes out of this step.
  step(who, [&](virtual_peer& p) {
    auto out = p.start(kind, x.tag, x.command, wall_ms(who), begun);
    if (begun.index)
      around(who).waiting.add({begun.index, begun.term}, from);
    return out;
  });
  if (!begun.index)
    send_answer(
      who, from,
      machine::answer_rejected(begun.reason, begun.term, begun.leader));
}

void cluster::begin_read(peer_id who, const ticket& from,
                         const bytes& command) {
  consensus::read_begun begun;
  auto by_lease
    = options_.reads_by_lease > 0 && random_.per_mille(options_.reads_by_lease);
  auto how = by_lease ? consistency::lease : consistency::linearizable;
  step(who, [&](virtual_peer& p) {
    auto out = p.begin_read(how, begun);
    if (begun.number)
      around(who).reads[begun.number] = {from, command};
    return out;
  });
  if (!begun.number)
    refuse_read(who, from, begun.reason);
}

/// Has reads answered about which the core has decided.
void cluster::end_reads(peer_id who, const consensus::read_verdict& which) {
  auto& all = around(who).reads;
  auto begin = all.lower_bound(which.first);
  auto end = all.upper_bound(which.last);
  for (auto i = begin; i != end; ++i) {
    const auto& [from, command] = i->second;
    if (which.reason != reject_reason::none)
      refuse_read(who, from, which.reason);
    else // The state machine is an actor of its own.
      at(now() + random_.between(options_.apply_min, apply_max_), who,
         [this, who, from = from, command = command] {
           run_read(who, from, command);
         });
  }
  all.erase(begin, end);
}

void cluster::refuse_read(peer_id who, const ticket& from,
                          reject_reason reason) {
  const auto& core = peer(who).core();
  send_answer(who, from,
              machine::answer_rejected(reason, core.term(), core.leader()));
}

void cluster::run_read(peer_id who, const ticket& from, const bytes& command) {
  auto& x = around(who);
  if (x.stuck)
    return; // The client asks somebody else.
  const auto& core = peer(who).core();
  auto result = x.executor->read(command);
  ++reads_;
  auto term = core.log().term_at(result.index).value_or(term_number{});
  send_answer(
    who, from,
    machine::answer_applied(result, {result.index, term}, core.leader()));
}

void cluster::send_answer(peer_id who, const ticket& to, const executed& x) {
  auto arrivals = network_.send(
    {who.value, address_of(to.client), false, wire_size(x)}, now());
  once(arrivals);
  for (auto when : arrivals)
    events_.at(when, [this, who, to, x] {
      auto& asker = client(to.client);
      if (!asker.reach.contains(who))
        return;
      if (comes_of_an_entry(to.what, x))
        served_at_ = now();
      asker.state.answered(to.what, to.attempt, x, now());
      carry_out(to.client);
    });
}

} // namespace raft::simulation
