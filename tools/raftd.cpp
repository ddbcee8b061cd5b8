// raftd: one peer of a Raft cluster, with its key-value store.
//
// Exit codes: 0 ended by SIGINT, SIGTERM or SIGHUP, 1 failed, 2 wrong
// arguments.

#include <raft/actors/caf/files.hpp>
#include <raft/actors/caf/port.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/cluster/node.hpp>
#include <raft/events/event.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/programs/line_writer.hpp>
#include <raft/programs/standard_files.hpp>
#include <raft/redis/server.hpp>
#include <raft/server/configuration.hpp>
#include <raft/tools/lib/rejoin.hpp>
#include <raft/tools/lib/restore.hpp>
#include <raft/tools/lib/server_log.hpp>

#include <caf/actor_system.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <malloc.h>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using namespace raft;

constexpr int failed = 1;

bool is_ignored(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// The signals that end the process in good order.
sigset_t ending_signals() {
  sigset_t result;
  sigemptyset(&result);
  sigaddset(&result, SIGINT);
  sigaddset(&result, SIGTERM);
  // `nohup` means that the end of a terminal is not ours.
  if (!is_ignored(SIGHUP))
    sigaddset(&result, SIGHUP);
  return result;
}

/// Where memory ends, the process does: an actor that ended by an exception
/// would leave it half dead, and what is acknowledged is on the disk. Takes no
/// memory.
[[noreturn]] void end_without_memory() {
  constexpr std::string_view words{
    "out of memory; the process ends, because it could not go on as a whole. "
    "Give it more, or lower the bounds (docs/operating.md)\n"};
  static_cast<void>(::write(STDERR_FILENO, words.data(), words.size()) < 0);
  ::_exit(failed);
}

/// Comes before the first thread: they inherit it.
/// @returns the signals that the main thread waits for; blocked in all.
sigset_t set_up_signals() {
  auto result = ending_signals();
  pthread_sigmask(SIG_BLOCK, &result, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // A limit on the size of files is handled as a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  return result;
}

spdlog::level::level_enum level_of(events::severity x) {
  switch (x) {
    case events::severity::debug:
      return spdlog::level::debug;
    case events::severity::info:
      return spdlog::level::info;
    case events::severity::warning:
      return spdlog::level::warn;
    case events::severity::error:
      return spdlog::level::err;
    case events::severity::critical:
      break;
  }
  return spdlog::level::critical;
}

/// Logs what happens, and ends the process when its peer has ended: what is not
/// durable must not be answered any more, so nothing is taken down in good
/// order.
void on_event(const events::event& x) {
  if (auto level = level_of(severity_of(x)); spdlog::should_log(level))
    spdlog::log(level, "{}", to_text(x));
  if (!std::holds_alternative<events::failed>(x))
    return;
  spdlog::shutdown();
  ::_exit(failed);
}

/// Has memory of large values, requests and replies go back to the system as
/// soon as it is free. Left to itself, glibc takes what was given back once for
/// small from then on, and keeps it; and free pieces of some megabytes, with
/// small ones in use between them, add up to many times what the bounds allow.
void give_back_large_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 32 << 20);
#endif
}

redis::server_options redis_options(const server::configuration& config,
                                    const cluster::node& node) {
  redis::server_options result;
  result.where = *config.redis;
  result.unread_bytes_max = config.redis_unread_bytes;
  result.unread_total_max = config.redis_unread_total;
  result.requests_total_max = config.redis_requests_total;
  result.client = node.client();
  result.peer = node.peer();
  result.group = node.config().group;
  result.on_event = on_event;
  auto files = actors::files_max();
  result.files_of_others
    = files
    - actors::share_files(files, node.config().connections_max,
                          actors::port_bounds{}.places_kept)
        .others;
  // A batch of commands must fit into an entry.
  auto entry_max = node.config().raft.command_bytes_max;
  auto& limits = result.limits;
  limits.waiting_bytes_max = std::min(limits.waiting_bytes_max, entry_max / 2);
  auto& bulk_max = limits.requests.bulk_bytes_max;
  bulk_max = std::min(bulk_max, entry_max);
  return result;
}

/// Lets signals end what may take long, as long as it lives: whatever ends it,
/// the next start goes on with it.
class interruptible {
public:
  explicit interruptible(const sigset_t& signals) : signals_{signals} {
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

  interruptible(const interruptible&) = delete;
  interruptible& operator=(const interruptible&) = delete;

  ~interruptible() {
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

private:
  const sigset_t& signals_;
};

/// The store that node and engine go on with, after what is restored was.
std::shared_ptr<persistence::store> restore(const server::configuration& config,
                                            const kv::engine_options& engine,
                                            const sigset_t& signals) {
  spdlog::info("fills {} with the snapshot '{}', unless that was done before",
               config.node.data_directory, config.restore);
  interruptible guard{signals};
  auto done = tools::restore_engine(config.node, config.restore, engine);
  if (done.restored)
    spdlog::info("restored: {}", tools::in_words(*done.restored));
  return std::move(done.store);
}

/// The same, after what is damaged was repaired.
std::shared_ptr<persistence::store> rejoin(const server::configuration& config,
                                           const kv::engine_options& engine,
                                           const sigset_t& signals) {
  interruptible guard{signals};
  return tools::rejoin(config.node, engine, [](const std::string& what) {
    spdlog::info("{}", what);
  });
}

kv::engine_options engine_options(const server::configuration& config) {
  kv::engine_options result;
  result.directory = config.node.data_directory;
  result.map_bytes = config.node.map_bytes;
  result.overlay_bytes_max = config.dirty_bytes;
  result.cached_bytes_max = config.cached_bytes;
  return result;
}

void run(const server::configuration& config, const sigset_t& signals) {
  spdlog::info("{}", server::describe(config));
  auto engine = engine_options(config);
  cluster::node_options options;
  if (!config.restore.empty())
    options.store = restore(config, engine, signals);
  else if (config.rejoin)
    options.store = rejoin(config, engine, signals);
  actors::system_config system_config{true};
  caf::actor_system system{system_config};
  options.on_event = on_event;
  options.dirty_bytes_max = config.dirty_bytes;
  options.restoration = kv::engine_restorations(engine);
  cluster::node node{system, config.node, kv::engine_factory(engine),
                     std::move(options)};
  std::optional<redis::server> redis_server;
  if (config.redis)
    redis_server.emplace(system, redis_options(config, node));
  // Nobody has to read it.
  programs::line_writer out{STDOUT_FILENO};
  out.put(fmt::format("listening on {}\n", to_text(node.where())));
  int which = 0;
  sigwait(&signals, &which);
  spdlog::info("ending, because of signal {} ({})", which, strsignal(which));
  // A second one ends the process the hard way.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  // While Redis clients are served: they need not even notice.
  node.hand_over();
  redis_server.reset();
  node.stop();
}

} // namespace

int main(int argc, char** argv) {
  programs::fill_standard_files();
  give_back_large_memory();
  auto arguments = server::read_arguments(argc, argv);
  if (!arguments.config) {
    std::fputs(arguments.text.c_str(),
               arguments.exit_code == 0 ? stdout : stderr);
    return arguments.exit_code;
  }
  try {
    std::set_new_handler(end_without_memory);
    auto signals = set_up_signals();
    tools::set_up_log(*arguments.config);
    run(*arguments.config, signals);
    return 0;
  } catch (const std::exception& e) {
    spdlog::critical("{}", e.what());
    return failed;
  }
}
