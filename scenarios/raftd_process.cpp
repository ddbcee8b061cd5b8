#include <raft/scenarios/raftd_process.hpp>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace raft::scenarios {

std::string raftd_path() {
  return std::filesystem::read_symlink("/proc/self/exe")
    .replace_filename("raftd");
}

raftd_process::raftd_process(const std::vector<std::string>& flags,
                             const std::string& log,
                             const variables& environment,
                             const std::string& program) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (auto& flag : flags)
    argv.push_back(const_cast<char*>(flag.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> added;
  added.reserve(environment.size());
  for (const auto& [name, value] : environment)
    added.push_back(name + '=' + value);
  // The first one of a name counts.
  std::vector<char*> all;
  all.reserve(added.size());
  for (auto& x : added)
    all.push_back(x.data());
  for (auto* const* x = environ; *x != nullptr; ++x)
    all.push_back(*x);
  all.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error{"pipe"};
  pid_ = ::fork();
  if (pid_ < 0)
    throw std::runtime_error{"fork"};
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    if (!log.empty())
      ::dup2(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600),
             STDERR_FILENO);
    ::execve(argv[0], argv.data(), all.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  out_ = ends[0];
}

raftd_process::~raftd_process() {
  kill();
  ::close(out_);
}

std::string raftd_process::read_line(std::chrono::milliseconds deadline) {
  auto until = std::chrono::steady_clock::now() + deadline;
  std::string result;
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
    pollfd in{out_, POLLIN, 0};
    char c = 0;
    if (left.count() <= 0 || ::poll(&in, 1, static_cast<int>(left.count())) <= 0
        || ::read(out_, &c, 1) != 1)
      return {};
    if (c == '\n')
      return result;
    result += c;
  }
}

void raftd_process::send(int signal) {
  if (pid_ > 0)
    ::kill(pid_, signal);
}

std::uint64_t raftd_process::memory() const {
  std::ifstream in{"/proc/" + std::to_string(pid_) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("RssAnon:"))
      return std::stoull(line.substr(8)) << 10;
  throw std::runtime_error{"the kernel does not say how much memory is in use"};
}

void raftd_process::kill() {
  if (pid_ <= 0)
    return;
  send(SIGKILL);
  ::waitpid(pid_, &status_, 0);
  pid_ = 0;
}

int raftd_process::wait(std::chrono::milliseconds deadline) {
  if (pid_ <= 0)
    return -1;
  auto handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd end{handle, POLLIN, 0};
  auto ended = ::poll(&end, 1, static_cast<int>(deadline.count())) > 0;
  ::close(handle);
  if (!ended)
    return -1;
  ::waitpid(pid_, &status_, 0);
  pid_ = 0;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
}

} // namespace raft::scenarios
