// Loading: how much is outstanding, in which order, and what is reported.

#include <raft/kv/command.hpp>
#include <raft/tools/lib/load.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <deque>
#include <thread>

using namespace raft;
using namespace raft::tools;

namespace {

executed committed(kv::status result = kv::status::ok) {
  executed x;
  x.result = outcome::committed;
  x.reply = kv::encode(kv::reply{result, 0, {}, {}});
  return x;
}

executed rejected(reject_reason reason) {
  executed x;
  x.result = outcome::rejected;
  x.reason = reason;
  return x;
}

/// Answers in the thread that submits: once so many commands wait, or nothing
/// comes any more.
struct fake_cluster {
  explicit fake_cluster(std::size_t total, std::size_t waiting_min = 1)
    : total{total}, waiting_min{waiting_min} {
    // nop
  }

  std::size_t total;
  std::size_t waiting_min;
  std::function<executed(std::size_t number)> answer
    = [](std::size_t) { return committed(); };

  std::size_t submitted = 0;
  std::size_t waiting_max = 0;

  submit_function function() {
    return [this](bytes, std::function<void(executed)> done) {
      waiting_.emplace_back(++submitted, std::move(done));
      waiting_max = std::max(waiting_max, waiting_.size());
      if (waiting_.size() >= waiting_min || submitted == total)
        answer_all();
    };
  }

private:
  void answer_all() {
    while (!waiting_.empty()) {
      auto [number, done] = std::move(waiting_.front());
      waiting_.pop_front();
      done(answer(number));
    }
  }

  std::deque<std::pair<std::size_t, std::function<void(executed)>>> waiting_;
};

std::vector<key_value> pairs(std::size_t n) {
  std::vector<key_value> result;
  for (std::size_t i = 0; i < n; ++i)
    result.emplace_back("key" + std::to_string(i), "value");
  return result;
}

load_options options(std::size_t outstanding_max) {
  load_options result;
  result.outstanding_max = outstanding_max;
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(loading)

BOOST_AUTO_TEST_CASE(every_pair_is_acknowledged_once) {
  fake_cluster cluster{1000, 16};
  auto result = load(pairs(1000), cluster.function(), options(16));
  BOOST_TEST(result.acknowledged == 1000u);
  BOOST_TEST(result.failures.empty());
  BOOST_TEST(result.skipped == 0u);
  BOOST_TEST(cluster.submitted == 1000u);
  BOOST_TEST(cluster.waiting_max == 16u);
  BOOST_TEST((judge(result) == exit_code::ok));
}

BOOST_AUTO_TEST_CASE(pairs_of_one_key_wait_for_each_other) {
  std::vector<std::string> values;
  std::vector<std::thread> threads;
  std::atomic<int> waiting{0};
  auto overlapped = false;
  auto submit = [&](bytes command, std::function<void(executed)> done) {
    overlapped = overlapped || waiting.fetch_add(1) > 0;
    values.push_back(std::get<kv::put>(*kv::decode_command(command)).value);
    threads.emplace_back([&waiting, done = std::move(done)] {
      --waiting;
      done(committed());
    });
  };
  auto result = load({{"a", "1"}, {"a", "2"}, {"a", "3"}}, submit, options(8));
  for (auto& x : threads)
    x.join();
  BOOST_TEST(result.acknowledged == 3u);
  BOOST_TEST(!overlapped);
  BOOST_TEST((values == std::vector<std::string>{"1", "2", "3"}));
}

BOOST_AUTO_TEST_CASE(it_ends_at_the_first_failure_and_names_its_line) {
  fake_cluster cluster{100};
  cluster.answer = [](std::size_t number) {
    return number == 10 ? rejected(reject_reason::busy) : committed();
  };
  auto result = load(pairs(100), cluster.function(), options(1));
  BOOST_TEST(result.acknowledged == 9u);
  BOOST_REQUIRE(result.failures.size() == 1u);
  BOOST_TEST(result.failures[0].line == 10u);
  BOOST_TEST(result.failures[0].key == "key9");
  BOOST_TEST(result.skipped == 90u);
  BOOST_TEST((judge(result) == exit_code::unreachable));
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_is_the_worst) {
  fake_cluster cluster{3, 3};
  cluster.answer = [](std::size_t number) {
    return number == 2 ? executed{} : rejected(reject_reason::not_leader);
  };
  auto result = load(pairs(3), cluster.function(), options(8));
  BOOST_TEST(result.failures.size() == 3u);
  BOOST_TEST((judge(result) == exit_code::unknown));
}

BOOST_AUTO_TEST_CASE(a_value_that_the_state_machine_refuses_is_a_failure) {
  fake_cluster cluster{1};
  cluster.answer = [](std::size_t) { return committed(kv::status::too_large); };
  auto result = load(pairs(1), cluster.function(), options(8));
  BOOST_TEST(result.acknowledged == 0u);
  BOOST_TEST((judge(result) == exit_code::usage));
}

BOOST_AUTO_TEST_CASE(hopeless_lines_are_to_be_corrected_first) {
  load_result result;
  result.failures = {{1, "a", {exit_code::unreachable, "busy"}}};
  result.skipped = 5;
  BOOST_TEST(advice(result)
             == "1 lines failed and 5 were not sent; load the file again to "
                "complete it");
  result.failures.push_back({2, "b", {exit_code::usage, "too long"}});
  BOOST_TEST(advice(result)
             == "2 lines failed and 5 were not sent; 1 of them can never be "
                "loaded: correct or remove it, then load the file again to "
                "complete it");
}

BOOST_AUTO_TEST_CASE(a_rate_is_not_exceeded) {
  fake_cluster cluster{20};
  auto paced = options(8);
  paced.per_second_max = 200;
  auto result = load(pairs(20), cluster.function(), paced);
  BOOST_TEST(result.acknowledged == 20u);
  BOOST_TEST(result.elapsed.count() >= 19. / 200);
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_fine) {
  fake_cluster cluster{0};
  auto result = load({}, cluster.function(), options(8));
  BOOST_TEST((judge(result) == exit_code::ok));
}

BOOST_AUTO_TEST_SUITE_END()
