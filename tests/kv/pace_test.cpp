// How long a checkpoint rests, and that it does not when somebody waits for it.

#include <raft/kv/command.hpp>
#include <raft/kv/engine.hpp>
#include <raft/kv/pace.hpp>
#include <raft/machine/executor.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <thread>

using namespace raft;
using namespace raft::kv;
using namespace std::chrono_literals;

namespace {

/// Writes nothing, and rests forever if it can.
class sleepy_table : public table {
public:
  contents load() const override {
    return {};
  }

  bool contains(std::string_view) const override {
    return false;
  }

  std::uint64_t count_with(const overlay&, log_index) const override {
    return 0;
  }

  std::optional<std::string> get(std::string_view) const override {
    return std::nullopt;
  }

  void visit(std::string_view, const visitor&) const override {
    // nop
  }

  std::shared_ptr<moment> hold() override {
    return nullptr;
  }

  void write(const update& x) override {
    // A minute and more, all together.
    for (auto i = 0; i < 100; ++i)
      portions = x.rest(pace::break_max_default);
  }

  /// What it was told last.
  std::size_t portions = 0;
};

/// How long a checkpoint takes.
std::chrono::nanoseconds time_of(machine::checkpoint_job& job) {
  auto began = std::chrono::steady_clock::now();
  job.run();
  return std::chrono::steady_clock::now() - began;
}

bytes put_command(const std::string& key) {
  return encode(put{key, "value"});
}

} // namespace

BOOST_AUTO_TEST_SUITE(paces)

BOOST_AUTO_TEST_CASE(a_break_is_longer_than_the_work) {
  pace uut;
  BOOST_TEST((uut.break_after(10ms) == 200ms));
  BOOST_TEST((uut.break_after(0ms) == 0ms));
}

BOOST_AUTO_TEST_CASE(the_more_urgent_the_shorter_are_the_breaks) {
  pace uut;
  uut.set_urgency(0.5);
  BOOST_TEST((uut.break_after(10ms) == 100ms));
  uut.set_urgency(1);
  BOOST_TEST((uut.break_after(10ms) == 0ms));
}

BOOST_AUTO_TEST_CASE(the_more_urgent_the_larger_are_transactions) {
  pace uut;
  BOOST_TEST(uut.next_portions() == 1u);
  uut.set_urgency(0.5);
  BOOST_TEST(uut.next_portions() == pace::portions_max / 2);
  uut.set_urgency(1);
  BOOST_TEST(uut.next_portions() == pace::portions_max);
}

BOOST_AUTO_TEST_CASE(progress_counts_portions) {
  pace uut{pace::break_max_default, 40};
  BOOST_TEST(uut.progress() == 0);
  uut.rest(0ms);
  BOOST_TEST(uut.progress() == 1.0 / 40);
  uut.set_urgency(1);
  BOOST_TEST(uut.next_portions() == pace::portions_max);
  uut.rest(0ms);
  BOOST_TEST(uut.progress() == (pace::portions_max + 1.0) / 40);
  for (auto i = 0; i < 3; ++i)
    uut.rest(0ms);
  BOOST_TEST(uut.progress() == 1);
  BOOST_TEST(pace{}.progress() == 1);
}

BOOST_AUTO_TEST_CASE(a_break_ends_even_if_the_disk_stood_still) {
  pace uut;
  BOOST_TEST((uut.break_after(24h) == pace::break_max_default));
}

/// Ends breaks of an hour while they are under way; hangs if that fails.
void end_breaks(const std::function<void(pace&)>& end) {
  for (auto i = 0; i < 200; ++i) {
    pace uut{1h};
    std::atomic<bool> began = false;
    std::thread resting{[&] {
      began = true;
      uut.rest(1h);
    }};
    while (!began)
      std::this_thread::yield();
    end(uut);
    resting.join();
  }
}

BOOST_AUTO_TEST_CASE(a_break_ends_when_commands_come_to_wait) {
  end_breaks([](pace& x) { x.set_urgency(1); });
}

BOOST_AUTO_TEST_CASE(a_break_ends_when_somebody_hurries) {
  end_breaks([](pace& x) { x.hurry(); });
}

BOOST_AUTO_TEST_CASE(a_break_ends_when_a_checkpoint_is_given_up) {
  auto table = std::make_shared<sleepy_table>();
  engine uut{table};
  uut.apply({}, put_command("a"));
  auto job = uut.freeze({1}, {});
  std::thread giving_up{[&] { job->give_up(); }};
  BOOST_CHECK_THROW(job->run(), machine::given_up);
  giving_up.join();
}

BOOST_AUTO_TEST_CASE(who_hurries_takes_no_break) {
  auto table = std::make_shared<sleepy_table>();
  engine uut{table};
  uut.apply({}, put_command("a"));
  auto job = uut.freeze({1}, {});
  std::thread waiting{[&] { job->hurry(); }};
  BOOST_TEST((time_of(*job) < 30s));
  waiting.join();
  BOOST_TEST(table->portions == pace::portions_max);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_takes_no_breaks_when_commands_wait_for_it) {
  overlay two;
  two.put("b", "value");
  two.put("c", "value");
  machine::executor uut{
    std::make_unique<engine>(std::make_shared<sleepy_table>(), two.bytes())};
  auto apply = [&](const std::string& key) {
    uut.apply({{1},
               uut.applied().next(),
               entry_kind::command,
               0,
               {},
               put_command(key)});
  };
  apply("a");
  auto job = uut.take_checkpoint(uut.applied(), true);
  BOOST_REQUIRE(job);
  apply("b");
  BOOST_TEST(!uut.must_wait());
  apply("c");
  BOOST_TEST(uut.must_wait());
  BOOST_TEST((time_of(*job) < 30s));
}

BOOST_AUTO_TEST_SUITE_END()
