// Time, processes and disks of a simulated cluster.

#include <raft/simulation/cluster.hpp>

#include <utility>

namespace raft::simulation {

cluster::cluster(const cluster_options& options, observer* watching)
  : cluster_parts{options, watching} {
  if (options.inherited)
    inherit(*options.inherited);
  for (auto id : ids()) {
    around(id).clock.set_drift(now(), usual_drift(id));
    around(id).disk = around(id).data_disk = usual_disk(id);
    around(id).release = traits_of(id).release;
    boot(id);
  }
}

cluster::~cluster() {
  // nop
}

// -- time ---------------------------------------------------------------------

void cluster::run_for(duration length) {
  run_until([] { return false; }, now() + length);
}

bool cluster::run_until(const std::function<bool()>& condition,
                        instant deadline) {
  if (condition())
    return true;
  try {
    while (!events_.empty() && events_.next() <= deadline) {
      events_.run_next();
      if (condition())
        return true;
    }
  } catch (const violation& x) {
    event what;
    what.what = event_kind::violated;
    what.text = x.what();
    emit(std::move(what));
    throw;
  }
  events_.pass_until(std::max(deadline, now()));
  return false;
}

void cluster::after(duration delay, std::function<void()> what) {
  events_.at(now() + delay, std::move(what));
}

void cluster::after_unless_ended(duration delay, std::function<void()> what) {
  after(delay, [this, ended = ends_of_faults_, what = std::move(what)] {
    if (ended == ends_of_faults_)
      what();
  });
}

// -- peers --------------------------------------------------------------------

std::vector<peer_id> cluster::ids() const {
  std::vector<peer_id> result;
  for (const auto& x : peers_)
    result.push_back(x.id());
  return result;
}

bool cluster::runs(peer_id who) const {
  return peer(who).running();
}

bool cluster::acts(peer_id who) const {
  return runs(who) && !around(who).paused;
}

started cluster::start(peer_id who, bytes command) {
  started answer;
  step(who, [&](virtual_peer& x) {
    return x.start(entry_kind::command, {}, std::move(command), wall_ms(who),
                   answer);
  });
  return answer;
}

peer_state cluster::state(peer_id who) const {
  return peer(who).core().state();
}

std::vector<peer_id> cluster::leaders() const {
  std::vector<peer_id> result;
  for (const auto& x : peers_)
    if (acts(x.id()) && x.core().leads())
      result.push_back(x.id());
  return result;
}

std::uint64_t cluster::wall_ms(peer_id who) const {
  constexpr std::uint64_t year_2023 = 1'700'000'000'000;
  const auto& x = around(who);
  auto passed = (x.clock.at(now()) - x.clock_began).count() / 1000;
  return year_2023 + static_cast<std::uint64_t>(passed + x.wall_ahead_ms);
}

counters cluster::counts() const {
  counters result;
  for (const auto& x : peers_)
    result += x.counts();
  return result;
}

bytes cluster::query(peer_id who, const bytes& request) const {
  return around(who).executor->query(request);
}

const std::vector<entry>& cluster::delivered(peer_id who) const {
  return around(who).delivered;
}

void cluster::on_delivery(std::function<void(peer_id, const entry&)> what) {
  on_delivery_ = std::move(what);
}

// -- processes ----------------------------------------------------------------

void cluster::crash(peer_id who, unfinished_write fate) {
  if (!runs(who))
    return;
  auto& x = around(who);
  if (!has_space_for_write(who))
    fate = unfinished_write::lost;
  event what;
  what.what = event_kind::crashed;
  what.peer = who;
  if (peer(who).writing())
    what.text = fate == unfinished_write::kept ? "its write is kept"
                                               : "its write is lost";
  emit(std::move(what));
  end_machine(who);
  peer(who).crash(fate);
  ++x.process;
  x.paused = false;
  x.mail.clear();
  x.waiting.take_all();
  safety_.check_disks(peers_);
  connections_changed(who);
}

void cluster::restart(peer_id who) {
  if (!runs(who))
    boot(who);
}

void cluster::wipe(peer_id who) {
  put_back(who);
  crash(who);
  safety_.disk_was_lost(who);
  peer(who).lose_disk();
  around(who).wiped = true;
  ++around(who).directories;
  around(who).kept.reset();
  around(who).checkpointed = {};
  emit(event_kind::wiped, who);
}

void cluster::found_again(peer_id who) {
  wipe(who);
  peer(who).lose_disk(ids());
  tell("is founded again", who);
}

std::vector<peer_id> cluster::founders() const {
  if (options_.inherited)
    return options_.inherited->founders;
  std::vector<peer_id> result;
  for (std::uint64_t i = 1; i <= options_.peers; ++i)
    result.push_back({i});
  return result;
}

incarnation_id cluster::join(peer_id who) {
  if (peer(who).disk().founders().empty()) {
    crash(who);
    peer(who).lose_disk(founders());
    ++around(who).directories;
    tell("has heard of the cluster", who);
    restart(who);
  }
  return peer(who).disk().incarnation();
}

members_changed cluster::change(peer_id who, const change_members& wanted) {
  members_changed result;
  step(who, [&](virtual_peer& x) { return x.change(wanted, result); });
  return result;
}

std::vector<membership> cluster::in_force() const {
  std::vector<membership> result;
  for (const auto& x : peers_) {
    const auto& now
      = x.running() ? x.core().members() : x.disk().members().current();
    if (!now.voters.empty())
      result.push_back(now);
  }
  return result;
}

std::optional<recorded_disk> cluster::copy_disk(peer_id who, bool in_order) {
  // A write that is under way is not the end, so its process is killed.
  if (in_order && runs(who) && !peer(who).writing()) {
    peer(who).disk().conclude();
    crash(who);
  } else {
    crash(who);
  }
  std::optional<recorded_disk> result;
  if (!peer(who).disk().compacted().index)
    result = peer(who).disk();
  tell("its directory is copied", who);
  restart(who);
  return result;
}

void cluster::replace_disk(peer_id who, recorded_disk with) {
  wipe(who);
  peer(who).exchange_disk(std::move(with));
  tell("another directory is put in its place", who);
}

recorded_disk cluster::foreign_disk(peer_id who) const {
  constexpr std::uint64_t step = 1'000'000;
  recorded_disk result{ids(), {who.value + step}};
  // Terms that this cluster does not reach.
  term_number term{step};
  std::vector<entry> entries(100);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].index = {i + 1};
    entries[i].term = term;
  }
  entries[0].data = to_bytes(cluster_id{step});
  result.preset({term, who}, std::move(entries));
  raft::remember met;
  for (auto other : ids())
    if (other != who)
      met.whom.push_back({other, {other.value + step}, {step}, {}});
  result.remember(met);
  return result;
}

void cluster::swap_disks(peer_id x, peer_id y) {
  for (auto [who, other] : {std::pair{x, y}, {y, x}}) {
    put_back(who);
    crash(who);
    around(who).swapped = other;
  }
  tell("its directory is swapped with that of " + to_text(y), x);
}

void cluster::put_back(peer_id who) {
  auto other = std::exchange(around(who).swapped, peer_id{});
  if (!other)
    return;
  around(other).swapped = {};
  tell("its directory is back, and so is that of " + to_text(other), who);
  restart(who);
  restart(other);
}

void cluster::pause(peer_id who) {
  if (!acts(who))
    return;
  around(who).paused = true;
  emit(event_kind::paused, who);
}

void cluster::resume(peer_id who) {
  auto& x = around(who);
  if (!std::exchange(x.paused, false))
    return;
  emit(event_kind::resumed, who);
  for (auto& mail : std::exchange(x.mail, {}))
    at(now(), who, std::move(mail));
}

void cluster::set_drift(peer_id who, std::int64_t millionths) {
  around(who).clock.set_drift(now(), millionths);
  tell("clock drifts by " + std::to_string(millionths) + " millionths", who);
  if (runs(who))
    schedule_alarm(who);
}

std::int64_t cluster::drift(peer_id who) const {
  return around(who).clock.drift();
}

std::int64_t cluster::usual_drift(peer_id who) const {
  return traits_of(who).drift;
}

std::int64_t cluster::wall_ahead_ms(peer_id who) const {
  return around(who).wall_ahead_ms;
}

void cluster::set_wall(peer_id who, std::int64_t ahead_ms) {
  around(who).wall_ahead_ms = ahead_ms;
  tell("wall clock is wrong by " + std::to_string(ahead_ms) + " ms", who);
}

// -- disks --------------------------------------------------------------------

const disk_profile& cluster::log_disk(peer_id who) const {
  return around(who).disk;
}

const disk_profile& cluster::data_disk(peer_id who) const {
  return around(who).data_disk;
}

disk_profile cluster::usual_disk(peer_id who) const {
  auto result = options_.disk;
  result.delay_max += traits_of(who).slower;
  return result;
}

void cluster::set_disk(peer_id who, const disk_profile& x) {
  set_log_disk(who, x);
  set_data_disk(who, x);
}

void cluster::set_log_disk(peer_id who, const disk_profile& x) {
  auto& y = around(who);
  if (y.disk == x)
    return;
  y.disk = x;
  ++y.disk_epoch;
  tell_of_disk("the log's disk ", x, who);
  if (!runs(who))
    return;
  if (peer(who).writing())
    schedule_write(who);
  for (std::size_t i = 0; i < peer(who).reading().size(); ++i)
    schedule_read(who);
  for (std::size_t i = 0; i < peer(who).storing().size(); ++i)
    schedule_store(who);
}

void cluster::set_data_disk(peer_id who, const disk_profile& x) {
  auto& y = around(who);
  if (y.data_disk == x)
    return;
  y.data_disk = x;
  ++y.data_epoch;
  tell_of_disk("the data's disk ", x, who);
  if (runs(who) && y.checkpointing)
    schedule_checkpoint(who);
}

void cluster::tell_of_disk(const char* which, const disk_profile& x,
                           peer_id who) {
  constexpr const char* texts[]
    = {"works", "hangs", "is full", "is used up", "fails"};
  tell(which + std::string{texts[static_cast<std::size_t>(x.now)]} + ", "
         + std::to_string(x.delay_max.count()) + " us",
       who);
}

void cluster::tell(std::string text, peer_id who) {
  event what;
  what.peer = who;
  what.text = std::move(text);
  emit(std::move(what));
}

void cluster::emit(event x) {
  if (!watching_)
    return;
  x.when = now();
  watching_->on(x);
}

void cluster::emit(event_kind what, peer_id who, peer_id other,
                   std::uint64_t number) {
  event x;
  x.what = what;
  x.peer = who;
  x.other = other;
  x.number = number;
  emit(std::move(x));
}

} // namespace raft::simulation
