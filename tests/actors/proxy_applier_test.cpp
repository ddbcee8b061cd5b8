// State machines that are actors: what reaches them, what their failures lead
// to, how they come back, and how they end.

#include "ledger.hpp"
#include "support.hpp"
#include <raft/actors/proxy_applier.hpp>
#include <raft/actors/spawn.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/exit_reason.hpp>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

struct proxy_applier_fixture : system_fixture {
  std::shared_ptr<ledger_book> book = std::make_shared<ledger_book>();
  event_log told;
  proxy_applier_options options;
  machine_actor machine;
  applier_actor uut;
  log_index next{1};

  proxy_applier_fixture() {
    options.on_event = told.sink();
  }

  ~proxy_applier_fixture() {
    book->hold(false);
    if (uut)
      ask<stopped>(uut, stop{{1}});
  }

  void begin() {
    machine = spawn_ledger(system, book);
    options.machine = machine;
    options.found = ask_for_state(system, machine, {1}, deadline);
    next = options.found.applied.next();
    uut = spawn_proxy_applier(system, options);
    options.machine = machine_actor{};
  }

  /// @returns whether it ended in good order.
  bool end() {
    return ask<stopped>(std::exchange(uut, applier_actor{}), stop{{1}})
      .has_value();
  }

  entry make(entry_kind kind, command_tag tag = {}, const char* data = "") {
    auto x = command_at(next.value, data);
    x.kind = kind;
    x.tag = tag;
    next = next.next();
    return x;
  }

  apply request(std::vector<const char*> commands, log_index durable = {}) {
    apply result{{1}, {}, true, durable};
    for (const auto* x : commands)
      result.entries.push_back(make(entry_kind::command, {}, x));
    return result;
  }

  /// Has commands applied and returns the replies in a row, or "error".
  std::string give(std::vector<const char*> commands, log_index durable = {}) {
    return replies_to(request(std::move(commands), durable));
  }

  std::string replies_to(apply what) {
    auto done = ask<applied>(uut, std::move(what));
    if (!done)
      return "error";
    std::string result;
    for (const auto& x : done->results)
      result += x.status == apply_status::done
                ? "[" + std::string{x.reply.view()} + "]"
                : "[none]";
    return result;
  }

  log_index await_report() {
    log_index result;
    self->receive([&](const applied& msg) { result = msg.durable; },
                  caf::after(deadline) >> [] {});
    return result;
  }

  /// Waits until the applier has ended by itself.
  void await_end() {
    self->wait_for(std::exchange(uut, applier_actor{}));
  }

  /// The only failure so far.
  std::string failure_text() {
    auto all = told.failures();
    BOOST_TEST(all.size() == 1u);
    return all.empty() ? "" : all.front();
  }
};

bool has(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(relaying, proxy_applier_fixture)

BOOST_AUTO_TEST_CASE(each_command_has_a_reply) {
  begin();
  auto what = request({"a", "b"});
  what.entries.push_back(make(entry_kind::empty));
  what.entries.push_back(make(entry_kind::command, {}, "c"));
  auto done = ask<applied>(uut, what);
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST(done->index.value == 4u);
  BOOST_TEST(done->results.size() == 3u);
  BOOST_TEST((done->results.back()
              == apply_result{{4}, apply_status::done, bytes{"a b c "}}));
  BOOST_TEST(book->batches().size() == 1u);
  auto seen = ask<queried>(uut, query{{1}, {}});
  BOOST_REQUIRE(seen.has_value());
  BOOST_TEST(seen->applied.value == 4u);
  BOOST_TEST(seen->reply.view() == "a b c ");
}

BOOST_AUTO_TEST_CASE(results_that_nobody_wants_are_not_sent) {
  begin();
  auto what = request({"a"});
  what.results_wanted = false;
  auto done = ask<applied>(uut, what);
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST(done->index.value == 1u);
  BOOST_TEST(done->results.empty());
}

BOOST_AUTO_TEST_CASE(retries_and_expired_sessions_do_not_reach_it) {
  begin();
  apply what{{1}, {}, true, {}};
  what.entries.push_back(make(entry_kind::open_session));
  what.entries.push_back(make(entry_kind::command, {{1}, 1, 0}, "a"));
  what.entries.push_back(make(entry_kind::command, {{1}, 1, 0}, "a"));
  what.entries.push_back(make(entry_kind::command, {{9}, 1, 0}, "b"));
  BOOST_TEST(replies_to(what) == "[][a ][a ][none]");
  what.entries = {make(entry_kind::command, {{1}, 1, 0}, "a")};
  BOOST_TEST(replies_to(what) == "[a ]");
  BOOST_TEST((book->batches() == std::vector<std::size_t>{1}));
}

BOOST_AUTO_TEST_CASE(a_bad_query_hurts_only_who_asked) {
  begin();
  BOOST_TEST(!ask<queried>(uut, query{{1}, bytes{"nonsense"}}));
  BOOST_TEST(has(error, "this makes no sense"));
  BOOST_TEST(give({"a"}) == "[a ]");
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(only_so_much_is_on_its_way_to_it) {
  options.limits.window = {.batches_max = 2, .batch_commands_max = 3};
  options.limits.queries_max = 1;
  begin();
  book->hold(true);
  auto first = actors::ask(self, uut, deadline, request({"a"}));
  BOOST_REQUIRE(book->await_batches(1));
  auto second
    = actors::ask(self, uut, deadline, request({"b", "c", "d", "e", "f"}));
  // The second query finds no room; so the request before it was handled.
  auto waiting = actors::ask(self, uut, deadline, query{{1}, {}});
  BOOST_TEST(!ask<queried>(uut, query{{1}, {}}));
  BOOST_TEST(has(error, "too many queries"));
  book->hold(false);
  auto wrong = [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); };
  std::move(first).receive([](const applied&) {}, wrong);
  std::move(second).receive(
    [](const applied& x) { BOOST_TEST(x.results.size() == 5u); }, wrong);
  // It was asked before the last batch went.
  std::move(waiting).receive(
    [](const queried& x) {
      BOOST_TEST(x.applied.value == 4u);
      BOOST_TEST(x.reply.view() == "a b c d ");
    },
    wrong);
  BOOST_TEST((book->batches() == std::vector<std::size_t>{1, 3, 2}));
}

// -- failures -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_command_that_fails_is_final) {
  begin();
  BOOST_TEST(give({"a"}) == "[a ]");
  BOOST_TEST(give({"b", "fail", "c"}) == "error");
  BOOST_TEST(has(error, "entry 3"));
  await_end();
  BOOST_TEST(has(failure_text(), "entry 3"));
  BOOST_TEST(has(failure_text(), "it is bad"));
  // Neither skipped nor tried again.
  BOOST_TEST(book->batches().size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_error_is_final) {
  begin();
  BOOST_TEST(give({"a", "error"}) == "error");
  BOOST_TEST(has(error, "entries 1 to 2"));
  await_end();
  BOOST_TEST(has(failure_text(), "it gave up"));
}

BOOST_AUTO_TEST_CASE(a_missing_reply_is_final) {
  begin();
  BOOST_TEST(give({"a", "few"}) == "error");
  await_end();
  BOOST_TEST(has(failure_text(), "2 commands with 1 replies"));
}

BOOST_AUTO_TEST_CASE(its_death_is_final_with_a_batch) {
  begin();
  BOOST_TEST(give({"die"}) == "error");
  await_end();
  BOOST_TEST(has(failure_text(), "entries 1 to 1"));
}

BOOST_AUTO_TEST_CASE(an_exception_is_final) {
  begin();
  BOOST_TEST(give({"a"}) == "[a ]");
  BOOST_TEST(give({"throw", "b"}) == "error");
  await_end();
  BOOST_TEST(has(failure_text(), "entries 2 to 3"));
  BOOST_TEST(book->batches().size() == 1u);
}

BOOST_AUTO_TEST_CASE(its_death_is_final_without_a_batch) {
  begin();
  BOOST_TEST(give({"a"}) == "[a ]");
  self->send_exit(machine, caf::exit_reason::kill);
  await_end();
  BOOST_TEST(has(failure_text(), "ended"));
}

// -- the disk -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(it_comes_back_with_what_it_checkpointed) {
  begin();
  apply what{{1}, {}, true, {3}};
  what.entries.push_back(make(entry_kind::open_session));
  what.entries.push_back(make(entry_kind::command, {{1}, 1, 0}, "a"));
  what.entries.push_back(make(entry_kind::command, {{1}, 2, 0}, "checkpoint"));
  BOOST_TEST(replies_to(what) == "[][a ][a checkpoint ]");
  BOOST_TEST(await_report().value == 3u);
  BOOST_TEST(give({"lost"}) == "[a checkpoint lost ]");
  BOOST_TEST(end());
  // The log was durable up to entry 3 only.
  BOOST_TEST(book->applied.value == 3u);
  begin();
  BOOST_TEST(next.value == 4u);
  what.entries = {make(entry_kind::command, {{1}, 1, 0}, "a"),
                  make(entry_kind::command, {{1}, 3, 0}, "b")};
  BOOST_TEST(replies_to(what) == "[a ][a checkpoint b ]");
}

BOOST_AUTO_TEST_CASE(nothing_is_checkpointed_before_the_log_is_durable) {
  begin();
  BOOST_TEST(give({"checkpoint"}) == "[checkpoint ]");
  // It waits for the disk of the log.
  auto late = actors::ask(self, uut, deadline, request({"a"}));
  BOOST_TEST(ask<queried>(uut, query{{1}, {}})->reply.view() == "checkpoint ");
  BOOST_TEST(book->applied.value == 0u);
  auto told = actors::ask(self, uut, deadline, apply{{1}, {}, false, {1}});
  BOOST_TEST(await_report().value == 1u);
  auto wrong = [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); };
  std::move(late).receive([](const applied&) {}, wrong);
  std::move(told).receive([](const applied&) {}, wrong);
  BOOST_TEST(book->applied.value == 1u);
  BOOST_TEST(book->text == "checkpoint ");
}

BOOST_AUTO_TEST_CASE(a_little_is_checkpointed_after_a_while) {
  options.checkpoint_after = std::chrono::milliseconds{1};
  begin();
  give({"a"}, {1});
  BOOST_TEST(await_report().value == 1u);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_fails_is_final) {
  book->fail_checkpoints();
  begin();
  give({"checkpoint"}, {1});
  await_end();
  BOOST_TEST(has(failure_text(), "checkpointing the state of group 1 failed"));
  BOOST_TEST(has(failure_text(), "on fire"));
}

// -- the end ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_last_checkpoint_that_fails_is_told) {
  book->fail_checkpoints();
  begin();
  give({"a"}, {1});
  BOOST_TEST(end());
  BOOST_TEST(told.failures().empty());
  auto given_up = told.of<events::checkpoint_given_up>();
  BOOST_REQUIRE(given_up.size() == 1u);
  BOOST_TEST(has(given_up[0].reason, "on fire"));
  BOOST_TEST(book->applied.value == 0u);
}

BOOST_AUTO_TEST_CASE(stop_checkpoints_the_rest) {
  begin();
  give({"a", "b"}, {2});
  BOOST_TEST(end());
  BOOST_TEST(book->applied.value == 2u);
}

BOOST_AUTO_TEST_CASE(stop_waits_for_the_batch_at_the_machine) {
  begin();
  book->hold(true);
  auto stuck = actors::ask(self, uut, deadline, request({"a"}, {1}));
  BOOST_REQUIRE(book->await_batches(1));
  auto stop_it = actors::ask(self, uut, deadline, stop{{1}});
  auto refused = false;
  std::move(stuck).receive([](const applied&) {},
                           [&](const caf::error&) { refused = true; });
  BOOST_TEST(refused);
  BOOST_TEST(!ask<queried>(uut, query{{1}, {}}));
  book->hold(false);
  auto done = false;
  std::move(stop_it).receive([&](const stopped&) { done = true; },
                             [](const caf::error&) {});
  BOOST_TEST(done);
  uut = applier_actor{};
  BOOST_TEST(told.text() == "");
  BOOST_TEST(book->applied.value == 0u);
}

BOOST_AUTO_TEST_CASE(stop_does_not_wait_for_ever) {
  options.limits.end_within = std::chrono::milliseconds{10};
  begin();
  book->hold(true);
  auto stuck = actors::ask(self, uut, deadline, request({"a"}));
  BOOST_REQUIRE(book->await_batches(1));
  BOOST_TEST(end());
  auto killed = told.of<events::machine_killed>();
  BOOST_REQUIRE(killed.size() == 1u);
  BOOST_TEST(killed[0].after.count() == 10);
  std::move(stuck).receive([](const applied&) {}, [](const caf::error&) {});
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused) {
  BOOST_CHECK_THROW(spawn_proxy_applier(system, {}), std::invalid_argument);
  machine = spawn_ledger(system, book);
  options.machine = machine;
  options.limits.queries_max = 0;
  BOOST_CHECK_THROW(spawn_proxy_applier(system, options),
                    std::invalid_argument);
  end_machine(system, machine, {1}, deadline);
  self->wait_for(machine);
}

BOOST_AUTO_TEST_SUITE_END()
