// The server on real sockets: order, bounds, and how connections end.

#include <raft/redis/resp.hpp>
#include <raft/tests/redis/server_fixture.hpp>

#include <chrono>
#include <string>
#include <thread>

using namespace raft;
using namespace raft::redis;

BOOST_FIXTURE_TEST_SUITE(servers, server_fixture)

BOOST_AUTO_TEST_CASE(commands_are_executed_in_order) {
  raw_client a{open()};
  std::string wanted = "+OK\r\n:2\r\n+PONG\r\n$2\r\n12\r\n*1\r\n$2\r\n12\r\n";
  BOOST_TEST(
    a.ask("SET k 1\r\nAPPEND k 2\r\nPING\r\nGET k\r\nMGET k\r\n", wanted.size())
    == wanted);
}

BOOST_AUTO_TEST_CASE(large_values_go_through) {
  raw_client a{open()};
  auto value = std::string(5 << 20, 'x');
  std::string bulk;
  add_bulk(bulk, value);
  BOOST_TEST(a.ask("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk, 5) == "+OK\r\n");
  BOOST_TEST((a.ask("GET k\r\n", bulk.size()) == bulk));
}

BOOST_AUTO_TEST_CASE(values_beyond_the_bound_end_the_connection) {
  options.limits.requests.bulk_bytes_max = 10;
  raw_client a{open()};
  a.send("*2\r\n$4\r\nECHO\r\n$11\r\n");
  BOOST_TEST(a.receive_all() == "-ERR Protocol error: invalid bulk length\r\n");
  BOOST_TEST(a.closed());
}

BOOST_AUTO_TEST_CASE(quit_closes) {
  raw_client a{open()};
  a.send("GET k\r\nQUIT\r\nPING\r\n");
  BOOST_TEST(a.receive_all() == "$-1\r\n+OK\r\n");
  BOOST_TEST(a.closed());
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_said) {
  control->mode = fake_mode::unknown;
  raw_client a{open()};
  BOOST_TEST(a.ask("SET k v\r\n", 9) == "-UNKNOWN ");
  control->mode = fake_mode::busy;
  raw_client b{uut->port()};
  BOOST_TEST(b.ask("SET k v\r\n", 10) == "-TRYAGAIN ");
}

BOOST_AUTO_TEST_CASE(a_client_handle_that_does_not_answer_is_not_waited_for) {
  control->mode = fake_mode::hold;
  options.limits.deadline = std::chrono::milliseconds{100};
  raw_client a{open()};
  BOOST_TEST(a.ask("SET k v\r\n", 9) == "-UNKNOWN ");
}

BOOST_AUTO_TEST_CASE(info_without_a_peer_says_so) {
  raw_client a{open()};
  auto reply = a.ask("INFO\r\n", 200);
  a.send("QUIT\r\n");
  reply += a.receive_all();
  BOOST_TEST(reply.find("connected_clients:1\r\n") != std::string::npos);
  BOOST_TEST(reply.find("raft_state:no answer\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_late_reply_does_not_go_to_a_stranger) {
  control->mode = fake_mode::hold;
  raw_client a{open()};
  a.send("ECHO secret\r\nGET k\r\n");
  eventually([&] { return control->held == 1; });
  a.close();
  // The next clients get the file descriptor of the first.
  control->mode = fake_mode::execute;
  for (auto i = 0; i < 5; ++i) {
    raw_client b{uut->port()};
    BOOST_TEST(b.ask("PING\r\nSET k v\r\nPING\r\n", 19)
               == "+PONG\r\n+OK\r\n+PONG\r\n");
  }
}

BOOST_AUTO_TEST_CASE(one_client_too_many_is_told_so) {
  options.connections_max = 2;
  raw_client a{open()};
  raw_client b{uut->port()};
  BOOST_TEST(a.ask("PING\r\n", 7) == "+PONG\r\n");
  BOOST_TEST(b.ask("PING\r\n", 7) == "+PONG\r\n");
  raw_client c{uut->port()};
  BOOST_TEST(c.receive_all() == "-ERR max number of clients reached\r\n");
  BOOST_TEST(c.closed());
  a.close();
  eventually([&] {
    raw_client d{uut->port()};
    return d.ask("PING\r\n", 7) == "+PONG\r\n";
  });
}

BOOST_AUTO_TEST_CASE(a_client_that_sends_too_much_has_to_wait) {
  control->mode = fake_mode::hold;
  raw_client a{open()};
  std::string request;
  auto value = std::string(1 << 16, 'x');
  for (auto word : {"SET", "k", value.c_str()})
    add_bulk(request, word);
  request = "*3\r\n" + request;
  // Much more than the kernel and the bounds together hold.
  std::string all;
  constexpr auto count = 600;
  for (auto i = 0; i < count; ++i)
    all += request;
  auto sent = a.send_some(all, 500);
  BOOST_TEST(sent < all.size());
  eventually([&] { return control->held > 0; });
  BOOST_TEST(control->held == 1);
  control->mode = fake_mode::execute;
  raw_client b{uut->port()};
  BOOST_TEST(b.ask("GET j\r\n", 5) == "$-1\r\n");
  a.send(std::string_view{all}.substr(sent));
  std::string wanted;
  for (auto i = 0; i < count; ++i)
    wanted += "+OK\r\n";
  BOOST_TEST((a.receive(wanted.size()) == wanted));
}

BOOST_AUTO_TEST_CASE(input_that_stops_and_goes_on_all_the_time_does_not_stall) {
  options.limits.waiting_max = 2;
  open();
  constexpr auto count = 5000;
  std::string requests;
  for (auto i = 0; i < count; ++i)
    requests += "EXISTS k\r\n";
  std::vector<std::unique_ptr<raw_client>> clients;
  for (auto i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<raw_client>(uut->port()));
    clients.back()->send(requests);
  }
  for (auto& x : clients)
    BOOST_TEST(x->receive(4 * count).size() == 4u * count);
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_closed) {
  options.unread_bytes_max = 1 << 20;
  raw_client a{open()};
  auto value = std::string(1 << 19, 'x');
  std::string bulk;
  add_bulk(bulk, value);
  BOOST_TEST(a.ask("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk, 5) == "+OK\r\n");
  std::string gets;
  for (auto i = 0; i < 100; ++i)
    gets += "GET k\r\n";
  a.send(gets);
  // The server lives on, and what comes out ends early.
  raw_client b{uut->port()};
  BOOST_TEST(b.ask("PING\r\n", 7) == "+PONG\r\n");
  eventually([&] { return log.count<events::redis_unread>() > 0; });
  auto received = a.receive_all();
  BOOST_TEST(a.closed());
  BOOST_TEST(received.size() < 100 * bulk.size());
}

BOOST_AUTO_TEST_CASE(of_all_that_do_not_read_the_worst_is_closed) {
  options.unread_bytes_max = std::size_t{1} << 30;
  options.unread_total_max = 1 << 20;
  raw_client a{open()};
  raw_client b{uut->port()};
  std::string bulk;
  add_bulk(bulk, std::string(1 << 19, 'x'));
  BOOST_TEST(a.ask("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk, 5) == "+OK\r\n");
  std::string gets;
  for (auto i = 0; i < 100; ++i)
    gets += "GET k\r\n";
  b.send("GET k\r\n");
  a.send(gets);
  eventually([&] { return log.count<events::redis_unread>() > 0; });
  auto received = a.receive_all();
  BOOST_TEST(a.closed());
  BOOST_TEST(received.size() < 100 * bulk.size());
  // The other one has its reply, and goes on.
  BOOST_TEST(b.receive(bulk.size()).size() == bulk.size());
  BOOST_TEST(b.ask("PING\r\n", 7) == "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(large_requests_come_one_after_the_other) {
  // Room for one, so the others wait in the kernel's buffers.
  options.requests_total_max = 1;
  options.request_patience = std::chrono::milliseconds{60'000};
  open();
  auto large = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8000000\r\n"
             + std::string(8'000'000, 'x') + "\r\n";
  raw_client first{uut->port()};
  auto half = large.size() / 2;
  first.send(std::string_view{large}.substr(0, half));
  raw_client second{uut->port()};
  auto sent = second.send_some(large, 300);
  BOOST_TEST(sent < large.size());
  // Small requests do not wait, on whichever connection.
  raw_client third{uut->port()};
  BOOST_TEST(third.ask("SET j v\r\n", 5) == "+OK\r\n");
  first.send(std::string_view{large}.substr(half));
  BOOST_TEST(first.receive(5) == "+OK\r\n");
  second.send(std::string_view{large}.substr(sent));
  BOOST_TEST(second.receive(5) == "+OK\r\n");
  BOOST_TEST(log.count("closing") == 0u);
}

BOOST_AUTO_TEST_CASE(who_does_not_finish_a_large_request_makes_room) {
  options.requests_total_max = 1;
  options.request_patience = std::chrono::milliseconds{100};
  open();
  auto large = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8000000\r\n"
             + std::string(8'000'000, 'x') + "\r\n";
  raw_client lazy{uut->port()};
  lazy.send(std::string_view{large}.substr(0, 1'000'000));
  // Nobody waits for its place, so it may take its time.
  raw_client quick{uut->port()};
  BOOST_TEST(quick.ask("PING\r\n", 7) == "+PONG\r\n");
  BOOST_TEST(log.count("closing") == 0u);
  BOOST_TEST((quick.ask(large, 5) == "+OK\r\n"));
  BOOST_TEST(lazy.receive_all() == "");
  BOOST_TEST(lazy.closed());
  BOOST_TEST(log.count<events::redis_unfinished>() == 1u);
}

BOOST_AUTO_TEST_CASE(large_pipelines_take_turns) {
  options.requests_total_max = 1;
  options.request_patience = std::chrono::milliseconds{60'000};
  open();
  constexpr auto count = 40;
  std::string all;
  std::string wanted;
  for (auto i = 0; i < count; ++i) {
    all += "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n"
         + std::string(300'000, 'x') + "\r\n";
    wanted += "+OK\r\n";
  }
  std::vector<std::unique_ptr<raw_client>> clients;
  std::vector<std::size_t> sent(4);
  for (std::size_t i = 0; i < sent.size(); ++i)
    clients.push_back(std::make_unique<raw_client>(uut->port()));
  eventually([&] {
    for (std::size_t i = 0; i < sent.size(); ++i)
      sent[i] += clients[i]->send_some(
        std::string_view{all}.substr(sent[i], 1 << 20), 1);
    return std::all_of(sent.begin(), sent.end(),
                       [&](auto x) { return x == all.size(); });
  });
  for (auto& x : clients)
    BOOST_TEST((x->receive(wanted.size()) == wanted));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_in_the_middle_is_forgotten) {
  open();
  for (auto text : {"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\nabc", "GET", "*",
                    "GET k\r\n", "QUIT\r\n"}) {
    raw_client a{uut->port()};
    a.send(text);
  }
  raw_client b{uut->port()};
  eventually([&] {
    auto reply = b.ask("INFO clients\r\n", 40);
    b.send("ECHO end\r\n");
    while (!reply.ends_with("end\r\n"))
      reply += b.receive(1);
    return reply.find("connected_clients:1\r\n") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(stopping_answers_what_is_under_way) {
  control->mode = fake_mode::hold;
  options.linger = test::patience;
  raw_client a{open()};
  a.send("SET k v\r\n");
  eventually([&] { return control->held == 1; });
  a.send("GET k\r\nPING\r\n");
  raw_client idle{uut->port()};
  BOOST_TEST(idle.ask("PING\r\n", 7) == "+PONG\r\n");
  // All of it has been read when this is answered.
  BOOST_TEST(idle.ask("PING\r\n", 7) == "+PONG\r\n");
  control->mode = fake_mode::execute;
  auto port = uut->port();
  std::jthread stopping{[&] { uut->stop(); }};
  // Whoever waits for nothing is closed at once; then the held command is
  // released.
  BOOST_TEST(idle.receive_all() == "");
  BOOST_TEST(idle.closed());
  actors::send_anonymously(client, submit{});
  stopping.join();
  BOOST_TEST(a.receive_all()
             == "+OK\r\n-CLUSTERDOWN this peer is stopping; the command had no "
                "effect\r\n+PONG\r\n");
  BOOST_TEST(a.closed());
  BOOST_TEST(!raw_client{port}.connected());
}

BOOST_AUTO_TEST_CASE(stopping_does_not_wait_for_ever) {
  control->mode = fake_mode::hold;
  options.linger = std::chrono::milliseconds{100};
  raw_client a{open()};
  a.send("SET k v\r\n");
  eventually([&] { return control->held == 1; });
  uut->stop();
  BOOST_TEST(
    a.receive_all()
    == "-UNKNOWN the write may or may not take effect: its outcome was "
       "not known in time\r\n");
  BOOST_TEST(a.closed());
}

BOOST_AUTO_TEST_CASE(a_port_can_be_opened_again_at_once) {
  options.where.port = open();
  raw_client a{options.where.port};
  BOOST_TEST(a.ask("PING\r\n", 7) == "+PONG\r\n");
  uut->stop();
  open();
  raw_client b{options.where.port};
  BOOST_TEST(b.ask("PING\r\n", 7) == "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(a_name_is_listened_at_in_all_its_addresses) {
  // Some machines know only one address by this name, and one is enough.
  options.where.host = "localhost";
  auto port = open();
  auto ipv4 = log.count("127.0.0.1:" + std::to_string(port));
  auto ipv6 = log.count("[::1]:" + std::to_string(port));
  BOOST_TEST(ipv4 + ipv6 >= 1u, log.text());
  raw_client a{port};
  BOOST_TEST(a.connected() == (ipv4 == 1));
  auto b = raw_client::over_ipv6(port);
  BOOST_TEST(b->connected() == (ipv6 == 1));
  for (auto x : {&a, b.get()})
    if (x->connected())
      BOOST_TEST(x->ask("PING\r\n", 7) == "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(where_it_listens_is_logged) {
  auto port = open();
  BOOST_TEST(port != 0);
  BOOST_TEST(log.count("redis: listening for clients on 127.0.0.1:"
                       + std::to_string(port))
             == 1u);
}

BOOST_AUTO_TEST_CASE(who_speaks_http_is_sent_away_and_spoken_of) {
  open();
  for (auto i = 0; i < 3; ++i) {
    raw_client a{uut->port()};
    a.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k v\r\n");
    BOOST_TEST(a.receive_all() == "");
    BOOST_TEST(a.closed());
  }
  raw_client b{uut->port()};
  BOOST_TEST(b.ask("DBSIZE\r\n", 4) == ":0\r\n");
  // Once for all of them: there may be many.
  BOOST_TEST(log.count<events::redis_http>() == 1u);
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_reported_as_such) {
  options.where.port = open();
  auto says = [](const char* text) {
    return [text](const server_error& x) {
      return std::string{x.what()}.find(text) != std::string::npos;
    };
  };
  BOOST_CHECK_EXCEPTION(server(system, options), server_error,
                        says("Address already in use"));
  options.where = {"192.0.2.1", 0};
  BOOST_CHECK_EXCEPTION(server(system, options), server_error,
                        says("Cannot assign requested address"));
}

BOOST_AUTO_TEST_SUITE_END()
