// When clients count as served again after a kill.

#include <raft/bench/failover.hpp>
#include <raft/tests/bench/fake_connection.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <stdexcept>
#include <string_view>

using namespace raft::bench;
using namespace std::chrono_literals;

namespace {

using clock = std::chrono::steady_clock;

/// What servers do.
struct servers : fake_server {
  clock::time_point down_until{};
  /// Whether connections fail while nobody is served; if not, commands wait.
  bool fails = false;
  unsigned connects = 0;

  std::function<bool(clock::time_point)> is_down
    = [this](auto now) { return now < down_until; };

  bool serve() const {
    return !is_down(clock::now());
  }
};

class mortal_connection final : public fake_connection {
public:
  explicit mortal_connection(servers& to) : fake_connection{to}, to_{to} {
    ++to_.connects;
  }

  void set(std::size_t tag, std::string_view key,
           std::string_view value) override {
    // What is sent while nobody leads is lost.
    if (to_.serve())
      fake_connection::set(tag, key, value);
  }

  void read(const on_answer& f) override {
    if (!to_.serve() && to_.fails)
      throw std::runtime_error{"refused"};
    fake_connection::read(f);
  }

private:
  servers& to_;
};

struct failover_fixture {
  servers all;
  failover_options options;
  protocol with{
    [this](auto) { return std::make_unique<mortal_connection>(all); }, 1};

  failover_fixture() {
    options.ports = {1, 2};
    options.before = 10ms;
    options.kill = [this] { all.down_until = clock::now() + 80ms; };
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(failovers, failover_fixture)

BOOST_AUTO_TEST_CASE(it_lasts_until_new_commands_are_answered) {
  BOOST_TEST(run_failover(options, with).count() >= 80);
  BOOST_TEST(all.connects == 2u);
}

BOOST_AUTO_TEST_CASE(who_is_refused_connects_again) {
  all.fails = true;
  BOOST_TEST(run_failover(options, with).count() >= 80);
  BOOST_TEST(all.connects > 2u);
}

// Who was asked to stop serves on for a while.
BOOST_AUTO_TEST_CASE(the_longest_wait_counts_whenever_it_comes) {
  options.watch = 400ms;
  clock::time_point from{};
  options.kill = [&] { from = clock::now() + 100ms; };
  all.is_down = [&](auto now) {
    return from != clock::time_point{} && now >= from && now < from + 80ms;
  };
  auto waited = run_failover(options, with);
  BOOST_TEST(waited.count() >= 80);
  // It does not count from the kill.
  BOOST_TEST(waited.count() < 400);
}

BOOST_AUTO_TEST_CASE(who_is_never_served_again_is_named) {
  all.fails = true;
  options.kill = [this] { all.down_until = clock::time_point::max(); };
  options.patience = 1s;
  BOOST_CHECK_EXCEPTION(
    run_failover(options, with), std::runtime_error, [](const auto& e) {
      return std::string_view{e.what()}.find("port 2: refused")
          != std::string_view::npos;
    });
}

BOOST_AUTO_TEST_SUITE_END()
