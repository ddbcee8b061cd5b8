// Checkpointing: when a step begins, what it must wait for, where a restart
// goes on.

#include "fake_disk.hpp"
#include <raft/machine/executor.hpp>
#include <raft/machine/sessions.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace raft;
using namespace raft::machine;
using namespace raft::test;

namespace {

struct durability_fixture {
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  std::unique_ptr<executor> uut;

  durability_fixture() {
    restart();
  }

  void restart() {
    uut = std::make_unique<executor>(std::make_unique<counter>(disk));
  }

  apply_result give(entry_kind kind, command_tag tag, std::string data) {
    return uut->apply(
      {{1}, uut->applied().next(), kind, 5, tag, bytes{std::move(data)}});
  }

  void run(std::size_t size) {
    give(entry_kind::command, {}, std::string(size, 'x'));
  }
};

constexpr log_index far{1'000'000};

} // namespace

BOOST_FIXTURE_TEST_SUITE(durability_of_machines, durability_fixture)

BOOST_AUTO_TEST_CASE(nothing_new_needs_no_checkpoint) {
  BOOST_TEST(!uut->take_checkpoint(far, true));
  BOOST_TEST(!uut->must_wait());
}

BOOST_AUTO_TEST_CASE(a_checkpoint_is_due_when_half_of_the_room_is_taken) {
  run(49);
  BOOST_TEST(!uut->take_checkpoint(far, false));
  run(1);
  auto job = uut->take_checkpoint(far, false);
  BOOST_REQUIRE(job);
  job->run();
  BOOST_TEST(uut->checkpointed().value == 0u);
  uut->checkpoint_done();
  BOOST_TEST(uut->checkpointed().value == 2u);
  BOOST_TEST(disk->applied.value == 2u);
  BOOST_TEST(!uut->take_checkpoint(far, true));
}

BOOST_AUTO_TEST_CASE(
  a_long_log_makes_a_checkpoint_due_although_little_changed) {
  auto size = log_since_checkpoint_bytes_max / 2;
  auto give_and_count = [&] {
    auto count = 0;
    for (; !uut->take_checkpoint(far, false); ++count)
      give(entry_kind::configuration, {}, std::string(size, 'x'));
    return count;
  };
  BOOST_TEST(give_and_count() == 2);
  // Whoever allows for many changes in memory allows for their log.
  disk->dirty_bytes_max = 2 * log_since_checkpoint_bytes_max;
  restart();
  BOOST_TEST(give_and_count() == 4);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_has_time_until_the_next_one_is_due) {
  run(50);
  auto job = uut->take_checkpoint(far, false);
  BOOST_REQUIRE(job);
  run(50);
  BOOST_TEST(disk->urgency == 0);
  run(25);
  BOOST_TEST(disk->urgency == 0.5);
  run(50);
  BOOST_TEST(disk->urgency == 1);
  BOOST_TEST(uut->must_wait());
}

BOOST_AUTO_TEST_CASE(commands_wait_for_what_a_checkpoint_has_still_to_do) {
  disk->progress = 0;
  run(50);
  auto job = uut->take_checkpoint(far, false);
  BOOST_REQUIRE(job);
  run(74);
  BOOST_TEST(!uut->must_wait());
  run(1);
  BOOST_TEST(uut->must_wait());
  BOOST_TEST(disk->urgency == 1);
  BOOST_TEST(uut->may_go_on_soon());
  disk->progress = 0.5;
  BOOST_TEST(!uut->must_wait());
  run(13);
  BOOST_TEST(uut->must_wait());
  disk->progress = 1;
  BOOST_TEST(!uut->must_wait());
  run(12);
  BOOST_TEST(uut->must_wait());
  BOOST_TEST(!uut->may_go_on_soon());
}

BOOST_AUTO_TEST_CASE(a_checkpoint_has_time_while_half_the_log_is_taken) {
  run(50);
  auto job = uut->take_checkpoint(far, false);
  BOOST_REQUIRE(job);
  auto give_log = [this](std::size_t size) {
    give(entry_kind::configuration, {}, std::string(size, 'x'));
  };
  give_log(log_since_checkpoint_bytes_max / 2 - 1000);
  BOOST_TEST(disk->urgency == 0);
  give_log(log_since_checkpoint_bytes_max / 4);
  BOOST_TEST(std::abs(disk->urgency - 0.5) < 0.001);
  give_log(log_since_checkpoint_bytes_max / 2);
  BOOST_TEST(disk->urgency == 1);
  BOOST_TEST(!uut->must_wait());
}

BOOST_AUTO_TEST_CASE(
  commands_wait_for_a_checkpoint_when_the_log_is_far_too_long) {
  constexpr auto quarter = log_since_checkpoint_bytes_max / 4;
  auto give_log = [this](std::size_t quarters) {
    for (; quarters > 0; --quarters)
      give(entry_kind::configuration, {}, std::string(quarter, 'x'));
  };
  give_log(4);
  BOOST_REQUIRE(uut->take_checkpoint(far, true));
  give_log(4 * (logs_since_checkpoint_max - 1) - 1);
  BOOST_TEST(!uut->must_wait());
  give_log(1);
  BOOST_TEST(uut->must_wait());
  uut->checkpoint_done();
  BOOST_TEST(!uut->must_wait());
  // The next one has all of that, and is urgent from the start if it is all
  // there may be.
  give_log(4);
  BOOST_REQUIRE(uut->take_checkpoint(far, true));
  BOOST_TEST(uut->must_wait());
  BOOST_TEST(disk->urgency == 1);
  uut->checkpoint_done();
  BOOST_TEST(!uut->must_wait());
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_lasts_gets_urgent_by_reminders) {
  run(50);
  BOOST_REQUIRE(uut->take_checkpoint(far, false));
  for (unsigned i = 1; i <= checkpoint_reminders_max; ++i) {
    BOOST_TEST(!uut->take_checkpoint(far, true));
    BOOST_TEST(disk->urgency
               == static_cast<double>(i) / checkpoint_reminders_max);
    // Commands do not take it back.
    run(1);
    BOOST_TEST(disk->urgency
               == static_cast<double>(i) / checkpoint_reminders_max);
  }
  BOOST_TEST(!uut->take_checkpoint(far, true));
  BOOST_TEST(disk->urgency == 1);
  uut->checkpoint_done();
  // The next one has its time again.
  BOOST_REQUIRE(uut->take_checkpoint(far, true));
  run(1);
  BOOST_TEST(disk->urgency == 0);
}

BOOST_AUTO_TEST_CASE(peers_checkpoint_at_different_moments) {
  std::vector<std::size_t> due;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    disk = std::make_shared<fake_disk>();
    restart();
    uut->stagger_checkpoints(checkpoint_share(peer_id{id}));
    due.push_back(0);
    std::shared_ptr<checkpoint_job> job;
    for (; !job; job = uut->take_checkpoint(far, false), ++due.back())
      run(1);
    job->run();
    uut->checkpoint_done();
    // The later ones take as much as ever.
    run(49);
    BOOST_TEST(!uut->take_checkpoint(far, false));
    run(1);
    job = uut->take_checkpoint(far, false);
    BOOST_REQUIRE(job);
    job->run();
    uut->checkpoint_done();
    // But after one for its time, which came to all, they are apart again.
    run(1);
    uut->take_checkpoint(far, true)->run();
    uut->checkpoint_done();
    run(due.back() - 1);
    BOOST_TEST(!uut->take_checkpoint(far, false));
    run(1);
    BOOST_TEST(!!uut->take_checkpoint(far, false));
  }
  BOOST_TEST(*std::max_element(due.begin(), due.end()) <= 50u);
  std::sort(due.begin(), due.end());
  for (std::size_t i = 1; i < due.size(); ++i)
    BOOST_TEST(due[i] - due[i - 1] >= 5u);
}

BOOST_AUTO_TEST_CASE(the_state_on_the_disk_is_never_ahead_of_the_log) {
  run(50);
  run(50);
  BOOST_TEST(!uut->take_checkpoint({1}, false));
  run(1);
  // What was frozen is what counts, not what came later.
  BOOST_TEST(!uut->take_checkpoint({1}, true));
  auto job = uut->take_checkpoint({2}, false);
  BOOST_REQUIRE(job);
  BOOST_TEST(!uut->take_checkpoint(far, true));
  job->run();
  uut->checkpoint_done();
  BOOST_TEST(disk->applied.value == 2u);
}

BOOST_AUTO_TEST_CASE(
  while_a_checkpoint_is_under_way_there_is_room_for_so_much) {
  run(100);
  BOOST_TEST(!uut->must_wait());
  auto job = uut->take_checkpoint(far, false);
  BOOST_REQUIRE(job);
  run(99);
  BOOST_TEST(!uut->must_wait());
  run(1);
  BOOST_TEST(uut->must_wait());
  job->run();
  uut->checkpoint_done();
  BOOST_TEST(!uut->must_wait());
  BOOST_TEST(!!uut->take_checkpoint(far, false));
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_behind_what_was_checkpointed) {
  auto session = session_id{give(entry_kind::open_session, {}, {}).index.value};
  give(entry_kind::command, {session, 1, 0}, "a");
  uut->take_checkpoint(far, true)->run();
  uut->checkpoint_done();
  give(entry_kind::command, {session, 2, 0}, "b");
  restart();
  BOOST_TEST(uut->applied().value == 2u);
  BOOST_TEST(uut->checkpointed().value == 2u);
  BOOST_TEST(give(entry_kind::command, {session, 1, 0}, "a").reply.view()
             == "a@2");
  BOOST_TEST(give(entry_kind::command, {session, 2, 0}, "b").reply.view()
             == "b@4");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_nobody_took_can_not_be_done) {
  BOOST_CHECK_THROW(uut->checkpoint_done(), std::logic_error);
  run(50);
  uut->take_checkpoint({}, true);
  BOOST_CHECK_THROW(uut->checkpoint_done(), std::logic_error);
}

BOOST_AUTO_TEST_CASE(sessions_that_can_not_be_understood_are_refused) {
  disk->sessions[{7}] = bytes{"what?"};
  BOOST_CHECK_THROW(restart(), std::runtime_error);
  disk->sessions.clear();
  disk->sessions[{0}] = bytes{"what?"};
  BOOST_CHECK_THROW(restart(), std::runtime_error);
  disk->sessions.clear();
  session_state same;
  same.last_used = {7};
  disk->sessions[{1}] = encode(same);
  disk->sessions[{2}] = encode(same);
  BOOST_CHECK_THROW(restart(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(with_little_room_all_changes_are_checkpointed_at_once) {
  run(1);
  BOOST_TEST(!uut->take_checkpoint(far, false));
  disk->space = [](const space_question& what) {
    return space_left{what.following, what.sessions.size()};
  };
  // The clock of the sessions has changed.
  BOOST_TEST((uut->look_for_space(7) == space_left{7, 1}));
  auto job = uut->take_checkpoint(far, false);
  BOOST_REQUIRE(job);
  job->run();
  uut->checkpoint_done();
  // What changes nothing need not be hurried.
  give(entry_kind::empty, {}, "");
  BOOST_TEST(!uut->take_checkpoint(far, false));
  run(1);
  BOOST_TEST(uut->take_checkpoint(far, false));
  disk->space = [](const space_question&) { return space_left{}; };
  uut->look_for_space(0);
  uut->checkpoint_done();
  run(1);
  BOOST_TEST(!uut->take_checkpoint(far, false));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(session_records)

BOOST_AUTO_TEST_CASE(the_bytes_are_these) {
  session_state x;
  x.last_used = {258};
  x.last_used_ms = 3;
  x.low_water = 4;
  x.replies[5] = bytes{"ab"};
  x.without_reply = {6};
  auto zeros = [](std::size_t n) { return std::string(n, '\0'); };
  auto wanted = "\1" + zeros(6) + "\1\2" + zeros(7) + "\3" + zeros(7) + "\4"
              + zeros(3) + "\1" + zeros(7) + "\5" + zeros(3) + "\2" + "ab"
              + zeros(3) + "\1" + zeros(7) + "\6";
  BOOST_TEST(encode(x).view() == wanted);
  BOOST_TEST((decode_session(encode(x)) == x));
  BOOST_TEST(encode_clock(258).view() == "\1" + zeros(6) + "\1\2");
  BOOST_TEST((decode_clock(encode_clock(258)) == std::uint64_t{258}));
}

BOOST_AUTO_TEST_CASE(what_was_cut_or_lengthened_is_no_record) {
  session_state x;
  x.replies = {{5, bytes{"ab"}}, {6, {}}};
  x.without_reply = {7, 8};
  auto good = std::string{encode(x).view()};
  for (std::size_t size = 0; size < good.size(); ++size)
    BOOST_TEST(!decode_session(bytes{good.substr(0, size)}));
  BOOST_TEST(!decode_session(bytes{good + "x"}));
  auto other = good;
  other[0] = 2;
  BOOST_TEST(!decode_session(bytes{other}));
  BOOST_TEST(!decode_clock(bytes{good}));
  BOOST_TEST(!decode_session(encode_clock(7)));
}

BOOST_AUTO_TEST_SUITE_END()
