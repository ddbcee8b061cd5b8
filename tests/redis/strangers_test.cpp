// What strangers send to the Redis ports of raftd processes ends none of them,
// costs no memory beyond the bounds, and costs the leader neither its office
// nor its writes.

#include <raft/kv/command.hpp>
#include <raft/redis/resp.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/cluster/sockets.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <random>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mib = 1 << 20;
constexpr std::size_t requests_total = 64 * mib;
constexpr std::size_t unread_total = 64 * mib;

/// Buffers of the allocator and of the actor system, and what a leader keeps of
/// the log, beside the bounds above.
constexpr std::size_t others_max = 160 * mib;

std::string as_request(const std::vector<std::string>& words) {
  std::string result;
  redis::add_array(result, words.size());
  for (const auto& word : words)
    redis::add_bulk(result, word);
  return result;
}

/// Sends what is taken at once, or within a while.
void offer(const test_socket& to, std::string_view data, int patience_ms) {
  for (pollfd ready{to.fd(), POLLOUT, 0};
       !data.empty() && ::poll(&ready, 1, patience_ms) == 1;) {
    auto n
      = ::send(to.fd(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN)
      return;
    data.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
}

struct strangers_fixture : process_fixture {
  std::vector<std::uint16_t> ports;
  std::vector<test_socket> open;
  std::vector<std::size_t> before;
  std::vector<std::size_t> most;

  strangers_fixture() : most(3) {
    std::vector<test_socket> held(3);
    for (auto& x : held)
      ports.push_back(x.bind());
    held.clear();
    for (std::size_t i = 0; i < 3; ++i)
      // Patient, so that no election comes of the machine's load alone.
      start(i, members(),
            {"--bootstrap", "--redis", "127.0.0.1:" + std::to_string(ports[i]),
             "--redis-requests-total", std::to_string(requests_total),
             "--redis-unread-total", std::to_string(unread_total),
             "--election-timeout-min", "1000", "--election-timeout-max",
             "2000"});
    user = std::make_unique<client::blocking_client>(where);
    write();
    for (auto& [i, x] : processes)
      before.push_back(x->memory());
  }

  bytes a_write() const {
    return kv::encode(kv::put{"mine", std::string(100, 'x')});
  }

  void write() {
    BOOST_REQUIRE(
      (user->execute(a_write(), patience).result == outcome::committed));
  }

  void write_some() {
    for (auto i = 0; i < 100; ++i) {
      write();
      look();
    }
  }

  /// Has another stranger connect and send something, to each peer.
  void come(std::string_view data, int patience_ms = 0) {
    for (auto port : ports) {
      test_socket x;
      BOOST_REQUIRE(x.connect_and_wait(port));
      offer(x, data, patience_ms);
      open.push_back(std::move(x));
    }
    look();
  }

  void look() {
    for (auto& [i, x] : processes)
      most[i] = std::max<std::size_t>(most[i], x->memory());
  }

  /// Lets strangers do something, and holds the peers to what was promised.
  template <class Visit>
  void judge(std::size_t growth_max, Visit visit) {
    auto first = true;
    BOOST_TEST(test::undisturbed([&] {
      auto leader = wait_for_leader();
      auto led = state_of(leader);
      visit();
      check_peers();
      // The bound is for one visit: where those of the one before are still
      // waiting for their turn to leave, there are twice as many.
      if (std::exchange(first, false))
        check_memory(growth_max);
      auto leads = state_of(leader);
      return leads.role == peer_role::leader && leads.term == led.term;
    }));
  }

  void check_memory(std::size_t growth_max) {
    for (std::size_t i = 0; i < 3; ++i) {
      BOOST_TEST_MESSAGE("peer " << i + 1 << ": " << before[i] / mib
                                 << " MiB, at most " << most[i] / mib);
      BOOST_TEST(most[i] < before[i] + growth_max);
    }
  }

  void check_peers() {
    write();
    look();
    for (auto port : ports) {
      test_socket x;
      BOOST_REQUIRE(x.connect_and_wait(port));
      BOOST_TEST(is_answered(x));
    }
  }

  static bool is_answered(const test_socket& x) {
    constexpr int patience_ms = patience / 1ms;
    offer(x, "PING\r\n", patience_ms);
    std::string reply;
    for (pollfd ready{x.fd(), POLLIN, 0};
         reply.size() < 7 && ::poll(&ready, 1, patience_ms) == 1;) {
      char buffer[64];
      auto n = ::recv(x.fd(), buffer, sizeof(buffer), 0);
      if (n <= 0)
        break;
      reply.append(buffer, static_cast<std::size_t>(n));
    }
    return reply == "+PONG\r\n";
  }
};

/// The beginning of a request with a value of 8 MB, without its end.
std::string half_a_request() {
  return "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8000000\r\n"
       + std::string(7'900'000, 'x');
}

/// Nearly all of a request with as many arguments as there may be.
std::string many_arguments() {
  std::string result = "*1048576\r\n";
  while (result.size() < 6'000'000)
    result += "$0\r\n\r\n";
  return result;
}

std::string garbage(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random{seed};
  std::string result(size, '\0');
  for (auto& c : result)
    c = static_cast<char>(random());
  return result;
}

/// The greeting of a client that wants TLS, as far as it matters.
std::string tls_greeting() {
  return std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}
       + garbage(1, 506);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(strangers, strangers_fixture)

BOOST_AUTO_TEST_CASE(what_strangers_send_to_redis_ports_harms_nobody) {
  judge(requests_total + others_max, [&] {
    for (std::uint64_t i = 0; i < 20; ++i) {
      come(garbage(i, 1000 * i));
      come("*3\r\n$3\r\nSET\r\n$4\r\n" + garbage(i, 100));
    }
    for (auto line :
         {"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\n\r\nSET k v\r\n", "\r\n\r\n", "*", "$",
          "*1\r\n", "*1048576\r\n", "*1048577\r\n", "*-1\r\n",
          "*99999999999999999999\r\n", "*1\r\n$8388608\r\n",
          "*1\r\n$8388609\r\n", "*1\r\n$4294967295\r\n", "*1\r\n$-1\r\n",
          "*2\r\n$4\r\nMGET\r\n$536870912\r\n", "\"", "MULTI\r\n"})
      for (auto i = 0; i < 5; ++i)
        come(line);
    come(tls_greeting());
    come(std::string(1 << 20, '*'), 100);
    come(std::string(60'000, 'x'));
    come(as_request({"CLIENT", "SETNAME", std::string(8'000'000, 'x')}), 200);
    come(as_request({"SCAN", "0", "MATCH", '[' + std::string(40'000, 'x') + ']',
                     "COUNT", "1000000"}),
         100);
    come(as_request({"CONFIG", "GET", std::string(1 << 20, '*')}), 100);
    // Those who come and go.
    for (auto i = 0; i < 300; ++i) {
      test_socket x;
      BOOST_TEST(x.connect_and_wait(ports[static_cast<std::size_t>(i) % 3]));
      offer(x, "SET", 0);
    }
  });
  judge(requests_total + others_max, [&] { open.clear(); });
}

BOOST_AUTO_TEST_CASE(requests_that_do_not_end_are_bounded_together) {
  // A hundred for each peer, of 8 MB, or of as many arguments as there may be.
  auto half = half_a_request();
  auto many = many_arguments();
  judge(requests_total + others_max, [&] {
    open.clear();
    for (auto i = 0; i < 50; ++i) {
      come(half);
      come(many);
    }
    // The kernel takes a part of it at once; more, as the peers read on.
    const std::string more(100'000, 'x');
    for (auto i = 0; i < 10; ++i)
      for (auto& x : open)
        offer(x, more, 0);
  });
}

BOOST_AUTO_TEST_CASE(visits_that_follow_each_other_do_not_add_up) {
  // What is left of one, in pieces that nothing else fits into, must not stay:
  // five would take several times the bound.
  auto half = half_a_request();
  auto many = many_arguments();
  for (auto visit = 0; visit < 5; ++visit) {
    for (auto i = 0; i < 20; ++i) {
      come(half, 5);
      come(many, 5);
    }
    open.clear();
  }
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_TEST(eventually([&] {
      return processes[i]->memory() < before[i] + requests_total + others_max;
    }));
  write();
}

BOOST_AUTO_TEST_CASE(large_reads_of_those_who_do_not_read_stop_no_writes) {
  constexpr auto readers = 30;
  std::vector<std::string> wanted{"MGET"};
  for (auto key : {"a", "b", "c", "d"}) {
    wanted.emplace_back(key);
    auto put = kv::encode(kv::put{key, std::string(8'000'000, 'x')});
    BOOST_REQUIRE((user->execute(put, patience).result == outcome::committed));
  }
  // While they are there, and also after they have left, writes go on. Whoever
  // stopped them would stop them until the readers have left.
  judge(std::size_t{800} * mib, [&] {
    open.clear();
    for (auto i = 0; i < readers / 3; ++i)
      come(as_request(wanted));
    write_some();
    open.clear();
    write_some();
  });
}

BOOST_AUTO_TEST_CASE(a_process_without_memory_ends) {
  // A broker that is gone, or a part of one, would be worse than none.
  std::vector<std::string> wanted{"MGET"};
  for (auto key : {"a", "b", "c", "d"}) {
    wanted.emplace_back(key);
    auto put = kv::encode(kv::put{key, std::string(8'000'000, 'x')});
    BOOST_REQUIRE((user->execute(put, patience).result == outcome::committed));
  }
  auto i = (wait_for_leader() + 1) % 3;
  rlimit none{1, 1};
  BOOST_REQUIRE(::prlimit(processes[i]->pid(), RLIMIT_AS, &none, nullptr) == 0);
  // The allocator has some address space in reserve, so one may not do.
  auto code = -1;
  BOOST_TEST(eventually([&] {
    test_socket x;
    if (x.connect_and_wait(ports[i]))
      offer(x, as_request(wanted), 1000);
    open.push_back(std::move(x));
    code = processes[i]->wait(1s);
    return code >= 0;
  }));
  BOOST_TEST(code == 1);
  // Whichever asked for memory first says why: who serves a client, who
  // checkpoints the state, whose memory is mapped from a file (ENOMEM, EAGAIN),
  // or who wants to connect again, for which it needs a thread.
  auto said = last_words(i);
  BOOST_TEST(
    (said.find("out of memory") != std::string::npos
     || said.find("checkpointing the state failed") != std::string::npos
     || said.find("the links ended") != std::string::npos),
    said);
  write();
}

BOOST_AUTO_TEST_SUITE_END()
