// Lines that nobody reads, or that find no room, hold up nobody.

#include <raft/programs/line_writer.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

using raft::programs::line_writer;
using namespace std::chrono_literals;

namespace {

struct pipe_fixture {
  pipe_fixture() {
    std::signal(SIGPIPE, SIG_IGN);
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw std::runtime_error{"pipe"};
    capacity = static_cast<std::size_t>(fcntl(out(), F_GETPIPE_SZ));
  }

  ~pipe_fixture() {
    close_reader();
    close(ends[1]);
  }

  int out() const {
    return ends[1];
  }

  void close_reader() {
    if (ends[0] >= 0)
      close(std::exchange(ends[0], -1));
  }

  /// Fills the pipe, so that the next byte blocks.
  void fill() {
    fcntl(out(), F_SETFL, O_NONBLOCK);
    std::string text(1, '.');
    while (write(out(), text.data(), text.size()) > 0)
      continue;
    fcntl(out(), F_SETFL, 0);
  }

  /// Reads until a text was there.
  std::string read_until(const std::string& last) {
    std::string result;
    while (!result.ends_with(last)) {
      char c = 0; // one by one: not beyond the text
      BOOST_REQUIRE(read(ends[0], &c, 1) == 1);
      result += c;
    }
    return result;
  }

  int ends[2] = {-1, -1};
  std::size_t capacity = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(line_writers, pipe_fixture)

BOOST_AUTO_TEST_CASE(lines_come_out_in_their_order) {
  line_writer x{out()};
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += std::to_string(i) + '\n';
    x.put(std::to_string(i) + '\n');
  }
  BOOST_TEST(read_until("99\n") == all);
  BOOST_TEST(x.drain(60s));
}

BOOST_AUTO_TEST_CASE(all_is_out_when_it_ends) {
  line_writer{out()}.put("the end\n");
  BOOST_TEST(read_until("\n") == "the end\n");
}

BOOST_AUTO_TEST_CASE(a_pipe_that_nobody_reads_holds_up_nobody) {
  fill();
  line_writer x{out(), 10, "the log"};
  for (int i = 0; i < 1000; ++i)
    x.put("12345678\n");
  BOOST_TEST(!x.drain(1ms));
  // The first one waits; there is no room for a second one.
  auto text = read_until("12345678\n");
  BOOST_TEST(text.size() == capacity + 9);
  BOOST_TEST(read_until("lost\n") == "999 lines of the log were lost\n");
  BOOST_TEST(x.drain(60s));
  x.put("again\n");
  BOOST_TEST(read_until("\n") == "again\n");
}

BOOST_AUTO_TEST_CASE(what_is_important_finds_room) {
  fill();
  line_writer x{out(), 10};
  x.put("12345678\n");
  x.put("lost\n");
  x.put("the reason of the end\n", true);
  BOOST_TEST(read_until("end\n").ends_with(
    "12345678\n1 line was lost\nthe reason of the end\n"));
}

BOOST_AUTO_TEST_CASE(its_end_does_not_wait_for_ever) {
  fill();
  auto begin = std::chrono::steady_clock::now();
  line_writer{out()}.put("stuck\n");
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 60s));
  // Lets the thread go, which still writes.
  BOOST_TEST(read_until("stuck\n").size() == capacity + 6);
}

BOOST_AUTO_TEST_CASE(a_pipe_whose_reader_has_gone_costs_lines_only) {
  line_writer x{out()};
  close_reader();
  for (int i = 0; i < 10; ++i)
    x.put("lost\n");
  BOOST_TEST(x.drain(60s));
}

BOOST_AUTO_TEST_CASE(a_pipe_that_does_not_block_loses_nothing) {
  fcntl(out(), F_SETFL, O_NONBLOCK);
  line_writer x{out(), 10 * capacity};
  x.put(std::string(3 * capacity, '.') + '\n');
  BOOST_TEST(read_until("\n").size() == 3 * capacity + 1);
}

BOOST_AUTO_TEST_CASE(what_a_full_disk_does_not_take_is_counted) {
  auto full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  BOOST_REQUIRE(full >= 0);
  {
    line_writer x{full};
    x.put("lost\n");
    x.put("lost\n");
    BOOST_REQUIRE(x.drain(60s));
    // Now there is room.
    BOOST_REQUIRE(dup2(out(), full) == full);
    x.put("back\n");
    BOOST_TEST(read_until("back\n") == "\n2 lines were lost\nback\n");
  }
  close(full);
}

BOOST_AUTO_TEST_SUITE_END()
