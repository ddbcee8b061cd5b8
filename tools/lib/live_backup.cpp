#include <raft/machine/durability.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/snapshots/snapshot_reader.hpp>
#include <raft/tools/lib/all_peers.hpp>
#include <raft/tools/lib/backup.hpp>
#include <raft/tools/lib/copy_snapshot.hpp>
#include <raft/tools/lib/live_backup.hpp>
#include <raft/tools/lib/status.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

namespace raft::tools {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

void tell(const std::string& what) {
  std::cerr << "raftctl: " << what << '\n';
}

} // namespace

verdict complaint_about(const std::string& file, bool force) {
  std::error_code ignored; // whatever it is, to write it fails as well
  if (fs::is_directory(file, ignored))
    return {exit_code::usage,
            fmt::format("'{}' is a directory; name a file", file)};
  if (!force && fs::exists(fs::symlink_status(file, ignored)))
    return {exit_code::usage,
            fmt::format("'{}' is there already; name another file, or say "
                        "--force to have it replaced",
                        file)};
  return {};
}

// -- commands -----------------------------------------------------------------

verdict back_up(context& ctx, const backup_request& what) {
  if (auto why = complaint_about(what.file, what.force);
      why.code != exit_code::ok)
    return why;
  try {
    const auto begin = steady_clock::now();
    const copy_request request{what.file, what.from, {}, false, tell};
    snapshot_head got;
    if (auto why = copy_snapshot(ctx, request, got);
        why.code != exit_code::ok) {
      why.message += fmt::format("; '{}' was not written", what.file);
      return why;
    }
    const std::chrono::duration<double> took = steady_clock::now() - begin;
    snapshots::snapshot_reader copy{what.file};
    show_description(copy, std::cout);
    show_sound(copy, std::cout);
    std::cout << fmt::format("backed up to '{}' in {:.2f} s\n", what.file,
                             took.count());
    return {};
  } catch (const machine::no_space& e) {
    return {exit_code::usage, e.what()};
  } catch (const snapshots::snapshot_error& e) {
    return {exit_code::usage, e.what()};
  }
}

verdict take_snapshots(context& ctx, peer_id which) {
  const auto all = ask_all(ctx.client);
  auto who = snapshot_sources(all, which);
  if (who.empty())
    return nobody_to_ask(all, which);
  std::sort(who.begin(), who.end(), [](const auto& x, const auto& y) {
    return x.state.id < y.state.id;
  });
  verdict result;
  for (const auto& x : who)
    try {
      const auto head = wait_for_snapshot(ctx, x, x.state.applied);
      std::cout << fmt::format("{}: a snapshot up to entry {}, {} bytes\n",
                               name_of(x), to_text(head.last), head.size)
                << std::flush;
    } catch (const client::client_error& e) {
      tell(e.what());
      result = {exit_code::unreachable, "not every peer has one"};
    }
  return result;
}

} // namespace raft::tools
