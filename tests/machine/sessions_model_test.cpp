// Random clients that retry, reorder and fall silent, against a model that
// never forgets anything; the process that serves them crashes now and then.

#include "fake_disk.hpp"
#include <raft/machine/executor.hpp>
#include <raft/machine/sessions.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::machine;
using raft::test::counter;
using raft::test::fake_disk;

namespace {

/// The whole history of one session and what follows from it.
struct history {
  std::uint64_t last_used_ms = 0;
  std::uint64_t last_used = 0;
  bool expired = false;
  std::uint64_t low_water = 1;
  std::map<std::uint64_t, std::string> replies;
  std::map<std::uint64_t, bool> lost_reply;

  std::vector<std::uint64_t> remembered() const {
    std::vector<std::uint64_t> result;
    for (auto& [sequence, reply] : replies)
      if (sequence >= low_water)
        result.push_back(sequence);
    return result;
  }

  void lose_replies(std::size_t bytes_max) {
    std::size_t total = 0;
    auto newest = true;
    auto kept = remembered();
    for (auto i = kept.rbegin(); i != kept.rend(); ++i) {
      if (lost_reply[*i])
        continue;
      total += replies[*i].size();
      if (total > bytes_max && !newest)
        lost_reply[*i] = true;
      newest = false;
    }
  }
};

/// What must come out, found by looking at everything that ever happened.
struct model {
  session_bounds bounds;
  std::map<std::uint64_t, history> sessions;

  void expire(std::uint64_t now) {
    for (auto& [id, x] : sessions)
      if (now - x.last_used_ms > bounds.idle_ms_max)
        x.expired = true;
  }

  void open(std::uint64_t index, std::uint64_t now) {
    auto by_use = [](auto& x, auto& y) {
      auto rank = [](auto& z) {
        return std::pair{z.second.expired, z.second.last_used};
      };
      return rank(x) < rank(y);
    };
    auto alive = std::count_if(sessions.begin(), sessions.end(),
                               [](auto& x) { return !x.second.expired; });
    if (static_cast<std::size_t>(alive) >= bounds.sessions_max)
      std::min_element(sessions.begin(), sessions.end(), by_use)->second.expired
        = true;
    auto& added = sessions[index];
    added.last_used_ms = now;
    added.last_used = index;
  }

  apply_result command(const entry& x, std::uint64_t now) {
    auto i = sessions.find(x.tag.session.value);
    if (i == sessions.end() || i->second.expired)
      return {x.index, apply_status::session_expired, {}};
    auto& h = i->second;
    h.last_used_ms = now;
    h.last_used = x.index.value;
    h.low_water = std::max(h.low_water, x.tag.lowest_unanswered);
    if (x.tag.sequence < h.low_water || h.lost_reply[x.tag.sequence])
      return {x.index, apply_status::stale, {}};
    if (auto j = h.replies.find(x.tag.sequence); j != h.replies.end())
      return {x.index, apply_status::done, bytes{j->second}};
    auto reply = std::string{x.data.view()} + "@" + to_text(x.index);
    h.replies[x.tag.sequence] = reply;
    h.lose_replies(bounds.reply_bytes_max);
    if (auto kept = h.remembered(); kept.size() > bounds.replies_max)
      h.low_water = kept[kept.size() - bounds.replies_max - 1] + 1;
    return {x.index, apply_status::done, bytes{reply}};
  }
};

/// A client with a few unanswered commands, each of which it sends again and
/// again. Some clients claim to have answers that they do not have.
struct client {
  session_id session;
  std::uint64_t next_sequence = 1;
  std::vector<std::uint64_t> unanswered;

  command_tag pick(std::mt19937_64& random) {
    if (unanswered.empty() || random() % 3 == 0)
      unanswered.push_back(next_sequence++);
    auto lowest = *std::min_element(unanswered.begin(), unanswered.end());
    auto i = random() % unanswered.size();
    auto sequence = unanswered[i];
    switch (random() % 16) {
      case 0: // A duplicate from long ago.
        return {session, 1 + random() % next_sequence, 0};
      case 1: // Nonsense.
        return {session, random() % 40, random() % 20};
      case 2: // Answered; the client sends it no more.
      case 3:
      case 4:
        unanswered.erase(unanswered.begin() + static_cast<std::ptrdiff_t>(i));
        break;
    }
    return {session, sequence, lowest};
  }
};

struct run {
  std::mt19937_64 random;
  model expected;
  session_bounds bounds;
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  const counter* machine = nullptr;
  std::unique_ptr<executor> uut;
  std::shared_ptr<checkpoint_job> job;
  std::vector<client> clients;
  std::uint64_t now = 5;
  /// The whole log, and what came out.
  std::vector<entry> log;
  std::vector<apply_result> results;
  int restarts = 0;

  run(std::uint64_t seed, session_bounds limits)
    : random{seed}, expected{limits, {}}, bounds{limits} {
    start();
  }

  void start() {
    auto fresh = std::make_unique<counter>(disk);
    machine = fresh.get();
    uut = std::make_unique<executor>(std::move(fresh), bounds);
  }

  /// Begins a checkpoint, or ends it, or crashes before or after it has reached
  /// the disk.
  void checkpoint_or_crash() {
    if (!job)
      job = uut->take_checkpoint({log.size()}, true);
    else if (random() % 2 == 0)
      job->run();
    switch (random() % 4) {
      case 0:
        crash();
        break;
      case 1:
        if (job) {
          job->run();
          uut->checkpoint_done();
          job = nullptr;
        }
        break;
      default:
        break;
    }
  }

  /// Forgets all that is not on the disk, and applies the log's tail again.
  void crash() {
    ++restarts;
    job = nullptr;
    start();
    for (auto i = uut->applied().value; i < log.size(); ++i)
      BOOST_REQUIRE(uut->apply(log[i]) == results[i]);
  }

  void step() {
    // Logs of earlier versions may have times before those of other entries.
    const auto back = random() % 10 == 0;
    if (!back && random() % 10 == 0)
      now += random() % 60;
    const auto written = back ? random() % now : now;
    entry x{{1}, uut->applied().next(), entry_kind::empty, written, {}, {}};
    expected.expire(now);
    apply_result wanted{x.index, apply_status::done, {}};
    auto what = random() % 40;
    if (what == 0 || clients.empty()) {
      x.kind = entry_kind::open_session;
      expected.open(x.index.value, now);
      clients.push_back({{x.index.value}, 1, {}});
    } else if (what > 1) {
      auto& who = clients[clients.size() - 1
                          - std::min(random() % 6, clients.size() - 1)];
      x.kind = entry_kind::command;
      x.tag = who.pick(random);
      x.data
        = bytes{to_text(x.tag.session) + "/" + std::to_string(x.tag.sequence)};
      wanted = expected.command(x, now);
    }
    auto found = uut->apply(x);
    BOOST_REQUIRE(found == wanted);
    log.push_back(x);
    results.push_back(found);
    if (random() % 8 == 0)
      checkpoint_or_crash();
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(sessions_model)

BOOST_DATA_TEST_CASE(random_clients, boost::unit_test::data::xrange(200),
                     seed) {
  run x{static_cast<std::uint64_t>(seed),
        {.idle_ms_max = 100,
         .sessions_max = 4,
         .replies_max = 6,
         .reply_bytes_max = seed % 2 ? 30u : 1000u}};
  for (auto i = 0; i < 2000; ++i)
    x.step();
  BOOST_TEST(x.restarts > 0);
  BOOST_TEST(!x.machine->state().empty());
  for (auto& [command, times] : x.machine->state())
    BOOST_TEST(times == 1, command << " took effect " << times << " times");
}

/// Entries that earlier versions wrote may have times before those of others.
BOOST_AUTO_TEST_CASE(a_restart_keeps_the_clock) {
  sessions one{{.idle_ms_max = 100}};
  one.advance(1000);
  one.open({1});
  one.advance(1050);
  sessions other{{.idle_ms_max = 100}};
  other.restore(one.take_changes());
  for (auto* x : {&one, &other}) {
    x->advance(900);
    BOOST_TEST(x->size() == 1u);
    BOOST_TEST((x->admit({{1}, 1, 1}, {2}).what == sessions::verdict::fresh));
    x->keep({{1}, 1, 1}, bytes{"done"});
  }
  BOOST_TEST((one.take_changes() == other.take_changes()));
}

BOOST_AUTO_TEST_SUITE_END()
