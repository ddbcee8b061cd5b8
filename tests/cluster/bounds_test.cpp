// Who does not keep up costs the others no memory: raftd processes under load,
// and what the kernel says of them.

#include <raft/cluster/client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <future>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(raft::outcome)

namespace {

constexpr std::size_t mib = 1 << 20;
constexpr std::size_t value_bytes = 64 << 10;

/// What all bounds below, buffers of the allocator and of the actor system may
/// come to; a fraction of what is sent.
constexpr std::size_t growth_max = 40 * mib;
constexpr std::size_t sent = 128 * mib;

struct fixture : process_fixture {
  /// Low bounds, so that a test needs little load to pass them.
  flag_list flags() const {
    return {"--bootstrap",      "--log-level",       "error",
            "--log-in-memory",  "4194304",           "--uncommitted-bytes",
            "8388608",          "--undurable-bytes", "8388608",
            "--applying-bytes", "4194304",           "--batch-bytes",
            "262144",           "--bytes-in-flight", "1048576"};
  }

  void start_all(const flag_list& more = {}) {
    auto all = flags();
    all.insert(all.end(), more.begin(), more.end());
    for (std::size_t i = 0; i < 3; ++i)
      start(i, members(), all);
    client_options options;
    options.server_deadline = 2s;
    user = std::make_unique<client>(where, options);
  }

  std::size_t wait_for_leader() {
    std::size_t result = 3;
    BOOST_REQUIRE(eventually(
      [&] {
        for (auto& x : user->states())
          if (x.error.empty() && x.state.role == peer_role::leader) {
            result = x.state.id.value - 1;
            return true;
          }
        return false;
      },
      60s));
    return result;
  }

  static bytes put(std::size_t i) {
    return kv::encode(
      kv::put{"k" + std::to_string(i % 16), std::string(value_bytes, 'x')});
  }

  /// Writes so many bytes, with some commands on the way at once.
  void write(std::size_t total) {
    std::deque<std::future<executed>> answers;
    auto take = [&] {
      BOOST_REQUIRE(
        (answers.front().wait_for(60s) == std::future_status::ready));
      BOOST_REQUIRE((answers.front().get().result == outcome::committed));
      answers.pop_front();
    };
    for (std::size_t i = 0; i < total / value_bytes; ++i) {
      answers.push_back(user->submit(put(i), 50s));
      if (answers.size() > 64)
        take();
    }
    while (!answers.empty())
      take();
  }

  std::unique_ptr<client> user;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(bounds_suite, fixture)

BOOST_AUTO_TEST_CASE(a_stopped_follower_costs_its_leader_no_memory) {
  start_all();
  write(sent / 4);
  auto leader = wait_for_leader();
  auto follower = (leader + 1) % 3;
  auto before = processes[leader]->memory();
  processes[follower]->send(SIGSTOP);
  write(sent);
  auto after = processes[leader]->memory();
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB");
  BOOST_TEST(after < before + growth_max);
  processes[follower]->send(SIGCONT);
}

BOOST_AUTO_TEST_CASE(what_finds_no_majority_is_refused_and_not_kept) {
  // The leader goes on leading, as one does whose followers are slow.
  start_all({"--election-timeout-max", "30000"});
  auto leader = wait_for_leader();
  write(sent / 4);
  leader = wait_for_leader();
  auto before = processes[leader]->memory();
  for (std::size_t i = 0; i < 3; ++i)
    if (i != leader)
      processes[i]->send(SIGSTOP);
  std::size_t most = 0;
  std::size_t busy = 0;
  std::deque<std::future<executed>> answers;
  for (std::size_t i = 0; i < sent / value_bytes; ++i) {
    answers.push_back(user->submit(put(i), 2s));
    if (answers.size() < 256)
      continue;
    most = std::max<std::size_t>(most, processes[leader]->memory());
    BOOST_REQUIRE((answers.front().wait_for(30s) == std::future_status::ready));
    auto answer = answers.front().get();
    BOOST_TEST((answer.result != outcome::committed));
    busy += answer.reason == reject_reason::busy;
    answers.pop_front();
  }
  for (auto& x : answers)
    busy += x.get().reason == reject_reason::busy;
  most = std::max<std::size_t>(most, processes[leader]->memory());
  BOOST_TEST_MESSAGE(before / mib << " MiB, at most " << most / mib << " MiB, "
                                  << busy << " were told busy");
  BOOST_TEST(most < before + growth_max);
  BOOST_TEST(busy > 0u);
  for (auto& [i, x] : processes)
    x->send(SIGCONT);
  BOOST_TEST((user->execute(put(0), 60s).result == outcome::committed));
}

BOOST_AUTO_TEST_CASE(redis_clients_that_do_not_read_are_closed) {
  auto port = free_port();
  auto all = flags();
  all.insert(all.end(), {"--redis", "127.0.0.1:" + std::to_string(port),
                         "--redis-unread-bytes", "2097152",
                         "--redis-unread-total", "4194304"});
  start(0, "1=" + to_text(where[0]), all);
  user = std::make_unique<client>(std::vector{where[0]});
  BOOST_REQUIRE((user->execute(put(0), 30s).result == outcome::committed));
  auto before = processes[0]->memory();
  std::vector<test_socket> clients(8);
  for (auto& x : clients)
    BOOST_REQUIRE(x.connect_and_wait(port));
  auto closed = [](test_socket& x) {
    pollfd hung{x.fd(), POLLRDHUP, 0};
    return ::poll(&hung, 1, 0) == 1;
  };
  // Who is closed learns it from the answer to its next request: the end of the
  // stream waits behind the replies that it does not read.
  std::size_t most = 0;
  BOOST_TEST(eventually(
    [&] {
      most = std::max<std::size_t>(most, processes[0]->memory());
      static constexpr std::string_view get{"GET k0\r\n"};
      for (auto& x : clients)
        static_cast<void>(
          ::send(x.fd(), get.data(), get.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
      return std::all_of(clients.begin(), clients.end(), closed);
    },
    60s));
  BOOST_TEST_MESSAGE(before / mib << " MiB, at most " << most / mib << " MiB");
  // More than elsewhere: the replies to what a client sends at once are made
  // together, before the bound applies.
  BOOST_TEST(most < before + 128 * mib);
}

BOOST_AUTO_TEST_SUITE_END()
