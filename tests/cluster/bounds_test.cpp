// Who does not keep up costs the others no memory: raftd processes under load,
// and what the kernel says of them.

#include <raft/cluster/client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/guest.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/hanging_disk.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mib = 1 << 20;
constexpr std::size_t value_bytes = 64 << 10;

/// What all bounds below, buffers of the allocator and of the actor system may
/// come to; a fraction of what is sent.
constexpr std::size_t growth_max = 40 * mib;
constexpr std::size_t sent = 128 * mib;

/// What `bounds_fixture::flags` allow to wait for a majority, and for a disk.
constexpr std::size_t waiting_max = 8 * mib;

/// What became of commands that were sent one after the other.
struct flood {
  std::size_t accepted_bytes = 0;
  std::size_t busy = 0;
  /// Of the last one that was accepted.
  log_index last;
};

struct bounds_fixture : process_fixture {
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

  // -- disks that hang --------------------------------------------------------

  std::string hanging(std::size_t i) const {
    return directory.path("hang" + std::to_string(i + 1));
  }

  /// Starts a peer whose disk `hang` stops.
  void start_on_hanging_disk(std::size_t i, const std::string& members) {
    auto all = flags();
    all.insert(all.end(), {"--id", std::to_string(i + 1), "--members", members,
                           "--data", data(i)});
    raftd_process::variables environment{
      {test::hanging_disk_variable, hanging(i)}};
    processes[i] = std::make_unique<raftd_process>(
      all, log_file(i), environment, RAFTD_ON_HANGING_DISK_PATH);
    BOOST_REQUIRE(processes[i]->read_line(20s)
                  == "listening on " + to_text(where[i]));
  }

  /// From here on no sync of a peer comes to an end, until `heal`.
  void hang(std::size_t i) const {
    std::ofstream{hanging(i)} << "x";
  }

  void heal(std::size_t i) const {
    std::filesystem::remove(hanging(i));
  }

  /// Sends as many commands as come to `sent` bytes, whatever the answers.
  static flood overwhelm(guest& visitor) {
    flood result;
    for (std::size_t i = 0; i < sent / value_bytes; ++i) {
      auto answer = visitor.start(put(i));
      result.busy += answer.reason == reject_reason::busy;
      if (!answer.index)
        continue;
      result.accepted_bytes += value_bytes;
      result.last = answer.index;
    }
    return result;
  }

  /// Whether a peer, and none of another position, leads.
  bool somebody_else_leads(std::size_t than) const {
    auto all = user->states();
    return std::any_of(all.begin(), all.end(), [&](auto& x) {
      return x.error.empty() && x.state.role == peer_role::leader
          && x.state.id.value != than + 1;
    });
  }

  bool has_applied(std::size_t i, log_index index) const {
    for (auto& x : user->states())
      if (x.error.empty() && x.state.id.value == i + 1)
        return x.state.applied >= index;
    return false;
  }

  /// Writes for as long as the environment says, or else `sent` bytes.
  void write_for_long() {
    const char* seconds = std::getenv("RAFT_STOPPED_SECONDS");
    auto until = std::chrono::steady_clock::now()
               + std::chrono::seconds{seconds ? std::stoi(seconds) : 0};
    std::size_t total = 0;
    do {
      write(sent);
      total += sent;
    } while (std::chrono::steady_clock::now() < until);
    BOOST_TEST_MESSAGE("wrote " << total / mib << " MiB");
  }

  std::unique_ptr<client> user;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(bounds_suite, bounds_fixture)

BOOST_AUTO_TEST_CASE(a_stopped_follower_costs_its_leader_no_memory) {
  start_all();
  write(sent / 4);
  auto leader = wait_for_leader();
  auto follower = (leader + 1) % 3;
  auto before = processes[leader]->memory();
  processes[follower]->send(SIGSTOP);
  write_for_long();
  auto after = processes[leader]->memory();
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB");
  BOOST_TEST(after < before + growth_max);
  processes[follower]->send(SIGCONT);
}

BOOST_AUTO_TEST_CASE(what_finds_no_majority_is_refused_and_not_kept) {
  // The leader goes on leading for a while, as one does whose followers are
  // slow.
  start_all({"--election-timeout-max", "6000"});
  write(sent / 4);
  auto leader = wait_for_leader();
  guest visitor{where[leader]};
  auto before = processes[leader]->memory();
  for (std::size_t i = 0; i < 3; ++i)
    if (i != leader)
      processes[i]->send(SIGSTOP);
  auto told = overwhelm(visitor);
  auto refused = user->execute(put(0), 2s);
  auto after = processes[leader]->memory();
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB, "
                                  << told.busy << " were told busy");
  BOOST_TEST(told.accepted_bytes <= waiting_max + value_bytes);
  BOOST_TEST(told.busy > 0u);
  BOOST_TEST((refused.result == outcome::rejected));
  BOOST_TEST(after < before + growth_max);
  for (auto& [i, x] : processes)
    x->send(SIGCONT);
  BOOST_TEST((user->execute(put(0), 60s).result == outcome::committed));
}

BOOST_AUTO_TEST_CASE(a_leader_whose_disk_hangs_stops_leading) {
  for (std::size_t i = 0; i < 3; ++i)
    start_on_hanging_disk(i, members());
  user = std::make_unique<client>(where);
  write(sent / 4);
  auto first = wait_for_leader();
  guest visitor{where[first]};
  auto before = processes[first]->memory();
  hang(first);
  // The others' disks make a majority; so what it takes is committed.
  auto told = overwhelm(visitor);
  BOOST_TEST(told.accepted_bytes <= waiting_max + value_bytes);
  BOOST_TEST(told.busy > 0u);
  BOOST_TEST(eventually([&] { return somebody_else_leads(first); }, 60s));
  // Now it is a follower that does not keep up.
  write(sent / 2);
  auto after = processes[first]->memory();
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB, "
                                  << told.busy << " were told busy");
  BOOST_TEST(after < before + growth_max);
  heal(first);
  auto last = user->execute(put(0), 60s);
  BOOST_REQUIRE((last.result == outcome::committed));
  BOOST_TEST(eventually([&] { return has_applied(first, last.index); }, 60s));
}

BOOST_AUTO_TEST_CASE(what_the_disk_does_not_take_is_refused_and_not_kept) {
  start_on_hanging_disk(0, "1=" + to_text(where[0]));
  user = std::make_unique<client>(std::vector{where[0]});
  write(sent / 4);
  guest visitor{where[0]};
  auto before = processes[0]->memory();
  hang(0);
  auto told = overwhelm(visitor);
  auto after = processes[0]->memory();
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB, "
                                  << told.busy << " were told busy");
  BOOST_TEST(told.accepted_bytes + mib >= waiting_max);
  BOOST_TEST(told.accepted_bytes <= waiting_max + value_bytes);
  BOOST_TEST(told.busy > 0u);
  BOOST_TEST(after < before + growth_max);
  // What was taken is not lost.
  heal(0);
  BOOST_TEST(eventually([&] { return has_applied(0, told.last); }, 60s));
  BOOST_TEST((user->execute(put(0), 60s).result == outcome::committed));
}

BOOST_AUTO_TEST_CASE(subscribers_that_take_nothing_cost_no_memory) {
  constexpr std::size_t subscription_bytes = mib;
  constexpr std::uint64_t subscriptions = 4;
  start_all({"--subscriptions", std::to_string(subscriptions),
             "--subscription-bytes", std::to_string(subscription_bytes)});
  write(sent / 4);
  auto leader = wait_for_leader();
  guest visitor{where[leader]};
  auto before = processes[leader]->memory();
  for (std::uint64_t id = 0; id < subscriptions; ++id)
    BOOST_TEST(visitor.subscribe(id).accepted);
  BOOST_TEST((visitor.subscribe(99).reason == reject_reason::busy));
  write(sent / 2);
  auto after = processes[leader]->memory();
  BOOST_TEST(eventually([&] { return visitor.received() > 0; }));
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB, "
                                  << visitor.received() / mib
                                  << " MiB delivered");
  BOOST_TEST(after < before + growth_max);
  BOOST_TEST(visitor.received()
             <= subscriptions * (subscription_bytes + value_bytes + 1024));
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
