#include <raft/tests/simulation/world.hpp>

#include <algorithm>
#include <utility>

namespace raft::test {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

} // namespace

tally& tally::operator+=(const tally& x) {
  steps += x.steps;
  crashes += x.crashes;
  writes_kept += x.writes_kept;
  terms_led += x.terms_led;
  committed += x.committed;
  busy += x.busy;
  truncations += x.truncations;
  reads_for_followers += x.reads_for_followers;
  reads_to_apply += x.reads_to_apply;
  late_wakes += x.late_wakes;
  dropped_answers += x.dropped_answers;
  lost_quorums += x.lost_quorums;
  refused_writes += x.refused_writes;
  refused_reserves += x.refused_reserves;
  disk_full_answers += x.disk_full_answers;
  room_found += x.room_found;
  compactions += x.compactions;
  boots_on_state += x.boots_on_state;
  boots_on_compacted += x.boots_on_compacted;
  return *this;
}

world::world(std::uint64_t seed, bool tracing)
  : random_{seed},
    plan_{draw_plan(random_)},
    tracing_{tracing},
    around_(plan_.peers),
    judge_{plan_.peers} {
  std::vector<peer_id> voters;
  for (std::uint64_t i = 1; i <= plan_.peers; ++i)
    voters.push_back({i});
  for (auto id : voters) {
    peers_.emplace_back(id, plan_.config, voters, random_.next());
    around(id).clock_offset = seconds{random_.below(100'000)};
  }
}

void world::run() {
  if (const auto* complaint = consensus::complaint_about(plan_.config))
    throw violation{std::string{"the plan is wrong: "} + complaint};
  for (const auto& x : peers_)
    boot(x.id());
  client();
  nemesis();
  run_until(plan_.duration);
  take_faults_away();
  check_healed();
  counts_.terms_led = judge_.terms_led();
  counts_.committed = judge_.committed();
}

// -- time ---------------------------------------------------------------------

void world::at(instant when, std::function<void()> what) {
  agenda_.emplace(std::pair{when, ++appointments_}, std::move(what));
}

void world::at(instant when, peer_id whom, std::function<void()> what) {
  auto process = around(whom).process;
  at(when, [this, whom, process, what = std::move(what)] {
    if (around(whom).process != process)
      return;
    if (around(whom).paused_until > now_)
      at(around(whom).paused_until, whom, what);
    else
      what();
  });
}

void world::run_until(instant end) {
  while (!agenda_.empty() && agenda_.begin()->first.first <= end) {
    auto next = agenda_.extract(agenda_.begin());
    now_ = next.key().first;
    next.mapped()();
  }
  now_ = end;
}

// -- steps of peers -----------------------------------------------------------

consensus::output
world::step(peer_id whom, const char* what,
            std::function<consensus::output(virtual_peer&)> input) {
  auto& x = peer(whom);
  portrait before;
  if (tracing_)
    before = portrait{x.core()};
  auto clock = now_ + around(whom).clock_offset;
  // As the shell does: the time first, then the input.
  if (x.now() != clock) {
    auto late = clock - milliseconds{50} > x.wake_at();
    auto out = x.advance(clock);
    counts_.late_wakes += late ? 1 : 0;
    narrate(x, before, out);
    note_step(x, "the clock", out);
  }
  auto out = input(x);
  narrate(x, before, out);
  note_step(x, what, out);
  return out;
}

void world::narrate(const virtual_peer& x, portrait& before,
                    const consensus::output& out) {
  if (!tracing_)
    return;
  for (const auto& line : tell(x.id(), before, x.core(), out, x.disk().hard()))
    say("  " + line);
  before = portrait{x.core()};
}

void world::note_step(const virtual_peer& x, const char* what,
                      const consensus::output& out) {
  ++counts_.steps;
  const auto& core = x.core();
  for (const char* c = what; *c; ++c)
    mix(static_cast<unsigned char>(*c));
  for (auto value : {static_cast<std::uint64_t>(now_.count()), x.id().value,
                     core.term().value, static_cast<std::uint64_t>(core.role()),
                     core.commit().value, core.log().last().index.value,
                     core.log().durable().value,
                     static_cast<std::uint64_t>(out.messages.size()),
                     static_cast<std::uint64_t>(out.wake_at.count())})
    mix(value);
  using consensus::note_kind;
  for (const auto& note : out.notes) {
    counts_.truncations += note.kind == note_kind::truncated_conflict;
    counts_.dropped_answers += note.kind == note_kind::dropped_held_answer;
    counts_.lost_quorums += note.kind == note_kind::stepped_down_no_quorum;
    counts_.room_found += note.kind == note_kind::disk_has_room;
  }
  for (const auto& read : out.reads)
    ++(read.reader == x.id() ? counts_.reads_to_apply
                             : counts_.reads_for_followers);
  judge_.after_step(x, peers_);
  for (const auto& msg : out.messages)
    send(msg);
  if (out.batch)
    schedule_write(x.id());
  schedule_reads(x.id(), out.reads.size());
  schedule_apply(x.id());
  schedule_alarm(x.id());
}

void world::schedule_alarm(peer_id whom) {
  auto alarm = ++around(whom).alarm;
  if (peer(whom).wake_at() == instant::max())
    return;
  auto due = peer(whom).wake_at() - around(whom).clock_offset;
  // Timers ring late, never early.
  auto when
    = std::max(due, now_) + random_.between(microseconds{0}, milliseconds{2});
  at(when, whom, [this, whom, alarm] {
    if (around(whom).alarm != alarm)
      return;
    step(whom, "the alarm", [](virtual_peer& x) { return x.advance(x.now()); });
  });
}

void world::schedule_write(peer_id whom) {
  auto takes = random_.between(microseconds{50}, plan_.disk_max);
  if (around(whom).disk_is_slow)
    takes += random_.between(milliseconds{100}, seconds{2});
  at(now_ + takes, whom, [this, whom] { write(whom); });
}

void world::write(peer_id whom) {
  if (!finds_room(whom)) {
    if (tracing_)
      say(to_text(whom) + " finds no room");
    step(whom, "refused", [](virtual_peer& x) { return x.refuse_write(); });
    return;
  }
  if (tracing_)
    say(to_text(whom) + " has written");
  counts_.compactions += peer(whom).writing()->batch.compacted.index ? 1 : 0;
  step(whom, "written", [](virtual_peer& x) { return x.complete_write(); });
  judge_.check_disks(peers_);
}

/// A full disk has a reserve for what carries no commands; now and then even
/// that is not enough.
bool world::finds_room(peer_id whom) {
  if (!around(whom).disk_is_full)
    return true;
  const auto& entries = peer(whom).writing()->batch.entries;
  if (std::any_of(entries.begin(), entries.end(),
                  [](const entry& x) { return x.kind != entry_kind::empty; })) {
    ++counts_.refused_writes;
    return false;
  }
  auto enough = !random_.per_mille(100);
  counts_.refused_reserves += enough ? 0 : 1;
  return enough;
}

void world::schedule_reads(peer_id whom, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    auto takes = random_.between(microseconds{50}, milliseconds{20});
    if (around(whom).disk_is_slow)
      takes += random_.between(milliseconds{100}, seconds{2});
    at(now_ + takes, whom, [this, whom] {
      auto early = random_.per_mille(500);
      step(whom, "read",
           [early](virtual_peer& x) { return x.complete_read(early); });
    });
  }
}

void world::schedule_apply(peer_id whom) {
  if (around(whom).applying || peer(whom).applying().empty())
    return;
  around(whom).applying = true;
  at(now_ + random_.between(microseconds{10}, plan_.apply_max), whom,
     [this, whom] {
       around(whom).applying = false;
       auto count = random_.between(1, 10);
       step(whom, "applied",
            [count](virtual_peer& x) { return x.apply(count); });
       if (random_.per_mille(plan_.flushes))
         step(whom, "flushed", [](virtual_peer& x) { return x.flush(); });
     });
}

void world::boot(peer_id whom) {
  if (peer(whom).running())
    return;
  auto& it = around(whom);
  auto offset = it.clock_offset;
  auto process = it.process + 1;
  it = {};
  it.clock_offset = offset;
  it.process = process;
  judge_.process_started(peer(whom));
  constexpr std::size_t tails[] = {0, 1, 5, virtual_peer::whole_log};
  auto tail = tails[random_.below(4)];
  if (tracing_)
    say(to_text(whom) + " starts");
  counts_.boots_on_state += peer(whom).applied().empty() ? 0 : 1;
  counts_.boots_on_compacted += peer(whom).disk().compacted().index ? 1 : 0;
  auto out = peer(whom).boot(now_ + offset, tail);
  note_step(peer(whom), "boot", out);
  connections_changed(whom);
}

void world::crash(peer_id whom) {
  if (!peer(whom).running())
    return;
  ++counts_.crashes;
  auto kept = random_.per_mille(500);
  counts_.writes_kept += kept && peer(whom).writing() ? 1 : 0;
  if (tracing_)
    say(to_text(whom) + " crashes, its write is " + (kept ? "kept" : "lost"));
  peer(whom).crash(kept ? unfinished_write::kept : unfinished_write::lost);
  ++around(whom).process;
  judge_.check_disks(peers_);
  connections_changed(whom);
}

// -- network ------------------------------------------------------------------

void world::send(const consensus::message& msg) {
  pair way{sender_of(msg), receiver_of(msg)};
  if (!connected(way) || cut_.contains(way) || random_.per_mille(plan_.lost))
    return;
  auto copies = random_.per_mille(plan_.twice) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    auto takes = random_.between(microseconds{50}, plan_.delay_max);
    if (random_.per_mille(plan_.very_late))
      takes += random_.between(milliseconds{0}, seconds{2});
    auto when = now_ + takes;
    // Without faults, messages do not overtake each other.
    if (!faults_)
      when = std::max(when, last_arrival_[way]);
    last_arrival_[way] = std::max(when, last_arrival_[way]);
    // It finds whatever process runs there then.
    at(when, [this, way, msg] {
      if (!peer(way.second).running())
        return;
      at(now_, way.second, [this, way, msg] {
        if (tracing_)
          say(to_text(way.second) + " receives " + name_of(msg) + " from "
              + to_text(way.first) + ": " + content_of(msg));
        step(way.second, "mail",
             [&msg](virtual_peer& x) { return x.receive(msg); });
      });
    });
  }
}

bool world::connected(const pair& way) const {
  return peers_[way.second.value - 1].running() && !no_link_.contains(way);
}

void world::connections_changed(peer_id whom) {
  for (const auto& other : peers_) {
    if (other.id() == whom)
      continue;
    for (auto way : {pair{whom, other.id()}, pair{other.id(), whom}}) {
      if (!peer(way.first).running())
        continue;
      // They find out after a while, and see only how it is then.
      auto when = now_ + random_.between(microseconds{50}, milliseconds{50});
      at(when, way.first, [this, way] {
        auto up = connected(way);
        auto& links = around(way.first).links;
        if (up == links.contains(way.second))
          return;
        if (up)
          links.insert(way.second);
        else
          links.erase(way.second);
        step(way.first, up ? "link up" : "link down",
             [up, &way](virtual_peer& x) {
               return up ? x.link_up(way.second) : x.link_down(way.second);
             });
      });
    }
  }
}

// -- the end ------------------------------------------------------------------

void world::check_healed() {
  // A process may stand still for 2.5 s, and mail may be late by 2 s, since the
  // last fault.
  const auto committed_by = now_ + seconds{6};
  // Small windows make it slow to catch up, and to apply.
  const auto caught_up_by = now_ + seconds{60};
  started answer;
  auto committed = [&answer](const virtual_peer& x) {
    return answer.index && x.core().commit() >= answer.index
        && x.core().log().holds({answer.index, answer.term});
  };
  auto caught_up = [&](const virtual_peer& x) {
    return committed(x) && x.applied().size() >= answer.index.value;
  };
  while (now_ < caught_up_by) {
    run_until(now_ + milliseconds{10});
    if (std::all_of(peers_.begin(), peers_.end(), caught_up))
      return;
    if (std::any_of(peers_.begin(), peers_.end(), committed))
      continue;
    if (now_ > committed_by)
      break;
    try_last_command(answer);
  }
  std::string state;
  for (const auto& x : peers_)
    state
      += "\n  " + to_text(x.id()) + " " + consensus::to_text(x.core().role())
       + " term " + to_text(x.core().term()) + " last "
       + to_text(x.core().log().last()) + " commit "
       + to_text(x.core().commit()) + " applied " + to_text(x.core().applied());
  throw violation{"the cluster does not heal:" + state};
}

void world::try_last_command(started& answer) {
  for (auto id : leaders()) {
    // If the leader changed, the command may be lost.
    if (answer.index && peer(id).core().term() <= answer.term)
      continue;
    bytes text{"the last command " + std::to_string(++commands_)};
    step(id, "last command",
         [&](virtual_peer& x) { return x.start(text, answer); });
  }
}

std::vector<peer_id> world::leaders() const {
  std::vector<peer_id> result;
  for (const auto& x : peers_)
    if (x.running() && x.core().leads())
      result.push_back(x.id());
  return result;
}

// -- help ---------------------------------------------------------------------

peer_id world::any_peer() {
  return {random_.between(1, plan_.peers)};
}

void world::say(const std::string& line) {
  trace_.push_back(std::to_string(now_.count() / 1000) + " " + line);
}

void world::mix(std::uint64_t x) noexcept {
  hash_ = (hash_ ^ x) * 1099511628211U; // FNV-1a, a word at a time
}

} // namespace raft::test
