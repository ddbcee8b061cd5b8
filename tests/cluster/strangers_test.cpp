// What strangers may send to the peers' port of real processes.

#include <raft/tests/cluster/stranger.hpp>
#include <raft/tests/cluster/strangers_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <random>
#include <sys/resource.h>

namespace raft::cluster {

BOOST_AUTO_TEST_SUITE(strangers_tests)

namespace {

using namespace std::chrono_literals;
using transport::frame_header;
using transport::operation;

frame_header header(int code, std::uint32_t payload = 0) {
  frame_header result;
  result.code = static_cast<std::uint8_t>(code);
  result.payload_bytes = payload;
  if (code == 0)
    result.data = 3;
  if (code == 2 || code == 3)
    result.data = std::uint64_t{1} << 60;
  if (code == 2 || code == 3 || code == 4)
    result.dest_actor = 5;
  if (code == 2 || code == 5)
    result.source_actor = 6;
  return result;
}

std::string bytes_of(const frame_header& x) {
  auto bytes = transport::write_frame_header(x);
  return {bytes.begin(), bytes.end()};
}

std::string random_bytes(std::mt19937_64& random, std::size_t size) {
  std::string result(size, '\0');
  for (auto& x : result)
    x = static_cast<char>(random());
  return result;
}

/// How CAF writes a short word.
std::string atom(const std::string& word) {
  static const std::string letters
    = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  std::uint64_t result = 0xF;
  for (auto x : word)
    result = result << 6 | letters.find(x);
  return transport::number(result, 8);
}

using transport::content;
using transport::handle;
using transport::node_name;
using transport::number;
using transport::text;

} // namespace

BOOST_FIXTURE_TEST_CASE(a_header_without_its_payload_ends_the_connection,
                        strangers_fixture) {
  begin();
  attack([&] {
    // What `(printf '\1'; head -c31 /dev/zero) | nc HOST PORT` sends.
    stranger first{target()};
    first.say(std::string("\1") + std::string(31, '\0'));
    BOOST_TEST(first.is_shown_out());
    test::need(says_soon(leader, "it announced a message without content"));
    for (int code = 0; code < 6; ++code) {
      stranger before{target()};
      before.say(bytes_of(header(code)));
      BOOST_TEST(before.is_shown_out());
      stranger after{target()};
      test::need(after.shake_hands(transport::node_name(77)));
      after.say(bytes_of(header(code)));
      BOOST_TEST(after.is_shown_out());
    }
  });
}

BOOST_FIXTURE_TEST_CASE(announced_lengths_take_no_memory, strangers_fixture) {
  begin();
  attack([&] {
    for (auto length : {0x40000000u, 0xFFFFFFFFu, 100u << 20})
      for (int code = 0; code < 7; ++code) {
        stranger before{target()};
        before.say(bytes_of(header(code, length)));
        BOOST_TEST(before.is_shown_out());
        stranger after{target()};
        test::need(after.shake_hands(transport::node_name(77)));
        after.say(bytes_of(header(code, length)));
        BOOST_TEST(after.is_shown_out());
      }
    test::need(
      says_soon(leader, "it announced a longer message than there can be"));
    // Lengths that may be, many at once: memory follows what comes.
    std::vector<stranger> guests;
    for (int i = 0; i < 100; ++i) {
      guests.emplace_back(target());
      test::need(guests.back().shake_hands(
        transport::node_name(static_cast<std::uint32_t>(100 + i))));
      guests.back().say(bytes_of(header(2, 8 << 20)) + "x");
    }
  });
}

BOOST_FIXTURE_TEST_CASE(what_is_begun_has_a_bound_for_all, strangers_fixture) {
  begin();
  attack(
    [&] {
      // 100 times 8 MB that are never complete.
      std::vector<stranger> guests;
      std::string most(8 << 20, 'x');
      for (int i = 0; i < 100; ++i) {
        guests.emplace_back(target());
        test::need(guests.back().shake_hands(
          transport::node_name(static_cast<std::uint32_t>(100 + i))));
        guests.back().say(bytes_of(header(2, (8 << 20) + 1)) + most);
      }
      BOOST_TEST(
        says(leader, "too many bytes of messages that are not complete"));
    },
    peak_max + (std::uint64_t{64} << 20));
}

BOOST_FIXTURE_TEST_CASE(noise_and_other_protocols, strangers_fixture) {
  begin();
  attack([&] {
    std::mt19937_64 random{1};
    for (int i = 0; i < 1000; ++i)
      stranger{target()}.say(random_bytes(random, 32));
    for (int i = 0; i < 200; ++i)
      stranger{target()}.say(random_bytes(random, random() % 100'000));
    auto speak = [&](const std::string& words, const std::string& hint) {
      stranger x{target()};
      x.say(words);
      BOOST_TEST(x.is_shown_out(), hint);
      // Only the first of a kind is said at once.
      test::need(says_soon(leader, hint));
    };
    speak("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "it looks like HTTP");
    speak(std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(512, 'x'),
          "it looks like TLS");
    speak("SSH-2.0-OpenSSH_9.2\r\n", "it looks like SSH");
    speak("*1\r\n$4\r\nPING\r\n", "it looks like Redis");
  });
}

BOOST_FIXTURE_TEST_CASE(who_says_nothing_or_too_little_is_shown_out,
                        strangers_fixture) {
  begin();
  attack([&] {
    std::vector<stranger> guests;
    auto name = bytes_of(header(1, 32)) + transport::node_name(7);
    // Nothing, half a header, half a name, and half a handshake.
    for (std::size_t size : {0, 1, 16, 31, 32, 40, 63, 64}) {
      guests.emplace_back(target());
      guests.back().say(name.substr(0, size));
    }
    // One byte now and then is not enough.
    stranger slow{target()};
    auto out = eventually([&] {
      slow.say(name.substr(0, 1));
      return slow.is_shown_out(100ms);
    });
    BOOST_TEST(out);
    for (auto& x : guests)
      BOOST_TEST(x.is_shown_out());
    test::need(says_soon(leader, "the handshake did not come in time"));
  });
}

BOOST_FIXTURE_TEST_CASE(a_storm_of_connections_leaves_members_in_peace,
                        strangers_fixture) {
  begin({"--connections", "32"});
  std::vector<stranger> guests;
  attack([&] {
    for (int i = 0; i < 300; ++i)
      guests.emplace_back(target());
    test::need(says_soon(leader,
                         "as many connections of clients are open as there "
                         "may be"));
    BOOST_TEST(files() < 128);
  });
  // Those who have shaken hands hold their places, but not those for members.
  attack([&] {
    guests.clear();
    for (std::uint32_t i = 0; i < 60; ++i) {
      guests.emplace_back(target());
      guests.back().shake_hands(transport::node_name(1000 + i));
    }
    auto other = (leader + 1) % 3;
    processes[other]->kill();
    start_one(other);
    BOOST_TEST(eventually([&] { return state_of(other).leader != peer_id{}; }));
  });
}

BOOST_FIXTURE_TEST_CASE(files_run_out, strangers_fixture) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit low{128, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &low);
  begin();
  ::setrlimit(RLIMIT_NOFILE, &before);
  BOOST_TEST(says(leader, "the limit of open files (128, see `ulimit -n`) "
                          "leaves room for 48 connections"));
  std::vector<stranger> guests;
  attack([&] {
    for (int i = 0; i < 140; ++i)
      guests.emplace_back(target());
  });
  // Where others have taken the files, nobody is let in for a while, and no
  // core is busy with that.
  attack([&] {
    guests.clear();
    limit_files(1);
    for (int i = 0; i < 20; ++i)
      guests.emplace_back(target());
    test::need(says_soon(leader, "no connection can be let in"));
    check_idle();
    guests.clear();
    limit_files(128);
  });
}

BOOST_FIXTURE_TEST_CASE(files_run_out_at_the_redis_port, strangers_fixture) {
  std::vector<address> redis;
  {
    std::vector<test_socket> held(3);
    for (auto& x : held)
      redis.push_back({"127.0.0.1", x.bind()});
  }
  for (std::size_t i = 0; i < 3; ++i)
    start_one(i, {"--redis", to_text(redis[i])});
  meet();
  attack([&] {
    limit_files(1);
    std::vector<stranger> guests;
    for (int i = 0; i < 20; ++i)
      guests.emplace_back(redis[leader]);
    test::need(says_soon(leader, "redis: no connection can be let in"));
    check_idle();
    limit_files(1024);
    for (auto& x : guests) {
      x.say("PING\r\n");
      BOOST_TEST(x.hear(7) == "+PONG\r\n");
    }
  });
}

BOOST_FIXTURE_TEST_CASE(messages_that_control_actors_do_not_arrive,
                        strangers_fixture) {
  begin();
  attack([&] {
    // CAF would read these until its stack is full.
    std::string nested;
    for (int i = 0; i < 100'000; ++i)
      nested += number(0, 2) + text("@<>+@message");
    std::vector<std::pair<std::string, std::string>> messages{
      {"@<>+@message", nested},
      {"@<>+@exit", handle(1, node_name(77)) + number(1, 1) + number(0, 10)},
      {"@<>+@error",
       number(4, 1) + number(0xF, 8) + number(0, 2) + text("@<>")},
      {"@<>+raft::stop", number(1, 8)},
      {"@<>+raft::wake", number(1, 8)},
      {"@<>+raft::link_down", number(1, 8)},
      {"@<>+@charbuf", "\xFF\xFF\xFF\xFF\x0F"},
    };
    stranger x{target()};
    test::need(x.shake_hands(node_name(77)));
    // CAF takes who is linked for a proxy, also if it is an actor of its own.
    for (auto word : {"link", "unlink"})
      messages.emplace_back("@<>+@atom+@strong_actor_ptr",
                            atom(word) + handle(x.acceptor(), x.host()));
    for (auto& [types, rest] : messages)
      // Ids of actors are small numbers: try all.
      for (std::uint64_t actor = 1; actor < 64; ++actor) {
        auto h = header(2);
        h.dest_actor = actor;
        test::need(x.say(h, content(types, rest)));
      }
    test::need(says_soon(leader, "nobody may send that from outside"));
  });
}

BOOST_FIXTURE_TEST_CASE(nobody_speaks_for_others, strangers_fixture) {
  begin();
  attack([&] {
    // Learn the name of a member, and come to another one with it.
    auto other = (leader + 1) % 3;
    stranger first{where[other]};
    test::need(first.shake_hands(node_name(77)));
    stranger second{target()};
    second.shake_hands(first.host());
    BOOST_TEST(second.is_shown_out());
    test::need(says_soon(leader,
                         "it says that it is a process whose connection "
                         "works"));
    stranger third{target()};
    third.shake_hands(node_name(78));
    auto down = header(5);
    third.say(down, first.host() + third.host() + number(4, 1) + number(0xF, 8)
                      + number(0, 2) + text("@<>"));
    BOOST_TEST(third.is_shown_out());
  });
}

BOOST_FIXTURE_TEST_CASE(noise_after_a_handshake, strangers_fixture) {
  begin();
  attack([&] {
    std::mt19937_64 random{2};
    for (std::uint32_t round = 0; round < 300; ++round) {
      stranger x{target()};
      test::need(x.shake_hands(node_name(1000 + round)));
      auto hello
        = content("@<>+raft::hello+raft::actors::peer_actor",
                  text("test") + number(1, 4) + number(1, 8) + number(2, 8)
                    + number(3, 8) + handle(9, x.name()));
      std::vector<std::pair<frame_header, std::string>> samples{
        {header(2), hello},
        {header(2), content("@<>+raft::get_state", number(1, 8))},
        {header(2), content("@<>+raft::execute",
                            number(1, 8) + number(0, 24) + text("command"))},
        {header(4), x.name() + x.host()},
        {header(5), x.name() + x.host() + number(4, 1) + number(0xF, 8)
                      + number(0, 2) + text("@<>")},
        {header(6), ""},
        {header(3), x.name() + x.host() + hello},
      };
      for (int i = 0; i < 100; ++i) {
        auto [h, said] = samples[random() % samples.size()];
        h.dest_actor = h.dest_actor ? random() % 40 : 0;
        if (h.code == 2 && random() % 2)
          h.data |= random() % 8 | (random() % 2) << 63;
        for (auto n = random() % 3; n > 0 && !said.empty(); --n)
          said[random() % said.size()] = static_cast<char>(random());
        if (random() % 4 == 0)
          said.resize(random() % (said.size() + 1));
        if (!x.say(h, said))
          break;
      }
    }
  });
}

BOOST_FIXTURE_TEST_CASE(who_does_not_read_is_shown_out, strangers_fixture) {
  begin({"--subscriptions", "1", "--subscription-bytes", "65536"});
  attack(
    [&] {
      stranger x{target()};
      test::need(x.shake_hands(node_name(77)));
      // Each is answered: there is no such actor.
      auto h = header(4, 64);
      h.dest_actor = 123'456'789;
      std::string many;
      for (int i = 0; i < 1000; ++i)
        many += bytes_of(h) + x.name() + x.host();
      bool listens = true;
      for (int i = 0; i < 10'000 && listens; ++i)
        listens = x.say(many);
      BOOST_TEST(!listens);
      test::need(says_soon(leader, "too many bytes that are not read"));
    },
    peak_max + (std::uint64_t{128} << 20));
}

BOOST_FIXTURE_TEST_CASE(actors_of_strangers_are_counted, strangers_fixture) {
  begin();
  attack(
    [&] {
      stranger x{target()};
      test::need(x.shake_hands(node_name(77)));
      auto said = content("@<>+raft::credit",
                          number(1, 8) + number(1, 8) + number(1, 8));
      bool listens = true;
      for (std::uint64_t i = 1; i < 200'000 && listens; ++i) {
        auto h = header(2);
        h.dest_actor = x.acceptor();
        h.source_actor = i;
        listens = x.say(h, said);
      }
      BOOST_TEST(x.is_shown_out());
      test::need(says_soon(leader, "too many actors"));
    },
    peak_max + (std::uint64_t{128} << 20));
}

/// CAF keeps an actor for each process that it has ever met.
BOOST_FIXTURE_TEST_CASE(who_has_gone_is_forgotten, strangers_fixture) {
  begin();
  attack([&] {
    auto visit = [&](std::uint32_t count, std::uint32_t first) {
      for (std::uint32_t i = 0; i < count; ++i)
        test::need(stranger{target()}.shake_hands(node_name(first + i)));
    };
    visit(1000, 1000);
    auto before = processes[leader]->memory();
    visit(10'000, 10'000);
    BOOST_TEST(processes[leader]->memory() < before + (2 << 20));
  });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace raft::cluster
