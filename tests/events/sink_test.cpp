// Nobody lives on without a peer by having forgotten to say what to do.

#include <raft/events/event.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace raft::events;

namespace {

/// What a process ended with, and what it wrote to stderr.
struct death {
  int signal = 0;
  std::string words;
};

/// Runs a function in a process of its own.
death die_of(const std::function<void()>& f) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  auto child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    // Boost's handler would write a report of its own.
    std::signal(SIGABRT, SIG_DFL);
    f();
    ::_exit(0);
  }
  ::close(ends[1]);
  death result;
  char buffer[256];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof(buffer))) > 0;)
    result.words.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sink_suite)

BOOST_AUTO_TEST_CASE(a_failure_that_nobody_handles_ends_the_process) {
  for (const sink& to : {sink{abort_on_failure}, sink{}}) {
    auto end = die_of([&] { tell(to, failed{"the disk is on fire"}); });
    BOOST_TEST(end.signal == SIGABRT);
    BOOST_TEST(end.words == "raft: the disk is on fire\n");
  }
}

BOOST_AUTO_TEST_CASE(or_abort_tells_before_it_ends_the_process) {
  auto end = die_of([] {
    tell(or_abort([](const event& x) {
           auto line = "told: " + to_text(x) + '\n';
           static_cast<void>(::write(STDERR_FILENO, line.data(), line.size())
                             < 0);
         }),
         failed{"the disk is on fire"});
  });
  BOOST_TEST(end.signal == SIGABRT);
  BOOST_TEST(end.words
             == "told: the disk is on fire\nraft: the disk is on fire\n");
}

BOOST_AUTO_TEST_CASE(all_else_ends_nothing) {
  int told = 0;
  tell(or_abort([&](const event&) { ++told; }), checkpoint_has_space{});
  BOOST_TEST(told == 1);
  tell(or_abort({}), checkpoint_has_space{});
  tell({}, checkpoint_has_space{});
  tell(abort_on_failure, checkpoint_has_space{});
}

BOOST_AUTO_TEST_SUITE_END()
