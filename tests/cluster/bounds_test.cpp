// Who does not keep up costs the others no memory: raftd processes under load,
// and what the kernel says of them.

#include <raft/tests/cluster/bounds_fixture.hpp>
#include <raft/tests/support/child_process.hpp>

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <string_view>
#include <thread>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using test::undisturbed;

BOOST_FIXTURE_TEST_SUITE(bounds_suite, bounds_fixture)

BOOST_AUTO_TEST_CASE(a_stopped_follower_costs_its_leader_no_memory) {
  // Patient, so that no election comes of the load alone.
  start_all(
    {"--election-timeout-min", "1000", "--election-timeout-max", "2000"});
  write(sent / 4);
  BOOST_TEST(undisturbed([&] {
    auto leader = wait_for_leader();
    auto follower = (leader + 1) % 3;
    auto before = processes[leader]->memory();
    processes[follower]->send(SIGSTOP);
    write_for_long();
    auto after = processes[leader]->memory();
    BOOST_TEST(after < before + growth_max);
    // Nor does it when it catches up, and it calls for no election.
    auto led = state_of(leader);
    processes[follower]->send(SIGCONT);
    auto most = after;
    // Another leader may lack what this one had not committed.
    auto leads_on = [&] {
      auto x = look_at(leader);
      return !x || (x->role == peer_role::leader && x->term == led.term);
    };
    BOOST_TEST(eventually([&] {
      most = std::max(most, processes[leader]->memory());
      return has_applied(follower, led.last) || !leads_on();
    }));
    BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib
                                    << " MiB, at most " << most / mib
                                    << " MiB");
    BOOST_TEST(most < before + growth_max);
    auto leads = state_of(leader);
    return leads.role == peer_role::leader && leads.term == led.term
        && state_of(follower).leader == leads.id;
  }));
}

BOOST_AUTO_TEST_CASE(what_finds_no_majority_is_refused_and_not_kept) {
  // The leader goes on leading for a while, as one does whose followers are
  // slow.
  start_all({"--election-timeout-max", "6000"});
  write(sent / 4);
  BOOST_TEST(undisturbed([&] {
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
    BOOST_TEST((refused.result != outcome::committed));
    BOOST_TEST(after < before + growth_max);
    for (auto& [i, x] : processes)
      x->send(SIGCONT);
    BOOST_TEST((user->execute(put(0), patience).result == outcome::committed));
    // Unless it stepped down before it had taken so much.
    return told.busy > 0;
  }));
}

BOOST_AUTO_TEST_CASE(a_leader_whose_disk_hangs_stops_leading) {
  for (std::size_t i = 0; i < 3; ++i)
    start_on_hanging_disk(i, members());
  user = std::make_unique<client::blocking_client>(where);
  write(sent / 4);
  auto first = wait_for_leader();
  guest visitor{where[first]};
  auto before = processes[first]->memory();
  hang(first);
  // The others' disks make a majority; so what it takes is committed.
  auto told = overwhelm(visitor);
  BOOST_TEST(told.accepted_bytes <= waiting_max + value_bytes);
  BOOST_TEST(eventually([&] { return somebody_else_leads(first); }));
  // Now it is a follower that does not keep up.
  write(sent / 2);
  auto after = processes[first]->memory();
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB, "
                                  << told.busy << " were told busy");
  BOOST_TEST(after < before + growth_max);
  heal(first);
  auto last = user->execute(put(0), patience);
  BOOST_REQUIRE((last.result == outcome::committed));
  BOOST_TEST(eventually([&] { return has_applied(first, last.index); }));
}

BOOST_AUTO_TEST_CASE(what_the_disk_does_not_take_is_refused_and_not_kept) {
  start_on_hanging_disk(0, "1=" + to_text(where[0]));
  user = std::make_unique<client::blocking_client>(std::vector{where[0]});
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
  BOOST_TEST(eventually([&] { return has_applied(0, told.last); }));
  BOOST_TEST((user->execute(put(0), patience).result == outcome::committed));
}

BOOST_AUTO_TEST_CASE(commands_sent_all_at_once_cost_a_slow_disk_no_memory) {
  constexpr auto count = sent / value_bytes;
  start_on_hanging_disk(0, "1=" + to_text(where[0]));
  user = std::make_unique<client::blocking_client>(std::vector{where[0]});
  write(mib);
  auto keys_before = digest_of(0).keys;
  guest visitor{where[0]};
  auto before = processes[0]->memory();
  hang(0);
  auto told = visitor.execute_at_once(count, [](std::size_t i) {
    return put_at("at once " + std::to_string(i));
  });
  auto most = before;
  BOOST_TEST(eventually([&] {
    most = std::max(most, processes[0]->memory());
    return told->busy + waiting_max / value_bytes >= count;
  }));
  BOOST_TEST_MESSAGE(before / mib << " MiB, at most " << most / mib << " MiB, "
                                  << told->busy << " were told busy");
  BOOST_TEST(told->committed == 0u);
  BOOST_TEST(most < before + growth_max);
  // What was not refused is not lost, and nothing else took effect.
  heal(0);
  BOOST_TEST(eventually([&] { return told->committed + told->busy == count; }));
  BOOST_TEST(told->other == 0u);
  BOOST_TEST(told->committed * value_bytes + mib >= waiting_max);
  BOOST_TEST(digest_of(0).keys == keys_before + told->committed);
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

BOOST_AUTO_TEST_CASE(subscribers_whose_process_stands_still_cost_no_memory) {
  constexpr std::size_t first = 8 * mib;
  constexpr std::size_t then = sent / 2;
  constexpr std::uint64_t subscriptions = 4;
  auto all = flags();
  all.insert(all.end(), {"--subscription-bytes", std::to_string(mib),
                         "--log-kept", std::to_string(2 * sent)});
  start(0, "1=" + to_text(where[0]), all);
  // Forked while there are no other threads. It says when it has subscribed,
  // has what came before it stood still, and has all.
  test::child_process reader{[&](int out) {
    guest visitor{where[0], grants::yes};
    for (std::uint64_t id = 0; id < subscriptions; ++id)
      BOOST_REQUIRE(visitor.subscribe(id).accepted);
    for (auto wanted : {std::size_t{0}, first, first + then}) {
      BOOST_REQUIRE(
        eventually([&] { return visitor.received() >= wanted * subscriptions; },
                   2 * patience));
      test::send_number(out, wanted);
    }
  }};
  auto receive = [&] { return reader.receive_number(patience / 1us); };
  BOOST_REQUIRE(receive().has_value());
  user = std::make_unique<client::blocking_client>(std::vector{where[0]});
  write(first);
  BOOST_TEST(receive().value_or(0) == first);
  auto before = processes[0]->memory();
  {
    // Now and then it shows that it is still there, or it would count as lost
    // after three seconds.
    std::jthread standing_still{[&](const std::stop_token& end) {
      while (!end.stop_requested()) {
        ::kill(reader.pid(), SIGSTOP);
        ::poll(nullptr, 0, 900);
        ::kill(reader.pid(), SIGCONT);
        ::poll(nullptr, 0, 30);
      }
    }};
    write(then);
  }
  auto after = processes[0]->memory();
  BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB");
  BOOST_TEST(after < before + growth_max);
  // It misses nothing.
  BOOST_TEST(receive().value_or(0) == first + then);
  BOOST_TEST(reader.wait() == 0);
}

BOOST_AUTO_TEST_CASE(redis_clients_that_do_not_read_are_closed) {
  auto port = free_port();
  auto all = flags();
  all.insert(all.end(), {"--redis", "127.0.0.1:" + std::to_string(port),
                         "--redis-unread-bytes", "2097152",
                         "--redis-unread-total", "4194304"});
  start(0, "1=" + to_text(where[0]), all);
  user = std::make_unique<client::blocking_client>(std::vector{where[0]});
  BOOST_REQUIRE((user->execute(put(0), patience).result == outcome::committed));
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
  BOOST_TEST(eventually([&] {
    most = std::max<std::size_t>(most, processes[0]->memory());
    static constexpr std::string_view get{"GET k0\r\n"};
    for (auto& x : clients)
      static_cast<void>(
        ::send(x.fd(), get.data(), get.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    return std::all_of(clients.begin(), clients.end(), closed);
  }));
  BOOST_TEST_MESSAGE(before / mib << " MiB, at most " << most / mib << " MiB");
  // More than elsewhere: the replies to what a client sends at once are made
  // together, before the bound applies.
  BOOST_TEST(most < before + 128 * mib);
}

BOOST_AUTO_TEST_SUITE_END()
