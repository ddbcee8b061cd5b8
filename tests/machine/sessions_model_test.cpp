// Random clients that retry, reorder and fall silent, against a model that
// never forgets anything.

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

namespace {

/// Counts how often each command was applied; commands are unique per client.
class counter : public state_machine {
public:
  explicit counter(std::map<std::string, int>& applied) : applied_{&applied} {
    // nop
  }

  bytes apply(const apply_context& where, const bytes& command) override {
    ++(*applied_)[std::string{command.view()}];
    return bytes{std::string{command.view()} + "@" + to_text(where.index)};
  }

private:
  std::map<std::string, int>* applied_;
};

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

  apply_result command(const entry& x) {
    auto i = sessions.find(x.tag.session.value);
    if (i == sessions.end() || i->second.expired)
      return {x.index, apply_status::session_expired, {}};
    auto& h = i->second;
    h.last_used_ms = x.time_ms;
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
  std::map<std::string, int> applied;
  executor uut;
  std::vector<client> clients;
  std::uint64_t now = 5;

  run(std::uint64_t seed, session_bounds bounds)
    : random{seed},
      expected{bounds, {}},
      uut{std::make_unique<counter>(applied), bounds} {
    // nop
  }

  void step() {
    now += random() % 10 == 0 ? random() % 60 : 0;
    entry x{{1}, uut.applied().next(), entry_kind::empty, now, {}, {}};
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
      wanted = expected.command(x);
    }
    auto found = uut.apply(x);
    BOOST_REQUIRE(found == wanted);
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
  BOOST_TEST(!x.applied.empty());
  for (auto& [command, times] : x.applied)
    BOOST_TEST(times == 1, command << " took effect " << times << " times");
}

BOOST_AUTO_TEST_SUITE_END()
