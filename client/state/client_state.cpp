#include <raft/client/state/client_state.hpp>

#include <algorithm>
#include <utility>

namespace raft::client {

client_state::client_state(const client_settings& settings, std::uint64_t seed,
                           peer_id home)
  : settings_{settings},
    random_{seed},
    home_{home},
    guess_{home},
    next_pause_{settings.pause_min},
    reads_{settings_, seed + 1} {
  // nop
}

// -- inputs -------------------------------------------------------------------

client_state::ticket client_state::submit(bytes command, instant deadline,
                                          instant now, bool reads) {
  auto size = command.size();
  auto held = bytes_ + reads_.bytes_total();
  auto busy = outstanding() >= settings_.outstanding_max
           || (held + size > settings_.bytes_max && held > 0);
  if (reads && !busy) {
    auto what = reads_.add(std::move(command), deadline);
    pump_reads(now);
    return what;
  }
  auto what = ++last_ticket_;
  if (busy) {
    executed refusal;
    refusal.result = outcome::rejected;
    refusal.reason = reject_reason::busy;
    refusal.leader = leader_;
    out_.answers.push_back({what, std::move(refusal)});
    return what;
  }
  pending_command x;
  x.data = std::move(command);
  x.deadline = deadline;
  commands_.emplace_hint(commands_.end(), what, std::move(x));
  ready_.insert(ready_.end(), what);
  bytes_ += size;
  watch_until(deadline);
  pump(now);
  return what;
}

void client_state::peer_up(peer_id who, instant now) {
  forget_connection(who);
  up_[who] = {settings_.answer_timeout_min, false, {}, 0};
  reads_.peer_up(who);
  if (up_.size() == 1)
    paused_until_ = now;
  pump(now);
}

void client_state::peer_down(peer_id who, instant now) {
  up_.erase(who);
  forget_connection(who);
  reads_.peer_down(who);
  pump(now);
}

void client_state::answered(ticket what, std::uint64_t attempt,
                            const executed& result, instant now) {
  if (pending_reads::is_read(what)) {
    reads_.answered(what, attempt, result, now);
    return pump_reads(now);
  }
  auto x = find(what);
  if (x == nullptr)
    return; // was given up
  if (x->attempt != 0 && attempt == x->attempt) {
    auto& peer = up_.at(x->to);
    peer.patience = settings_.answer_timeout_min;
    peer.doubted = false;
  }
  if (what == 0 && result.result == outcome::committed)
    on_opened(attempt, result, now);
  else if (result.result == outcome::committed)
    on_committed(what, attempt, result, now);
  else if (result.result == outcome::rejected)
    on_rejected(what, attempt, result, now);
  else
    on_unknown(what, attempt, result.leader, now);
  pump(now);
}

bool client_state::heard(ticket what, std::uint64_t attempt, instant now) {
  if (pending_reads::is_read(what))
    return reads_.heard(what, attempt, now);
  auto x = find(what);
  if (x == nullptr)
    return false;
  if (x->attempt != 0 && x->attempt == attempt) {
    up_.at(x->to).doubted = false;
    be_patient(*x, now);
  }
  return true;
}

void client_state::failed(ticket what, std::uint64_t attempt, instant now) {
  if (pending_reads::is_read(what)) {
    reads_.failed(what, attempt, now);
    return pump_reads(now);
  }
  if (find(what) == nullptr)
    return;
  on_unknown(what, attempt, {}, now);
  pump(now);
}

void client_state::advance(instant now) {
  check_times(now);
  pump(now);
}

void client_state::stop() {
  while (!commands_.empty()) {
    auto& [what, x] = *commands_.begin();
    give_up(what, x, reject_reason::stopping);
  }
  reads_.stop();
  take_from_reads();
}

// -- outputs ------------------------------------------------------------------

client_state::output client_state::take_output() {
  return std::exchange(out_, {});
}

std::optional<instant> client_state::wake_at() const {
  std::optional<instant> result;
  for (const auto& when : {check_at_, resume_at_, reads_.wake_at()})
    if (when)
      result = std::min(result.value_or(*when), *when);
  return result;
}

peer_id client_state::target() const {
  for (auto who : {leader_, guess_, home_})
    if (up_.count(who) > 0)
      return who;
  return up_.empty() ? peer_id{} : up_.begin()->first;
}

// -- what an answer means -----------------------------------------------------

void client_state::on_opened(std::uint64_t attempt, const executed& result,
                             instant now) {
  if (attempt == opening_.attempt)
    on_committed(0, attempt, result, now);
  // A session that an attempt opened which we had given up is as good.
  if (!session_)
    session_ = session_id{result.index.value};
  opening_ = {};
}

void client_state::on_committed(ticket what, std::uint64_t attempt,
                                const executed& result, instant now) {
  auto& x = *find(what);
  if (x.attempt != 0 && attempt == x.attempt) {
    auto& peer = up_.at(x.to);
    peer.committed_at = now;
    peer.committed = std::max(peer.committed, attempt);
    // Whom we doubted leads after all: what the scout hears decides nothing.
    if (!leader_ && x.route != route_)
      ++route_;
    if (!leader_ || x.route == route_) {
      follow(x.to, now);
      hops_ = 0;
      next_pause_ = settings_.pause_min;
    }
  }
  if (what != 0)
    finish(what, result);
}

void client_state::on_rejected(ticket what, std::uint64_t attempt,
                               const executed& result, instant now) {
  auto& x = *find(what);
  auto current = attempt == x.attempt;
  // Whatever the reason: this attempt never takes effect.
  if (x.open > 0)
    --x.open;
  if (result.reason == reject_reason::session_expired && what != 0)
    return on_expired(what, current);
  if (result.reason == reject_reason::too_large && what != 0)
    return give_up(what, x, reject_reason::too_large);
  if (!current)
    return;
  last_reason_ = result.reason;
  last_hint_ = result.leader;
  // The leader will take it later, or step down and then name another one.
  auto later = result.reason == reject_reason::busy
            || result.reason == reject_reason::disk_full
            || result.reason == reject_reason::handing_over;
  if (!later) {
    change_route(x, result.leader, now);
  } else if (x.route == route_) {
    ++route_;
    pause(now);
  }
  ask_again(what, x);
}

void client_state::on_expired(ticket what, bool current) {
  auto& x = *find(what);
  if (x.session == session_)
    session_ = {};
  // An earlier attempt may have taken effect while the session lived.
  if (x.open > 0)
    return give_up(what, x, reject_reason::session_expired);
  if (current)
    ask_again(what, x);
}

void client_state::on_unknown(ticket what, std::uint64_t attempt, peer_id hint,
                              instant now) {
  auto& x = *find(what);
  if (attempt != x.attempt)
    return;
  change_route(x, hint, now);
  ask_again(what, x);
}

void client_state::ask_again(ticket what, pending_command& x) {
  if (x.attempt != 0)
    under_way_bytes_ -= x.data.size();
  x.attempt = 0;
  x.held = false;
  if (what != 0)
    ready_.insert(what);
}

void client_state::give_up(ticket what, const pending_command& x,
                           reject_reason reason) {
  executed result;
  result.leader = leader_ ? leader_ : last_hint_;
  if (x.open == 0) {
    result.result = outcome::rejected;
    result.reason = reason;
  }
  finish(what, std::move(result));
}

void client_state::finish(ticket what, executed result) {
  auto i = commands_.find(what);
  bytes_ -= i->second.data.size();
  if (i->second.attempt != 0)
    under_way_bytes_ -= i->second.data.size();
  commands_.erase(i);
  ready_.erase(what);
  out_.answers.push_back({what, std::move(result)});
}

// -- whom to ask --------------------------------------------------------------

void client_state::change_route(const pending_command& x, peer_id hint,
                                instant now) {
  if (x.route == route_)
    leave(x.to, hint, now);
}

void client_state::leave(peer_id who, peer_id hint, instant now) {
  ++route_;
  ++hops_;
  leader_ = {};
  guess_ = next_after(who);
  auto named = up_.find(hint);
  if (hint != who && named != up_.end()) {
    guess_ = hint;
    // That it leads does not mean that it answers: let one try.
    if (!named->second.doubted)
      follow(hint, now);
  }
  // All were asked in vain: they need time to find a leader.
  if (hops_ >= up_.size()) {
    hops_ = 0;
    pause(now);
  }
}

void client_state::follow(peer_id who, instant now) {
  if (leader_ == who)
    return;
  leader_ = who;
  for (auto& [what, x] : commands_) {
    if (!x.held)
      continue;
    if (x.to != who || passed_over(x)) {
      ask_again(what, x);
    } else {
      x.held = false;
      be_patient(x, now);
    }
  }
}

void client_state::pause(instant now) {
  auto half = instant{next_pause_} / 2;
  paused_until_ = now + half + instant{random_.between(0, half.count())};
  next_pause_ = std::min(2 * next_pause_, settings_.pause_max);
}

void client_state::forget_connection(peer_id who) {
  if (who == leader_) {
    ++route_;
    leader_ = {};
    guess_ = next_after(who);
  }
  if (opening_.attempt != 0 && opening_.to == who)
    ask_again(0, opening_);
  for (auto& [what, x] : commands_)
    if (x.attempt != 0 && x.to == who)
      ask_again(what, x);
}

peer_id client_state::next_after(peer_id who) const {
  if (up_.empty())
    return {};
  auto i = up_.upper_bound(who);
  return i == up_.end() ? up_.begin()->first : i->first;
}

// -- sending ------------------------------------------------------------------

void client_state::pump(instant now) {
  pump_commands(now);
  pump_reads(now);
}

void client_state::pump_reads(instant now) {
  reads_.pump(up_.count(home_) > 0 ? home_ : target(), now);
  take_from_reads();
}

void client_state::take_from_reads() {
  auto todo = reads_.take_output();
  for (auto& x : todo.requests)
    out_.requests.push_back(
      {x.what, x.attempt, x.to, {}, std::move(x.command), true});
  for (auto& x : todo.answers)
    out_.answers.push_back(std::move(x));
}

void client_state::pump_commands(instant now) {
  resume_at_.reset();
  if (ready_.empty() || !target())
    return;
  if (now < paused_until_) {
    resume_at_ = paused_until_;
    return;
  }
  if (!session_) {
    if (opening_.attempt == 0)
      send(0, opening_, now);
    return;
  }
  for (auto i = ready_.begin(); i != ready_.end() && *i < window_end();) {
    if (!leader_ && scouting())
      return;
    auto& x = *find(*i);
    if (!may_send(x))
      return;
    scout_ = *i;
    send(*i, x, now);
    i = ready_.erase(i);
  }
}

bool client_state::may_send(const pending_command& x) const {
  return under_way_bytes_ == 0 || target() == home_
      || under_way_bytes_ + x.data.size() <= settings_.under_way_bytes_max;
}

void client_state::send(ticket what, pending_command& x, instant now) {
  if (x.open == 0)
    x.session = session_;
  x.attempt = ++last_attempt_;
  x.to = target();
  x.route = route_;
  ++x.open;
  under_way_bytes_ += x.data.size();
  be_patient(x, now);
  request result{what, x.attempt, x.to, {}, x.data};
  if (what != 0)
    result.tag = {x.session, what, commands_.begin()->first};
  out_.requests.push_back(std::move(result));
}

bool client_state::scouting() const {
  auto x = find(scout_);
  return x != nullptr && scout_ != 0 && x->attempt != 0 && x->route == route_;
}

client_state::ticket client_state::window_end() const {
  return commands_.begin()->first + settings_.window;
}

const client_state::pending_command* client_state::find(ticket what) const {
  if (what == 0)
    return &opening_;
  auto i = commands_.find(what);
  return i == commands_.end() ? nullptr : &i->second;
}

client_state::pending_command* client_state::find(ticket what) {
  return const_cast<pending_command*>(std::as_const(*this).find(what));
}

// -- time ---------------------------------------------------------------------

void client_state::check_times(instant now) {
  if (!check_at_ || now < *check_at_)
    return;
  check_at_.reset();
  check_answer_timeout(0, opening_, now);
  for (auto i = commands_.begin(); i != commands_.end();) {
    auto& [what, x] = *i++;
    if (now >= x.deadline) {
      give_up(what, x, last_reason_);
      continue;
    }
    watch_until(x.deadline);
    check_answer_timeout(what, x, now);
  }
}

void client_state::check_answer_timeout(ticket what, pending_command& x,
                                        instant now) {
  if (x.attempt == 0)
    return;
  // While it answers what it got before, it is only slow.
  if (!passed_over(x))
    x.silent_at = std::max(x.silent_at, up_.at(x.to).committed_at
                                          + settings_.answer_timeout_min
                                          + time_for(x.data.size(), settings_));
  if (now >= x.silent_at)
    on_answer_timeout(what, x, now);
  else
    watch_until(x.silent_at);
}

void client_state::on_answer_timeout(ticket what, pending_command& x,
                                     instant now) {
  if (passed_over(x))
    return ask_again(what, x);
  auto scout = !leader_ && x.route == route_;
  if (x.to == leader_ || scout) {
    auto& peer = up_.at(x.to);
    peer.patience = std::min(2 * peer.patience, settings_.answer_timeout_max);
    peer.doubted = true;
    leave(x.to, {}, now);
    return ask_again(what, x);
  }
  auto asked
    = scouting() || (!ready_.empty() && *ready_.begin() < window_end());
  if (leader_ || what == 0 || !asked)
    return ask_again(what, x);
  x.held = true;
  be_patient(x, now);
}

void client_state::be_patient(pending_command& x, instant now) {
  x.silent_at
    = now + up_.at(x.to).patience + time_for(under_way_bytes_, settings_);
  watch_until(x.silent_at);
}

// A leader commits in the order in which it got commands.
bool client_state::passed_over(const pending_command& x) const {
  return x.attempt < up_.at(x.to).committed;
}

void client_state::watch_until(instant when) {
  if (!check_at_ || when < *check_at_)
    check_at_ = when;
}

} // namespace raft::client
