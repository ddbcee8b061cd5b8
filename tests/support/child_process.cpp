#include <raft/tests/support/child_process.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace raft::test {

child_process::child_process(const std::function<void(int)>& run) {
  int ends[2];
  if (pipe(ends) != 0)
    throw std::runtime_error{"cannot make a pipe"};
  pid_ = fork();
  if (pid_ < 0)
    throw std::runtime_error{"cannot fork"};
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    auto status = 0;
    try {
      run(ends[1]);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "child: %s\n", e.what());
      status = 1;
    } catch (...) { // by the test framework: the child must not go on with it
      status = 1;
    }
    _exit(status);
  }
  close(ends[1]);
  in_ = ends[0];
}

child_process::~child_process() {
  kill();
  close(in_);
}

std::optional<std::uint64_t> child_process::receive_number(int timeout_us) {
  pollfd in{in_, POLLIN, 0};
  timespec timeout{timeout_us / 1'000'000, timeout_us % 1'000'000 * 1000L};
  std::uint64_t result = 0;
  // Eight bytes go through a pipe in one piece.
  if (ppoll(&in, 1, &timeout, nullptr) <= 0
      || read(in_, &result, sizeof result) != sizeof result)
    return std::nullopt;
  return result;
}

void child_process::kill() {
  if (pid_ > 0)
    ::kill(pid_, SIGKILL);
  wait();
}

int child_process::wait() {
  if (pid_ <= 0)
    return -1;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR)
    continue;
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void send_number(int out, std::uint64_t x) {
  if (write(out, &x, sizeof x) != sizeof x)
    throw std::runtime_error{"the parent does not listen"};
}

} // namespace raft::test
