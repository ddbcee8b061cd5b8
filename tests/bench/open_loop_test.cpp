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
  /// @param stall How long it does nothing when the first command has come.
  explicit one_answer_server(std::string answer,
                             std::chrono::milliseconds stall = 0ms)
    : answer_{std::move(answer)}, stall_{stall} {
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
    for (auto first = true;; first = false) {
      auto size = ::recv(guest.fd(), buffer, sizeof(buffer), 0);
      if (size <= 0 || answer_.empty())
        return;
      if (first)
        std::this_thread::sleep_for(stall_);
      // No key or value has this letter, so no command is counted twice.
      std::string out;
      for (auto letter : std::string_view{buffer, static_cast<size_t>(size)})
        if (letter == 'S')
          out += answer_;
      if (::send(guest.fd(), out.data(), out.size(), MSG_NOSIGNAL) < 0)
        return;
    }
  }

  std::string answer_;
  std::chrono::milliseconds stall_;
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

bool complains(std::uint16_t port, std::string_view why) {
  try {
    run_open_loop(options_for(port));
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
  constexpr auto stall = 300.0;
  one_answer_server server{"+OK\r\n", 300ms};
  auto took = run_open_loop(options_for(server.port()));
  BOOST_REQUIRE(took.size() == 200u);
  constexpr auto distance = 1000.0 / 200;
  for (std::size_t i = 0; i < took.size(); ++i) {
    auto left = stall - distance * static_cast<double>(i);
    BOOST_TEST(took[i] >= std::max(left, 0.0));
  }
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_not_measured) {
  one_answer_server server{"-BUSY slowly\r\n"};
  BOOST_TEST(complains(server.port(), "BUSY slowly"));
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_named) {
  one_answer_server server{""};
  BOOST_TEST(complains(server.port(), "Redis port"));
  BOOST_TEST(complains(raft::cluster::free_port(), "Connection refused"));
}

BOOST_AUTO_TEST_SUITE_END()
