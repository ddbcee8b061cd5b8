// What becomes of what a cluster has left to others.

#include <raft/persistence/founding.hpp>
#include <raft/simulation/disk_store.hpp>
#include <raft/simulation/draw.hpp>
#include <raft/simulation/play.hpp>

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

constexpr group_id own_group{1};

/// What happens to another cluster happens later.
class later : public observer {
public:
  later(observer* to, instant by) : to_{to}, by_{by} {
    // nop
  }

  void on(const event& x) override {
    if (!to_)
      return;
    auto moved = x;
    moved.when += by_;
    to_->on(moved);
  }

private:
  observer* to_;
  instant by_;
};

snapshot_content without_members(snapshot_content x,
                                 std::vector<peer_id> founders) {
  x.head.members = {{}, std::move(founders), {}};
  x.head.cluster = {};
  return x;
}

/// As `raftd --restore` does, by the product's own steps.
remains restored(const snapshot_content& from, peer_id who,
                 const std::vector<peer_id>& founders, std::uint64_t seed) {
  constexpr std::uint64_t stores = 500;
  remains result{who, recorded_disk{{}, {stores + who.value}, seed}, {}};
  // Each step by a process of its own, which ends behind it.
  std::uint64_t start = seed;
  const auto step = [&](auto what) {
    disk_store to{result.disk, who, {++start}};
    what(to);
  };
  step([&](auto& to) { persistence::begin_founding(to, from.head.checksum); });
  result.disk.files().keep(
    std::make_shared<const snapshot_content>(without_members(from, founders)));
  step([&](auto& to) {
    persistence::found_behind(to, own_group, from.head, founders);
  });
  step([&](auto& to) { persistence::end_installing(to, own_group); });
  result.checkpointed = from.head.last.index;
  return result;
}

/// As `raftctl recover` does.
/// @param kept Up to where the state machine has on its disk what it applied.
remains recovered(remains x, cluster_id fresh, log_index kept, random& from) {
  // Now and then the tool is ended in the middle, and started again.
  for (auto again = true; again;) {
    disk_store to{x.disk, x.peer, {from.next()}};
    again = from.per_mille(300);
    if (!persistence::is_alone(to, own_group))
      persistence::found_alone(to, own_group, fresh, kept);
    if (!again)
      to.conclude();
  }
  return x;
}

consensus::acquaintances known_to(const remains& x) {
  return {x.peer, x.disk.incarnation(), x.disk.founders(), x.disk.memory()};
}

/// Whoever was of the cluster before takes no part in the new one.
void check_apart(const remains& old, const remains& fresh) {
  const auto theirs = known_to(old);
  const auto ours = known_to(fresh);
  const auto their_id = old.disk.state().cluster;
  const auto our_id = fresh.disk.state().cluster;
  if (ours.judge(old.peer, theirs.shown(their_id), our_id)
      && theirs.judge(fresh.peer, ours.shown(our_id), their_id))
    throw violation{"peer " + to_text(old.peer)
                    + " of the cluster before is let in by peer "
                    + to_text(fresh.peer) + " of the new one"};
}

/// Some clients, whom all is done to now and then.
schedule few_faults(std::uint64_t seed, random& from, bool grows) {
  schedule result;
  result.seed = seed;
  result.clients = 2;
  result.length = milliseconds{4000};
  const auto at = [&](fault_kind what, instant when) {
    result.faults.push_back(
      {when, what, {}, {}, milliseconds{500}, from.below(1000)});
  };
  if (grows)
    at(fault_kind::reconfigure, milliseconds{500});
  at(fault_kind::crash_all, from.between(milliseconds{1}, milliseconds{3000}));
  std::ranges::stable_sort(result.faults, {}, &fault::when);
  return result;
}

class aftermath {
public:
  aftermath(const workload& what, std::uint64_t seed, const cluster& was,
            observer* watching, counters& counts)
    : workload_{what},
      seed_{seed},
      was_{was},
      watching_{watching},
      counts_{counts},
      random_{stream(seed, 24)},
      options_{options_for(what, seed)} {
    for (auto& x : options_.traits)
      x.release = protocol_version;
  }

  void found_from(const backup& x) {
    ++counts_.backups;
    counts_.increments += x.more.empty() ? 0 : 1;
    auto content = *x.content;
    const auto keeps = options_.settings.machine_keeps_state;
    check(x);
    if (keeps || !x.more.empty())
      content.state = nullptr;
    if (!x.more.empty()) {
      content.entries.insert(content.entries.end(), x.more.begin(),
                             x.more.end());
      content.head = make_snapshot(content.entries, {}, {})->head;
    }
    auto begin = std::make_shared<estate>();
    const std::uint64_t peers = 1 + random_.below(3);
    for (std::uint64_t i = 1; i <= peers; ++i)
      begin->founders.push_back({i});
    for (const auto who : begin->founders) {
      begin->peers.push_back(
        restored(content, who, begin->founders, random_.next()));
      if (!keeps)
        begin->peers.back().checkpointed = {};
    }
    for (const auto old : was_.ids())
      if (!was_.wiped(old))
        for (const auto& fresh : begin->peers)
          check_apart(was_.remains_of(old), fresh);
    options_.peers = peers;
    options_.spares = 0;
    ++counts_.clusters_restored;
    play("that was restored from the backup of " + to_text(content.head.last),
         begin);
  }

  void go_on_with(const lost_majority& x) {
    const auto rank = [](const remains& y) {
      return std::tuple{y.disk.last().term, y.disk.last().index};
    };
    auto begin = std::make_shared<estate>();
    const auto& best = std::ranges::max(x.survivors, {}, rank);
    // What a machine that keeps nothing needs is behind its snapshot.
    const auto kept = options_.settings.machine_keeps_state
                      ? best.checkpointed
                      : best.disk.compacted().index;
    begin->peers.push_back(
      recovered(best, {1 + random_.below(1'000'000'000)}, kept, random_));
    begin->founders = {best.peer};
    for (const auto* others : {&x.dead, &x.survivors})
      for (const auto& old : *others)
        if (old.peer != best.peer)
          check_apart(old, begin->peers.front());
    // Others may come, with ids that were not used.
    begin->gone = was_.ids();
    std::erase(begin->gone, best.peer);
    options_.peers = was_.size();
    options_.spares = 2;
    options_.settings.log_waits_for_absent = false;
    ++counts_.clusters_recovered;
    play("of peer " + to_text(best.peer) + ", which was recovered", begin);
  }

private:
  /// It holds the state after exactly its last entry.
  void check(const backup& x) const {
    auto made = workload_.make_machine();
    const auto& state = *made;
    machine::executor machine{std::move(made), options_.session_bounds};
    if (!machine.has_snapshots())
      return;
    take_back(machine, *x.content->state);
    for (const auto& e : x.more)
      machine.apply(e);
    auto all = x.content->entries;
    all.insert(all.end(), x.more.begin(), x.more.end());
    if (workload_.final_state(state)
        != state_after(workload_, all, options_.session_bounds))
      throw violation{"the backup of " + to_text(x.content->head.last)
                      + " has another state than that of this entry"
                      + (x.more.empty() ? "" : ", or its increments do not")};
  }

  void play(const std::string& which,
            const std::shared_ptr<const estate>& begin) {
    options_.inherited = begin;
    options_.seed = random_.next();
    later shifted{watching_, was_.now()};
    announce("from here on: the cluster " + which, shifted);
    const auto x = few_faults(seed_, random_, options_.spares > 0);
    const auto found
      = play_on(workload_, x, options_, watching_ ? &shifted : nullptr);
    counts_ += found.counts;
    if (found.violation)
      throw violation{"the cluster " + which + ": " + *found.violation};
  }

  /// Nothing of the cluster before is there.
  void announce(const std::string& what, observer& to) const {
    event x;
    x.text = what;
    to.on(x);
    x.text.clear();
    for (const auto who : was_.ids())
      for (const auto how : {event_kind::crashed, event_kind::wiped}) {
        x.what = how;
        x.peer = who;
        to.on(x);
      }
  }

  const workload& workload_;
  std::uint64_t seed_;
  const cluster& was_;
  observer* watching_;
  counters& counts_;
  random random_;
  cluster_options options_;
};

} // namespace

void play_aftermath(const workload& what, std::uint64_t seed,
                    const cluster& was, observer* watching, counters& counts) {
  for (const auto& x : was.left().backups)
    aftermath{what, seed, was, watching, counts}.found_from(x);
  for (const auto& x : was.left().losses)
    aftermath{what, seed, was, watching, counts}.go_on_with(x);
}

} // namespace raft::simulation
