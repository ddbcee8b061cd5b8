// raftdump: shows a peer's data directory as text.

#include <raft/kv/dump.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/persistence/dump.hpp>
#include <raft/persistence/store.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdint>
#include <iostream>
#include <unistd.h>

namespace {

enum exit_code { all_sound = 0, damaged = 1, unusable = 2 };

/// LMDB reads through a map, where the end of a file that was cut short shows
/// as a signal.
void on_bus_error(int) {
  constexpr char text[] = "raftdump: data.mdb is cut short\n";
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
    _exit(unusable);
  _exit(damaged);
}

/// Shows the key-value data beside the log.
std::uint64_t dump_engines(const raft::persistence::dump_options& options) {
  std::uint64_t damages = 0;
  for (auto group : raft::kv::engines_in(options.directory)) {
    if (options.group && *options.group != group)
      continue;
    raft::kv::dump_options x;
    x.directory = raft::kv::engine_directory(options.directory, group);
    x.group = group;
    x.verify = options.verify;
    damages += raft::kv::dump(x, std::cout);
  }
  return damages;
}

int run(const raft::persistence::dump_options& options) {
  using raft::persistence::store_errc;
  std::signal(SIGBUS, on_bus_error);
  std::ios::sync_with_stdio(false);
  try {
    auto damages = raft::persistence::dump(options, std::cout);
    damages += dump_engines(options);
    std::cout.flush();
    if (!std::cout) {
      std::cerr << "raftdump: cannot write the output\n";
      return unusable;
    }
    return damages == 0 ? all_sound : damaged;
  } catch (const raft::persistence::store_error& e) {
    std::cout.flush();
    std::cerr << "raftdump: " << e.what() << '\n';
    return e.code() == store_errc::corrupt ? damaged : unusable;
  } catch (const std::exception& e) {
    std::cerr << "raftdump: " << e.what() << '\n';
    return unusable;
  }
}

} // namespace

int main(int argc, char** argv) {
  namespace programs = raft::programs;
  programs::fill_standard_files();
  CLI::App app{"Shows a peer's data directory as text. It changes nothing, and "
               "the peer may be running.",
               "raftdump"};
  app.footer("Exit codes: 0 all sound, 1 damage found, 2 wrong usage or "
             "unreadable.");
  raft::persistence::dump_options options;
  std::uint64_t group = 0;
  programs::add_text(app, "DIR", options.directory, "The data directory")
    ->required();
  auto* only = app.add_option("--group", group, "Show this group only");
  auto* from
    = app.add_option("--from", options.from.value, "First entry to show");
  auto* to = app.add_option("--to", options.to.value, "Last entry to show");
  for (auto* number : {only, from, to})
    number->type_name("N")->transform(programs::whole_number());
  app.add_flag("--verify", options.verify,
               "Show no entries, but read all and check every checksum");
  app.add_flag("--journal", options.journal,
               "List the records of the journal as well");
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? all_sound : unusable;
  }
  if (*only)
    options.group = raft::group_id{group};
  return run(options);
}
