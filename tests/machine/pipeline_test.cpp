// A state machine that answers later: each command reaches it once, and what
// sessions hold is the same as if it had answered at once.

#include "fake_disk.hpp"
#include <raft/machine/executor.hpp>
#include <raft/machine/pipeline.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::machine;
using raft::test::counter;
using raft::test::fake_disk;

namespace {

commands_applied replies(std::vector<const char*> xs) {
  commands_applied result;
  for (const auto* x : xs)
    result.replies.emplace_back(x);
  return result;
}

struct pipeline_fixture {
  pipeline_bounds bounds;
  std::optional<pipeline> uut;
  std::uint64_t now = 1000;

  pipeline_fixture() {
    begin();
  }

  void begin() {
    uut.emplace(checkpointed_state{}, session_bounds{}, bounds);
  }

  void push(entry_kind kind, command_tag tag = {}, const char* data = "x") {
    uut->push({{1}, uut->pushed().next(), kind, now, tag, bytes{data}});
  }

  void command(std::uint64_t session, std::uint64_t sequence,
               const char* data = "x") {
    push(entry_kind::command, {{session}, sequence, 0}, data);
  }

  /// The commands of the next batch in a row.
  std::string batch() {
    std::string result;
    for (auto& x : uut->take_batch())
      result += std::string{x.data.view()} + "@" + to_text(x.index) + " ";
    return result;
  }

  /// What came out, in a row.
  std::string results() {
    std::string result;
    for (auto& x : uut->take_results()) {
      constexpr const char* marks[] = {"", "expired", "stale"};
      result += to_text(x.index) + "=" + std::string{x.reply.view()}
              + marks[static_cast<int>(x.status)] + " ";
    }
    return result;
  }

  /// Where the failure is that an answer leads to.
  std::uint64_t failure_after(commands_applied answer) {
    try {
      uut->answered(1, std::move(answer));
    } catch (const apply_failure& e) {
      return e.where().value;
    }
    return 0;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_pipeline, pipeline_fixture)

BOOST_AUTO_TEST_CASE(entries_have_results_when_all_before_them_have) {
  push(entry_kind::empty);
  push(entry_kind::open_session);
  BOOST_TEST(uut->applied().value == 2u);
  BOOST_TEST(uut->idle());
  command(0, 0, "a");
  BOOST_TEST(uut->given().value == 2u);
  push(entry_kind::open_session);
  command(2, 1, "b");
  BOOST_TEST(uut->applied().value == 2u);
  BOOST_TEST(batch() == "a@3 b@5 ");
  BOOST_TEST(uut->given().value == 5u);
  BOOST_TEST(results() == "2= ");
  uut->answered(1, replies({"A", "B"}));
  BOOST_TEST(results() == "3=A 4= 5=B ");
  BOOST_TEST(uut->applied().value == 5u);
  BOOST_TEST(results() == "");
}

BOOST_AUTO_TEST_CASE(a_retry_gets_the_reply_of_the_first_however_early_it_is) {
  push(entry_kind::open_session);
  command(1, 1, "a");
  command(1, 1, "a");
  BOOST_TEST(batch() == "a@2 ");
  command(1, 1, "a");
  BOOST_TEST(!uut->has_batch());
  uut->answered(1, replies({"A"}));
  command(1, 1, "a");
  BOOST_TEST(!uut->has_batch());
  BOOST_TEST(results() == "1= 2=A 3=A 4=A 5=A ");
}

BOOST_AUTO_TEST_CASE(an_expired_session_does_not_reach_the_machine) {
  push(entry_kind::open_session);
  command(7, 1, "unknown");
  command(1, 1, "a");
  now += session_bounds{}.idle_ms_max + 1;
  // It expires while a command of it is on its way.
  command(1, 2, "late");
  BOOST_TEST(batch() == "a@3 ");
  uut->answered(1, replies({"A"}));
  BOOST_TEST(results() == "1= 2=expired 3=A 4=expired ");
  for (auto& x : uut->take_changes())
    BOOST_TEST((!x.id || x.data.empty()));
}

BOOST_AUTO_TEST_CASE(answers_count_in_the_order_of_the_batches) {
  command(0, 0, "a");
  BOOST_TEST(batch() == "a@1 ");
  command(0, 0, "b");
  BOOST_TEST(batch() == "b@2 ");
  uut->answered(2, replies({"B"}));
  BOOST_TEST(results() == "");
  uut->answered(1, replies({"A"}));
  BOOST_TEST(results() == "1=A 2=B ");
}

BOOST_AUTO_TEST_CASE(what_is_on_the_way_is_bounded) {
  bounds = {.batches_max = 2, .batch_commands_max = 3, .batch_bytes_max = 200};
  begin();
  for (auto i = 0; i < 3; ++i) {
    BOOST_TEST(uut->takes_more());
    command(0, 0);
  }
  BOOST_TEST(!uut->takes_more());
  BOOST_TEST(batch() == "x@1 x@2 x@3 ");
  // One larger entry goes alone.
  command(0, 0, std::string(500, 'y').c_str());
  BOOST_TEST(!uut->takes_more());
  BOOST_TEST(batch().size() > 500u);
  BOOST_TEST(!uut->takes_more());
  BOOST_TEST((uut->unanswered() == std::pair{log_index{1}, log_index{4}}));
  uut->answered(1, replies({"", "", ""}));
  BOOST_TEST(uut->takes_more());
  command(0, 0);
  BOOST_TEST(uut->has_batch());
}

BOOST_AUTO_TEST_CASE(a_failure_names_its_entry) {
  push(entry_kind::empty);
  for (const auto* x : {"a", "b", "c"})
    command(0, 0, x);
  batch();
  auto answer = replies({"A"});
  answer.failed = "cannot";
  BOOST_TEST(failure_after(answer) == 3u);
  begin();
  command(0, 0);
  batch();
  BOOST_TEST(failure_after(replies({})) == 1u);
  begin();
  command(0, 0);
  batch();
  BOOST_TEST(failure_after(replies({"", ""})) == 1u);
  begin();
  BOOST_CHECK_THROW(push(static_cast<entry_kind>(99)), apply_failure);
  begin();
  BOOST_CHECK_THROW(uut->push({{1}, {2}, entry_kind::empty, now, {}, {}}),
                    std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A state machine in some distance, and one that answers at once.
struct race {
  std::mt19937_64 random;
  session_bounds limits;
  std::shared_ptr<fake_disk> near_disk = std::make_shared<fake_disk>();
  std::unique_ptr<executor> near_by;
  std::shared_ptr<fake_disk> far_disk = std::make_shared<fake_disk>();
  std::unique_ptr<counter> far_machine;
  std::unique_ptr<pipeline> uut;
  /// Answers that have not arrived, by the numbers of their batches.
  std::map<std::uint64_t, commands_applied> answers;
  std::uint64_t batches = 0;
  std::map<std::uint64_t, apply_result> expected;
  std::vector<std::uint64_t> sessions;
  std::uint64_t now = 5;
  int checkpoints = 0;

  race(std::uint64_t seed, const session_bounds& x) : random{seed}, limits{x} {
    start();
  }

  void start() {
    near_by = std::make_unique<executor>(std::make_unique<counter>(near_disk),
                                         limits);
    far_machine = std::make_unique<counter>(far_disk);
    uut = std::make_unique<pipeline>(
      far_machine->recovered(), limits,
      pipeline_bounds{1 + random() % 3, 1 + random() % 5, 1 + random() % 400});
    batches = 0;
    answers.clear();
  }

  entry next() {
    now += random() % 10 == 0 ? random() % 60 : 0;
    entry x{{1}, uut->pushed().next(), entry_kind::empty, now, {}, {}};
    auto what = random() % 40;
    if (what == 0 || sessions.empty()) {
      x.kind = entry_kind::open_session;
      sessions.push_back(x.index.value);
    } else if (what > 1) {
      x.kind = entry_kind::command;
      auto back = std::min<std::size_t>(random() % 6, sessions.size() - 1);
      x.tag.session = {sessions[sessions.size() - 1 - back]};
      x.tag.sequence = 1 + x.index.value / 20 + random() % 8;
      x.tag.lowest_unanswered = random() % (x.tag.sequence + 1);
      x.data = bytes{std::to_string(x.tag.session.value) + "/"
                     + std::to_string(x.tag.sequence)};
    }
    return x;
  }

  void answer_one() {
    auto i = answers.begin();
    std::advance(i, random() % answers.size());
    uut->answered(i->first, std::move(i->second));
    answers.erase(i);
    check_results();
  }

  void check_results() {
    for (auto& found : uut->take_results()) {
      auto& wanted = expected.at(found.index.value);
      // The bound on bytes may have taken the reply, but not from a retry that
      // came before it.
      if (wanted.status == apply_status::stale && limits.reply_bytes_max < 1000
          && found != wanted)
        BOOST_REQUIRE((found.status == apply_status::done));
      else
        BOOST_REQUIRE((found == wanted));
    }
  }

  void give() {
    auto x = next();
    auto done = near_by->apply(x);
    expected[x.index.value] = done;
    uut->push(x);
    check_results();
  }

  void send() {
    commands_applied answer;
    for (auto& x : uut->take_batch())
      answer.replies.push_back(
        far_machine->apply({x.index, x.time_ms}, x.data));
    answers[++batches] = std::move(answer);
  }

  void checkpoint() {
    BOOST_REQUIRE(uut->applied() == near_by->applied());
    if (auto job = near_by->take_checkpoint(uut->applied(), true)) {
      job->run();
      near_by->checkpoint_done();
      far_machine->freeze(uut->applied(), uut->take_changes())->run();
      far_machine->checkpointed();
      ++checkpoints;
    }
    BOOST_REQUIRE((near_disk->sessions == far_disk->sessions));
    BOOST_REQUIRE((near_disk->state == far_disk->state));
    if (random() % 2 == 0)
      start();
  }

  void step() {
    switch (random() % 8) {
      case 0:
      case 1:
        if (!answers.empty())
          answer_one();
        else if (uut->idle())
          checkpoint();
        break;
      case 2:
        if (uut->has_batch())
          send();
        break;
      default:
        if (uut->takes_more())
          give();
    }
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(pipeline_model)

BOOST_DATA_TEST_CASE(late_replies_leave_the_same_sessions,
                     boost::unit_test::data::xrange(100), seed) {
  race x{static_cast<std::uint64_t>(seed),
         {.idle_ms_max = 100,
          .sessions_max = 4,
          .replies_max = 6,
          .reply_bytes_max = seed % 2 ? 30u : 1000u}};
  for (auto i = 0; i < 3000; ++i)
    x.step();
  BOOST_TEST(x.checkpoints > 0);
  BOOST_TEST(!x.far_disk->state.empty());
  for (auto& [command, times] : x.far_disk->state)
    BOOST_TEST(times == 1, command << " took effect " << times << " times");
}

BOOST_AUTO_TEST_SUITE_END()
