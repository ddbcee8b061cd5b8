// That the latencies of an open loop are those that a client sees, waiting for
// its turn included.

#include <raft/bench/open_loop.hpp>
#include <raft/tests/cluster/sockets.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <thread>

using namespace raft::bench;
using namespace std::chrono_literals;

namespace {

/// Takes one connection and gives each command the same answer.
class one_answer_server {
public:
  /// @param held How many commands come before it answers the first one.
  explicit one_answer_server(std::string answer, std::size_t held = 1)
    : answer_{std::move(answer)}, held_{held} {
    port_ = listener_.bind();
    listener_.listen(1);
    thread_ = std::thread{[this] { run(); }};
  }

  ~one_answer_server() {
    thread_.join();
  }

  std::uint16_t port() const {
    return port_;
  }

private:
  void run() {
    raft::cluster::test_socket guest{
      ::accept(listener_.fd(), nullptr, nullptr)};
    char buffer[4096];
    std::size_t commands = 0;
    std::string out;
    for (;;) {
      auto size = ::recv(guest.fd(), buffer, sizeof(buffer), 0);
      if (size <= 0 || answer_.empty())
        return;
      // No key or value has this letter, so no command is counted twice.
      for (auto letter : std::string_view{buffer, static_cast<size_t>(size)})
        if (letter == 'S') {
          ++commands;
          out += answer_;
        }
      if (commands < held_)
        continue;
      if (::send(guest.fd(), out.data(), out.size(), MSG_NOSIGNAL) < 0)
        return;
      out.clear();
    }
  }

  std::string answer_;
  std::size_t held_;
  raft::cluster::test_socket listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

open_loop_options options_for(std::uint16_t port) {
  open_loop_options result;
  result.port = port;
  result.connections = 1;
  result.per_second = 200;
  result.length = 1s;
  result.value_bytes = 10;
  return result;
}

bool complains(const open_loop_options& options, std::string_view why) {
  try {
    run_open_loop(options);
    return false;
  } catch (const std::runtime_error& problem) {
    return std::string_view{problem.what()}.find(why) != std::string_view::npos;
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(open_loops)

BOOST_AUTO_TEST_CASE(a_quantile_is_one_of_the_numbers) {
  BOOST_TEST(quantile({7}, 0.01) == 7);
  BOOST_TEST(quantile({4, 1, 3, 2}, 0.5) == 2);
  BOOST_TEST(quantile({4, 1, 3, 2}, 0.51) == 3);
  BOOST_TEST(quantile({4, 1, 3, 2}, 1) == 4);
}

BOOST_AUTO_TEST_CASE(a_command_that_was_due_during_a_stall_has_waited) {
  constexpr std::size_t held = 60;
  one_answer_server server{"+OK\r\n", held};
  auto took = run_open_loop(options_for(server.port()));
  BOOST_REQUIRE(took.size() == 200u);
  constexpr auto distance = 1000.0 / 200;
  for (std::size_t i = 0; i < held; ++i)
    BOOST_TEST(took[i] >= distance * static_cast<double>(held - 1 - i));
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_not_measured) {
  one_answer_server server{"-BUSY slowly\r\n"};
  BOOST_TEST(complains(options_for(server.port()), "BUSY slowly"));
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_comes_is_not_waited_for) {
  one_answer_server server{"+OK\r\n", 201};
  auto options = options_for(server.port());
  options.patience = 1s;
  BOOST_TEST(complains(options, "200 commands have none"));
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_named) {
  one_answer_server server{""};
  BOOST_TEST(complains(options_for(server.port()), "Redis port"));
  BOOST_TEST(
    complains(options_for(raft::cluster::free_port()), "Connection refused"));
}

BOOST_AUTO_TEST_SUITE_END()
