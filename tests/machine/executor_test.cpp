// A retried command takes effect once; an unknown session never does anything.

#include <raft/machine/executor.hpp>
#include <raft/machine/sessions.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace raft;
using namespace raft::machine;

namespace {

/// Remembers what it was given. Replies with the number of the call.
class recorder : public state_machine {
public:
  explicit recorder(std::vector<std::string>& seen) : seen_{&seen} {
    // nop
  }

  bytes apply(const apply_context& where, const bytes& command) override {
    if (command.view() == "throw")
      throw std::runtime_error{"cannot"};
    last = where;
    seen_->emplace_back(command.view());
    return bytes{std::to_string(seen_->size())};
  }

  bool only_reads(const bytes& command) const override {
    return command.view().starts_with("read");
  }

  static apply_context last;

private:
  std::vector<std::string>* seen_;
};

apply_context recorder::last;

struct executor_fixture {
  std::vector<std::string> seen;
  std::unique_ptr<executor> uut;
  std::uint64_t now = 1000;

  executor_fixture() {
    use({});
  }

  void use(const session_bounds& bounds) {
    uut = std::make_unique<executor>(std::make_unique<recorder>(seen), bounds);
  }

  std::size_t reply_max = 1000;

  apply_result give(entry_kind kind, command_tag tag = {},
                    const char* data = "") {
    return uut->apply({{1}, uut->applied().next(), kind, now, tag, bytes{data}},
                      reply_max);
  }

  session_id open() {
    auto result = give(entry_kind::open_session);
    BOOST_TEST((result.status == apply_status::done));
    return {result.index.value};
  }

  apply_result run(session_id session, std::uint64_t sequence,
                   const char* data = "x", std::uint64_t lowest = 0) {
    return give(entry_kind::command, {session, sequence, lowest}, data);
  }
};

bool is(const apply_result& x, apply_status status, std::string_view reply) {
  return x.status == status && x.reply.view() == reply;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(executing, executor_fixture)

BOOST_AUTO_TEST_CASE(commands_without_a_session_are_applied_as_they_come) {
  BOOST_TEST(is(run({}, 1, "a"), apply_status::done, "1"));
  BOOST_TEST(is(run({}, 1, "a"), apply_status::done, "2"));
  BOOST_TEST(seen.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_machine_learns_index_and_time) {
  now = 4711;
  give(entry_kind::empty);
  run({}, 1);
  BOOST_TEST(recorder::last.index.value == 2u);
  BOOST_TEST(recorder::last.time_ms == 4711u);
}

BOOST_AUTO_TEST_CASE(other_entries_do_not_reach_the_machine) {
  give(entry_kind::empty);
  give(entry_kind::configuration, {}, "members");
  give(entry_kind::open_session);
  BOOST_TEST(seen.empty());
  BOOST_TEST(uut->applied().value == 3u);
}

BOOST_AUTO_TEST_CASE(a_retry_gets_the_kept_reply) {
  auto session = open();
  BOOST_TEST(is(run(session, 1, "a"), apply_status::done, "1"));
  BOOST_TEST(is(run(session, 2, "b"), apply_status::done, "2"));
  BOOST_TEST(is(run(session, 1, "a"), apply_status::done, "1"));
  BOOST_TEST(seen == (std::vector<std::string>{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(a_read_is_retried_and_not_remembered) {
  auto session = open();
  BOOST_TEST(is(run(session, 1, "read"), apply_status::done, "1"));
  BOOST_TEST(is(run(session, 2, "write"), apply_status::done, "2"));
  BOOST_TEST(is(run(session, 1, "read"), apply_status::done, "3"));
  BOOST_TEST(is(run(session, 1, "read"), apply_status::done, "4"));
  BOOST_TEST(is(run(session, 2, "write"), apply_status::done, "2"));
  // What its client says that it has, is over.
  BOOST_TEST(is(run(session, 3, "read", 2), apply_status::done, "5"));
  BOOST_TEST(is(run(session, 1, "read"), apply_status::stale, ""));
}

BOOST_AUTO_TEST_CASE(a_read_that_nobody_waits_for_is_not_run) {
  auto session = open();
  reply_max = 0;
  BOOST_TEST(is(run(session, 1, "read"), apply_status::no_space, ""));
  BOOST_TEST(is(run({}, 1, "read"), apply_status::no_space, ""));
  BOOST_TEST(seen.empty());
  // What writes is run, whether or not anybody waits.
  BOOST_TEST(is(run(session, 2, "write"), apply_status::done, "1"));
  BOOST_TEST(is(run({}, 2, "write"), apply_status::done, "2"));
  // It counts as applied, here as on peers where somebody waits for it.
  BOOST_TEST(is(run(session, 3, "write", 2), apply_status::done, "3"));
  reply_max = 1000;
  BOOST_TEST(is(run(session, 1, "read"), apply_status::stale, ""));
}

BOOST_AUTO_TEST_CASE(a_read_without_room_for_its_reply_can_be_asked_again) {
  auto session = open();
  for (auto i = 1; i < 10; ++i)
    run(session, 1, "read");
  reply_max = 1;
  BOOST_TEST(is(run(session, 1, "read"), apply_status::no_space, ""));
  BOOST_TEST(is(run({}, 1, "read"), apply_status::no_space, ""));
  BOOST_TEST(is(run(session, 2, "write"), apply_status::done, "12"));
  reply_max = 2;
  BOOST_TEST(is(run(session, 1, "read"), apply_status::done, "13"));
}

BOOST_AUTO_TEST_CASE(a_read_counts_like_any_command) {
  // Lest peers that kept its reply, before they were updated, differ from those
  // that did not.
  use({.replies_max = 3});
  auto session = open();
  for (auto sequence : {2u, 3u, 4u})
    run(session, sequence, "read");
  run(session, 3, "read"); // counts once
  BOOST_TEST(is(run(session, 1, "write"), apply_status::done, "5"));
  BOOST_TEST(is(run(session, 1, "write"), apply_status::stale, ""));
  BOOST_TEST(is(run(session, 2, "read"), apply_status::done, "6"));
  run(session, 5, "write");
  BOOST_TEST(is(run(session, 2, "read"), apply_status::stale, ""));
  BOOST_TEST(is(run(session, 3, "read"), apply_status::done, "8"));
}

BOOST_AUTO_TEST_CASE(reads_leave_nothing_large_for_the_disk) {
  sessions uut;
  uut.open({1});
  const bytes large{std::string(1 << 20, 'x')};
  auto checkpointed = [&uut] {
    std::size_t size = 0;
    for (const auto& x : uut.take_changes())
      size += x.data.size();
    return size;
  };
  uut.admit({{1}, 1, 0}, {2}, true);
  uut.keep_no_reply({{1}, 1, 0});
  BOOST_TEST(checkpointed() < 100u);
  uut.admit({{1}, 2, 0}, {3});
  uut.keep({{1}, 2, 0}, large);
  BOOST_TEST(checkpointed() > large.size());
}

BOOST_AUTO_TEST_CASE(commands_of_a_session_may_come_in_any_order) {
  auto session = open();
  BOOST_TEST(is(run(session, 3), apply_status::done, "1"));
  BOOST_TEST(is(run(session, 1), apply_status::done, "2"));
  BOOST_TEST(is(run(session, 2), apply_status::done, "3"));
  BOOST_TEST(is(run(session, 3), apply_status::done, "1"));
}

BOOST_AUTO_TEST_CASE(sessions_do_not_share_sequences) {
  auto one = open();
  auto two = open();
  BOOST_TEST(is(run(one, 1), apply_status::done, "1"));
  BOOST_TEST(is(run(two, 1), apply_status::done, "2"));
}

BOOST_AUTO_TEST_CASE(what_the_client_has_answers_to_is_freed_but_not_repeated) {
  auto session = open();
  run(session, 1);
  run(session, 2);
  run(session, 3, "x", 3);
  BOOST_TEST(is(run(session, 1), apply_status::stale, ""));
  BOOST_TEST(is(run(session, 2), apply_status::stale, ""));
  BOOST_TEST(is(run(session, 3), apply_status::done, "3"));
  BOOST_TEST(seen.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_low_water_mark_never_falls) {
  auto session = open();
  run(session, 9, "x", 9);
  run(session, 10, "x", 2);
  BOOST_TEST(is(run(session, 8), apply_status::stale, ""));
}

BOOST_AUTO_TEST_CASE(a_command_that_its_own_client_has_answered_is_stale) {
  auto session = open();
  BOOST_TEST(is(run(session, 1, "x", 2), apply_status::stale, ""));
  BOOST_TEST(is(run(session, 0), apply_status::stale, ""));
  BOOST_TEST(seen.empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_session_is_expired) {
  BOOST_TEST(is(run({7}, 1), apply_status::session_expired, ""));
  BOOST_TEST(seen.empty());
}

BOOST_AUTO_TEST_CASE(a_session_expires_when_idle_by_the_time_in_entries) {
  use({.idle_ms_max = 100});
  auto session = open();
  now += 100;
  BOOST_TEST(is(run(session, 1), apply_status::done, "1"));
  now += 101;
  BOOST_TEST(is(run(session, 1), apply_status::session_expired, ""));
  BOOST_TEST(is(run(session, 2), apply_status::session_expired, ""));
  BOOST_TEST(seen.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_expires_nothing) {
  use({.idle_ms_max = 100});
  auto session = open();
  now = 1;
  BOOST_TEST(is(run(session, 1), apply_status::done, "1"));
  now = 1100;
  BOOST_TEST(is(run(session, 2), apply_status::done, "2"));
}

BOOST_AUTO_TEST_CASE(one_session_too_many_expires_the_least_recently_used) {
  use({.sessions_max = 2});
  auto one = open();
  auto two = open();
  run(one, 1);
  auto three = open();
  BOOST_TEST(is(run(two, 1), apply_status::session_expired, ""));
  BOOST_TEST(is(run(one, 2), apply_status::done, "2"));
  BOOST_TEST(is(run(three, 1), apply_status::done, "3"));
}

BOOST_AUTO_TEST_CASE(a_reply_that_found_no_room_is_not_made_again) {
  use({.replies_max = 2});
  auto session = open();
  for (auto sequence : {2, 3, 4})
    run(session, sequence);
  BOOST_TEST(is(run(session, 2), apply_status::stale, ""));
  // Never came, but nobody can tell that any more.
  BOOST_TEST(is(run(session, 1), apply_status::stale, ""));
  BOOST_TEST(is(run(session, 3), apply_status::done, "2"));
}

BOOST_AUTO_TEST_CASE(replies_are_bounded_in_bytes_but_one_stays) {
  use({.reply_bytes_max = 0});
  auto session = open();
  run(session, 2);
  BOOST_TEST(is(run(session, 2), apply_status::done, "1"));
  run(session, 3);
  BOOST_TEST(is(run(session, 2), apply_status::stale, ""));
  BOOST_TEST(is(run(session, 3), apply_status::done, "2"));
  // It never came, and that is known.
  BOOST_TEST(is(run(session, 1), apply_status::done, "3"));
  BOOST_TEST(is(run(session, 1), apply_status::stale, ""));
  BOOST_TEST(seen.size() == 3u);
}

BOOST_AUTO_TEST_CASE(entries_must_come_one_after_the_other) {
  BOOST_CHECK_THROW(uut->apply(entry{{1}, {2}, entry_kind::empty, 0, {}, {}}),
                    std::logic_error);
  give(entry_kind::empty);
  BOOST_CHECK_THROW(uut->apply(entry{{1}, {1}, entry_kind::empty, 0, {}, {}}),
                    std::logic_error);
  BOOST_TEST(uut->applied().value == 1u);
}

BOOST_AUTO_TEST_CASE(what_the_machine_throws_comes_out_and_nothing_is_applied) {
  give(entry_kind::empty);
  BOOST_CHECK_THROW(run({}, 1, "throw"), std::runtime_error);
  BOOST_TEST(uut->applied().value == 1u);
}

BOOST_AUTO_TEST_CASE(an_entry_of_an_unknown_kind_stops_the_peer) {
  BOOST_CHECK_THROW(give(static_cast<entry_kind>(99)), std::runtime_error);
  BOOST_TEST(uut->applied().value == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
