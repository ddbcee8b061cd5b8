#include <raft/bench/floor/processes.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace raft::bench::floor {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

[[noreturn]] void run(const std::function<void(int)>& f, int out,
                      pid_t parent) {
  auto code = EXIT_SUCCESS;
  try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      ::_exit(EXIT_FAILURE);
    f(out);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << std::endl;
    code = EXIT_FAILURE;
  }
  ::_exit(code);
}

} // namespace

child::child(const std::function<void(int out)>& f) {
  int ends[2];
  if (::pipe(ends) != 0)
    fail("pipe");
  std::cout.flush();
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    fail("fork");
  if (pid_ == 0) {
    ::close(ends[0]);
    run(f, ends[1], parent);
  }
  ::close(ends[1]);
  in_ = ends[0];
}

child::~child() {
  ::close(in_);
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void child::read(void* to, std::size_t size) {
  auto at = static_cast<char*>(to);
  while (size > 0) {
    const auto count = ::read(in_, at, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      throw std::runtime_error{"a process of the measurement has failed"};
    at += count;
    size -= static_cast<std::size_t>(count);
  }
}

void child::join() {
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_)
    fail("waitpid");
  pid_ = -1;
  if (status != 0)
    throw std::runtime_error{"a process of the measurement has failed"};
}

void write_all(int out, const void* from, std::size_t size) {
  auto at = static_cast<const char*>(from);
  while (size > 0) {
    const auto count = ::write(out, at, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      fail("write");
    at += count;
    size -= static_cast<std::size_t>(count);
  }
}

} // namespace raft::bench::floor
