// One run of the fuzzer.

#include <raft/simulation/fuzz.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

class run {
public:
  run(const subject& what, const schedule& x, observer* watching)
    : subject_{what}, schedule_{x}, cluster_{options_for(what, x), watching} {
    // nop
  }

  run_result result() {
    run_result result;
    try {
      rage();
      heal();
      judge();
    } catch (const violation& x) {
      result.violation = x.what();
    }
    result.when = cluster_.now();
    result.fingerprint = cluster_.fingerprint();
    result.steps = cluster_.steps();
    result.committed = cluster_.committed();
    result.terms_led = cluster_.terms_led();
    result.operations = cluster_.history().size();
    for (const auto& x : cluster_.history())
      result.answered
        += x.answered && x.result.result != outcome::unknown ? 1 : 0;
    return result;
  }

private:
  static cluster_options options_for(const subject& what, const schedule& x) {
    auto result = draw_cluster(x.seed);
    result.machine = [&what](machine_disk& disk, random& chance) {
      return what.make_machine_on(disk, chance);
    };
    result.inspect
      = [&what](const machine::state_machine& m) { return what.inspect(m); };
    return result;
  }

  void rage() {
    for (std::size_t i = 0; i < schedule_.clients; ++i)
      cluster_.run_program(
        cluster_.open_client(draw_client(schedule_.seed)),
        [this](const program_context& x) { return subject_.next_command(x); });
    for (const auto& x : schedule_.faults)
      cluster_.after_unless_calm(x.when, [this, &x] {
        cluster_.tell("fault: " + to_text(x));
        inflict(cluster_, x);
      });
    cluster_.run_for(schedule_.length);
  }

  void heal() {
    cluster_.tell("the faults end");
    cluster_.calm();
    auto begin = cluster_.now();
    serve(begin);
    cluster_.stop_programs();
    auto healed = [this] { return cluster_.outstanding() == 0 && caught_up(); };
    if (!cluster_.run_until(healed, begin + heals_within))
      throw violation{"the cluster does not heal:" + state()};
  }

  /// Has a new client ask for something.
  void serve(instant begin) {
    client_options options;
    options.deadline = heals_within;
    cluster_.run_program(
      cluster_.open_client(options), [this](const program_context& x) {
        served_ = served_ || x.number > 0;
        return served_ ? std::nullopt : subject_.next_command(x);
      });
    if (!cluster_.run_until([this] { return served_; }, begin + serves_within))
      throw violation{"the cluster does not serve again:" + state()};
  }

  bool caught_up() const {
    auto all = members();
    auto first = cluster_.state(all.front());
    return std::all_of(all.begin(), all.end(), [&](peer_id who) {
      auto x = cluster_.state(who);
      return x.applied == x.last && x.last == first.last;
    });
  }

  /// Who can take part: whose disk was lost can not join again.
  std::vector<peer_id> members() const {
    auto result = cluster_.ids();
    std::erase_if(result, [this](peer_id x) { return cluster_.wiped(x); });
    return result;
  }

  std::string state() const {
    std::string result;
    for (auto who : cluster_.ids()) {
      auto x = cluster_.state(who);
      result += "\n  peer " + to_text(who) + ": term " + to_text(x.term)
              + ", leader " + to_text(x.leader) + ", last " + to_text(x.last)
              + ", durable " + to_text(x.durable) + ", commit "
              + to_text(x.commit) + ", applied " + to_text(x.applied);
    }
    return result + "\n  commands without an answer: "
         + std::to_string(cluster_.outstanding());
  }

  void judge() {
    auto ids = members();
    auto expected = subject_.portrait_of(cluster_.machine(ids.front()));
    for (auto who : ids)
      if (subject_.portrait_of(cluster_.machine(who)) != expected)
        throw violation{"the state machines of peers " + to_text(ids.front())
                        + " and " + to_text(who) + " differ"};
    auto complaint = subject_.judge(cluster_.history());
    if (!complaint.empty())
      throw violation{complaint};
  }

  const subject& subject_;
  const schedule& schedule_;
  cluster cluster_;
  bool served_ = false;
};

} // namespace

run_result play(const subject& what, const schedule& x, observer* watching) {
  return run{what, x, watching}.result();
}

} // namespace raft::simulation
