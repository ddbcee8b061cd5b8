#include <raft/kv/kv_machine.hpp>
#include <raft/machine/executor.hpp>
#include <raft/scenarios/test_context.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace raft::scenarios {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Ten looks for a leader, with pauses between these.
constexpr int looks_max = 10;
constexpr milliseconds look_pause_min{450};
constexpr milliseconds look_pause_max{549};

/// How long the peers may take to commit a command that one of them took.
constexpr seconds attempt_max{2};
constexpr milliseconds attempt_poll{20};
/// How long an agreement may take, attempts included.
constexpr seconds agreement_max{10};
constexpr milliseconds no_leader_pause{50};

// How often, and how long in between, `wait` looks: half a minute in all.
constexpr int wait_looks_max = 30;
constexpr milliseconds wait_pause_min{10};
constexpr milliseconds wait_pause_max{1280};

/// How long peers may take to drop entries, or to tell what they committed.
constexpr seconds tidy_max{2};

} // namespace

test_context::test_context(environment& where, std::uint64_t seed)
  : where_{where},
    random_{seed},
    connected_(where.size(), true),
    group_(where.size()),
    closed_(where.size(), std::vector<bool>(where.size())) {
  // nop
}

test_context::~test_context() = default;

// -- random numbers -----------------------------------------------------------

std::uint64_t test_context::draw(std::uint64_t end) {
  return static_cast<std::uint64_t>(
    random_.between(0, static_cast<std::int64_t>(end) - 1));
}

duration test_context::draw(milliseconds low, milliseconds high) {
  return milliseconds{random_.between(low.count(), high.count())};
}

bytes test_context::draw_command() {
  return command(random_.next() >> 1);
}

bytes test_context::command(std::uint64_t x) {
  return bytes{std::to_string(x)};
}

// -- connections --------------------------------------------------------------

void test_context::connect(peer_number who) {
  connected_.at(who) = true;
  update_ways();
}

void test_context::disconnect(peer_number who) {
  connected_.at(who) = false;
  update_ways();
}

void test_context::connect_all() {
  for (peer_number i = 0; i < size(); ++i)
    connect(i);
}

void test_context::crash(peer_number who) {
  disconnect(who);
  where_.crash(who);
}

void test_context::restart(peer_number who) {
  disconnect(who);
  if (where_.runs(who))
    where_.crash(who);
  where_.restart(who);
}

void test_context::partition(const std::vector<int>& groups) {
  group_ = groups;
  update_ways();
}

void test_context::update_ways() {
  for (peer_number from = 0; from < size(); ++from) {
    for (peer_number to = 0; to < size(); ++to) {
      if (from == to)
        continue;
      auto closed
        = !connected_[from] || !connected_[to] || group_[from] != group_[to];
      if (closed == closed_[from][to])
        continue;
      closed_[from][to] = closed;
      where_.cut(from, to, closed);
    }
  }
}

// -- leaders ------------------------------------------------------------------

peer_number test_context::check_one_leader() {
  for (int look = 0; look < looks_max; ++look) {
    sleep(draw(look_pause_min, look_pause_max));
    std::map<term_number, peer_number> leaders;
    for (peer_number i = 0; i < size(); ++i) {
      if (!connected(i) || !where_.runs(i))
        continue;
      auto x = where_.state(i);
      if (x.role != peer_role::leader)
        continue;
      auto [other, first] = leaders.emplace(x.term, i);
      if (!first)
        throw scenario_failure{"one leader in term " + to_text(x.term),
                               "peers " + to_text(id_of(other->second))
                                 + " and " + to_text(id_of(i)) + " both lead"};
    }
    if (!leaders.empty())
      return leaders.rbegin()->second;
  }
  throw scenario_failure{"a leader within five seconds", "none"};
}

term_number test_context::check_terms() {
  std::optional<term_number> result;
  for (peer_number i = 0; i < size(); ++i) {
    if (!connected(i) || !where_.runs(i))
      continue;
    auto term = where_.state(i).term;
    if (result)
      require_equal(term, *result, "the term of peer " + to_text(id_of(i)));
    result = term;
  }
  return result.value_or(term_number{});
}

void test_context::check_no_leader() {
  for (peer_number i = 0; i < size(); ++i)
    if (connected(i) && where_.runs(i))
      require(where_.state(i).role != peer_role::leader,
              "no leader without a majority",
              "peer " + to_text(id_of(i)) + " leads");
}

term_number test_context::highest_term() {
  term_number result;
  for (peer_number i = 0; i < size(); ++i)
    if (where_.runs(i))
      result = std::max(result, where_.state(i).term);
  return result;
}

// -- the log ------------------------------------------------------------------

log_index test_context::one(const bytes& command, std::size_t expected,
                            bool again) {
  agreement x{*this, command, expected, again};
  while (auto pause = x.step())
    sleep(*pause);
  return *x.result();
}

namespace {

void drive(environment& where, const std::shared_ptr<agreement>& x) {
  if (auto pause = x->step())
    where.after(*pause, [&where, x] { drive(where, x); });
}

} // namespace

std::shared_ptr<agreement> test_context::begin_one(const bytes& command,
                                                   std::size_t expected,
                                                   bool again) {
  auto result = std::make_shared<agreement>(*this, command, expected, again);
  drive(where_, result);
  return result;
}

bool test_context::wait(log_index where, std::size_t expected,
                        std::optional<term_number> term) {
  auto pause = wait_pause_min;
  for (int look = 0; look < wait_looks_max; ++look) {
    if (committed(where) >= expected)
      return true;
    sleep(pause);
    pause = std::min(2 * pause, wait_pause_max);
    if (term && highest_term() > *term)
      return false;
  }
  require(committed(where) >= expected,
          std::to_string(expected) + " peers to commit entry " + to_text(where),
          std::to_string(committed(where)));
  return true;
}

agreement::agreement(test_context& owner, bytes command, std::size_t expected,
                     bool again)
  : context_{owner},
    command_{std::move(command)},
    expected_{expected},
    again_{again},
    begin_{owner.where().now()} {
  // nop
}

std::optional<duration> agreement::step() {
  auto now = context_.where().now();
  if (index_) {
    if (is_committed()) {
      result_ = index_;
      return std::nullopt;
    }
    if (now - offered_ < attempt_max)
      return attempt_poll;
    require(again_,
            "an agreement on \"" + std::string{command_.view()}
              + "\" within 2 s of its start",
            std::to_string(context_.committed(index_)) + " of "
              + std::to_string(expected_) + " peers have entry "
              + to_text(index_));
    index_ = {};
  }
  require(now - begin_ < agreement_max,
          "an agreement on \"" + std::string{command_.view().substr(0, 40)}
            + "\" within 10 s",
          "none");
  offer();
  return index_ ? attempt_poll : no_leader_pause;
}

bool agreement::is_committed() const {
  return context_.committed(index_) >= expected_
      && context_.where().record().at(index_)->data == command_;
}

void agreement::offer() {
  for (std::size_t i = 0; i < context_.size() && !index_; ++i) {
    next_ = (next_ + 1) % context_.size();
    if (!context_.connected(next_) || !context_.where().runs(next_))
      continue;
    index_ = context_.where().start(next_, command_).index;
    offered_ = context_.where().now();
  }
}

// -- snapshots ----------------------------------------------------------------

void test_context::require_short_logs(std::uint64_t bytes_max) {
  for (peer_number i = 0; i < size(); ++i) {
    std::uint64_t seen = 0;
    auto is_short = [&] {
      return !where_.runs(i) || (seen = where_.state(i).log_bytes) <= bytes_max;
    };
    require(where_.wait_until(tidy_max, is_short),
            "at most " + std::to_string(bytes_max)
              + " bytes in the log of peer " + to_text(id_of(i)),
            std::to_string(seen));
  }
}

void test_context::require_states() {
  for (peer_number i = 0; i < size(); ++i)
    if (where_.runs(i))
      require(has_right_state(i),
              "peer " + to_text(id_of(i))
                + " to have the effects of all that was committed up to what it"
                  " has applied",
              "another state");
}

bool test_context::has_right_state(peer_number who) {
  auto seen = where_.query(who, kv::digest_request());
  auto hash = kv::decode_digest(seen.reply);
  const auto& all = where_.record();
  // Peers tell at once what they commit, but it takes some time to arrive.
  require(
    where_.wait_until(tidy_max, [&] { return all.last() >= seen.applied; }),
    "entry " + to_text(seen.applied) + " to be delivered", "it is not");
  auto machine = std::make_unique<kv::kv_machine>();
  const auto* same = machine.get();
  machine::executor from_the_beginning{std::move(machine)};
  for (auto i = log_index{1}; i <= seen.applied; i = i.next()) {
    const auto* x = all.at(i);
    require(x != nullptr, "some peer to deliver entry " + to_text(i), "none");
    from_the_beginning.apply(*x);
  }
  auto expected = same->compute_digest();
  return hash && hash->keys == expected.keys && hash->hash == expected.hash;
}

// -- reports ------------------------------------------------------------------

void test_context::begin_stage(std::string title) {
  end_stage();
  stage_ = std::move(title);
  stage_begin_ = where_.now();
  stage_sent_ = where_.sent();
  stage_committed_ = where_.record().commands();
}

void test_context::end_stage() {
  if (stage_.empty())
    return;
  auto sent = where_.sent();
  reports_.push_back(
    {std::exchange(stage_, {}),
     where_.now() - stage_begin_,
     {sent.exchanges - stage_sent_.exchanges, sent.bytes - stage_sent_.bytes},
     where_.record().commands() - stage_committed_});
}

const std::vector<stage_report>& test_context::end() {
  end_stage();
  return reports_;
}

} // namespace raft::scenarios
