// One run of the fuzzer.

#include <raft/persistence/dump_text.hpp>
#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/liveness.hpp>
#include <raft/simulation/play.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

class run {
public:
  run(const workload& what, const schedule& x, const cluster_options& options,
      observer* watching)
    : workload_{what},
      schedule_{x},
      watching_{watching},
      cluster_{options, watching} {
    // nop
  }

  run_result result() {
    run_result result;
    try {
      rage();
      heal();
      judge();
      play_aftermath(workload_, schedule_.seed, cluster_, watching_,
                     aftermath_);
    } catch (const violation& x) {
      result.violation = x.what();
    }
    result.when = cluster_.now();
    result.played = played();
    result.fingerprint = cluster_.fingerprint();
    result.steps = cluster_.steps();
    result.committed = cluster_.committed();
    result.terms_led = cluster_.terms_led();
    result.operations = cluster_.history().size();
    result.counts = cluster_.counts();
    result.counts += aftermath_;
    for (const auto& x : cluster_.history())
      result.answered
        += x.answered && x.result.result != outcome::unknown ? 1 : 0;
    return result;
  }

private:
  /// A client that waits for nothing but answers, so that it shows when
  /// nobody is served.
  void open_witness() {
    client_options options;
    options.deadline = heals_within;
    options.pause_max = milliseconds{500};
    options.settings.answer_timeout_min = milliseconds{500};
    options.settings.answer_timeout_max = milliseconds{500};
    cluster_.run_program(
      cluster_.open_client(options),
      [this](const program_context& x) { return workload_.next_command(x); });
    watch_liveness();
  }

  void watch_liveness() {
    cluster_.after(liveness_checker::looks_each, [this] {
      if (programs_run_)
        liveness_.look_at(cluster_);
      watch_liveness();
    });
  }

  void rage() {
    open_witness();
    auto options = draw_client(schedule_.seed);
    for (std::size_t i = 0; i < schedule_.clients; ++i) {
      options.home = peer_id{i % (cluster_.size() + 1)}; // or none
      cluster_.run_program(
        cluster_.open_client(options),
        [this](const program_context& x) { return workload_.next_command(x); });
    }
    for (const auto& x : schedule_.faults)
      if (x.what == fault_kind::quiet)
        rest_at(x.when);
      else
        cluster_.after_unless_ended(x.when - played_, [this, &x] {
          cluster_.tell("fault: " + describe(x));
          inflict(cluster_, x);
        });
    go_on_until(schedule_.length);
  }

  /// Lets faults rage up to a moment of the schedule.
  void go_on_until(instant when) {
    raging_since_ = cluster_.now();
    cluster_.run_for(std::max(when - played_, duration{0}));
    raging_since_.reset();
    played_ = std::max(when, played_);
  }

  void rest_at(instant when) {
    go_on_until(when);
    heal();
    cluster_.tell("faults go on");
    cluster_.resume_faults();
    cluster_.start_programs();
    programs_run_ = true;
  }

  /// How much of the schedule is done.
  instant played() const {
    return raging_since_ ? played_ + (cluster_.now() - *raging_since_)
                         : played_;
  }

  void heal() {
    cluster_.tell("the faults end");
    cluster_.end_faults();
    auto begin = cluster_.now();
    serve(begin);
    cluster_.stop_programs();
    programs_run_ = false;
    auto healed = [this] { return cluster_.outstanding() == 0 && caught_up(); };
    if (!cluster_.run_until(healed, begin + heals_within))
      throw violation{"the cluster does not heal:" + state()};
  }

  /// Has a new client ask for something.
  void serve(instant begin) {
    client_options options;
    options.deadline = heals_within;
    auto served = std::make_shared<bool>(false);
    cluster_.run_program(
      cluster_.open_client(options), [this, served](const program_context& x) {
        *served = x.number > 0;
        return *served ? std::nullopt : workload_.next_command(x);
      });
    if (!cluster_.run_until([&served] { return *served; },
                            begin + serves_within))
      throw violation{"the cluster does not serve again:" + state()};
  }

  bool caught_up() const {
    auto all = members();
    if (all.empty())
      return false;
    auto first = cluster_.state(all.front());
    return std::all_of(all.begin(), all.end(), [&](peer_id who) {
      auto x = cluster_.state(who);
      return x.applied == x.last && x.last == first.last;
    });
  }

  /// Who can take part: a peer whose disk was lost cannot join again. Nor can
  /// those whom that left in a minority.
  std::vector<peer_id> members() const {
    auto result = cluster_.ids();
    if (cluster_.options().spares > 0)
      result = members_of_leader();
    std::erase_if(result, [this](peer_id x) {
      return cluster_.wiped(x) || cluster_.left_out(x);
    });
    return result;
  }

  /// Nobody as long as a change is under way, or waits for somebody.
  std::vector<peer_id> members_of_leader() const {
    const auto leaders = cluster_.leaders();
    if (leaders.empty())
      return {};
    const auto x = cluster_.state(leaders.back());
    const auto& now = x.configuration;
    const auto waits = [this](const member_details& y) {
      return y.joins && !cluster_.wiped(y.peer);
    };
    if (is_joint(now) || now.index > x.commit
        || std::ranges::any_of(now.details, waits))
      return {};
    return raft::members_of(now);
  }

  std::string state() const {
    std::string result;
    for (auto who : cluster_.ids()) {
      auto x = cluster_.state(who);
      result += "\n  peer " + to_text(who) + ": term " + to_text(x.term)
              + ", leader " + to_text(x.leader) + ", last " + to_text(x.last)
              + ", durable " + to_text(x.durable) + ", commit "
              + to_text(x.commit) + ", applied " + to_text(x.applied) + ", "
              + persistence::text(x.configuration);
    }
    return result + "\n  commands without an answer: "
         + std::to_string(cluster_.outstanding());
  }

  void judge() {
    auto ids = members();
    auto expected = workload_.final_state(cluster_.machine(ids.front()));
    for (auto who : ids)
      if (workload_.final_state(cluster_.machine(who)) != expected)
        throw violation{"the state machines of peers " + to_text(ids.front())
                        + " and " + to_text(who) + " differ"};
    if (cluster_.options().inherited) {
      const auto& log = cluster_.delivered(ids.front());
      if (state_after(workload_, log, cluster_.options().session_bounds)
          != expected)
        throw violation{"the state machines have not what their log leads to"};
      return;
    }
    auto complaint = workload_.check_history(cluster_.history());
    if (!complaint.empty())
      throw violation{complaint};
  }

  const workload& workload_;
  const schedule& schedule_;
  observer* watching_;
  cluster cluster_;
  liveness_checker liveness_;
  counters aftermath_; // what happened to other clusters
  bool programs_run_ = true;
  instant played_{0}; // of the schedule, up to where faults began to rage
  std::optional<instant> raging_since_;
};

} // namespace

run_result play(const workload& what, const schedule& x, observer* watching) {
  auto options = options_for(what, x.seed);
  if (x.peers > 0) {
    options.peers = x.peers;
    options.spares = x.spares;
    // Whoever joins may need a snapshot.
    if (x.spares > 0)
      options.settings.log_waits_for_absent = false;
  }
  return play_on(what, x, options, watching);
}

run_result play_on(const workload& what, const schedule& x,
                   const cluster_options& options, observer* watching) {
  return run{what, x, options, watching}.result();
}

cluster_options options_for(const workload& what, std::uint64_t seed) {
  auto result = draw_cluster(seed);
  const auto keeps = result.settings.machine_keeps_state;
  result.machine = [&what, keeps](machine_disk& disk, random& source) {
    return keeps ? what.make_machine_on(disk, source) : what.make_machine();
  };
  result.only_reads
    = [like = std::shared_ptr{what.make_machine()}](const bytes& command) {
        return like->only_reads(command);
      };
  result.inspect
    = [&what](const machine::state_machine& m) { return what.inspect(m); };
  result.describe
    = [&what](const client_operation& y) { return what.describe(y); };
  return result;
}

std::string state_after(const workload& what, const std::vector<entry>& log,
                        const machine::session_bounds& bounds) {
  auto made = what.make_machine();
  const auto& result = *made;
  machine::executor machine{std::move(made), bounds};
  for (const auto& x : log)
    machine.apply(x);
  return what.final_state(result);
}

} // namespace raft::simulation
