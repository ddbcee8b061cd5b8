#include <raft/kv/dump.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/lmdb/lock_file.hpp>
#include <raft/persistence/dump_text.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/persistence/journal_store.hpp>
#include <raft/tools/lib/survivors.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <ostream>
#include <utility>

namespace raft::tools {

namespace fs = std::filesystem;

namespace {

/// Of the files that a peer writes while it runs; a look at them is no writing.
std::uint64_t last_write_to(const std::string& directory) {
  fs::file_time_type last{};
  for (const auto& x : fs::recursive_directory_iterator{directory})
    if (auto name = x.path().filename().string();
        name == "data.mdb" || name.starts_with("journal."))
      last = std::max(last, x.last_write_time());
  auto since_1970 = std::chrono::file_clock::to_sys(last).time_since_epoch();
  return static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count());
}

void read(survivor& to) {
  persistence::lmdb_options options;
  options.directory = to.directory;
  options.writable = false;
  auto store = persistence::open_journal_store(options);
  to.identity = store->identity();
  to.log = store->load(group_of_raftd);
  to.origin = persistence::origin_of(*store);
  to.committed = std::max(
    to.log.compacted.index,
    kv::applied_in(kv::engine_directory(to.directory, group_of_raftd),
                   group_of_raftd));
  if (to.log.members.current().voters.empty())
    to.unusable = "it is no member of any cluster: it was never founded";
  if (persistence::is_being_founded(*store, group_of_raftd))
    to.unusable = persistence::unfinished_founding(*store, group_of_raftd);
  if (to.committed > to.log.last.index)
    to.unusable = fmt::format(
      "its state machine has applied entries up to {}, and its log ends at {}: "
      "a part of the directory was lost, or is an older copy",
      to.committed.value, to.log.last.index.value);
}

std::string name_of(const survivor& x) {
  return fmt::format("peer {} in '{}'", to_text(x.identity.peer), x.directory);
}

auto rank(const survivor& x) {
  return std::pair{x.log.last.term, x.log.last.index};
}

} // namespace

survivor look_at_survivor(const std::string& directory) {
  survivor result;
  result.directory = directory;
  try {
    if (!fs::exists(directory + "/data.mdb")) {
      result.unusable = "there is no peer's data in it";
      return result;
    }
    result.in_use = lmdb::is_claimed(directory);
    read(result);
    result.written_ms = last_write_to(directory);
  } catch (const std::exception& e) {
    result.unusable = e.what();
  }
  return result;
}

void show(const survivor& x, std::ostream& out) {
  using persistence::text_of_time;
  auto line = [&out](const char* name, const std::string& value) {
    out << fmt::format("  {:<14}{}\n", name, value);
  };
  out << x.directory << '\n';
  const auto& log = x.log;
  if (x.identity.peer) {
    line("peer", fmt::format("{} of cluster '{}'", to_text(x.identity.peer),
                             x.identity.cluster));
    line("cluster id",
         log.cluster ? to_text(log.cluster) : "none that is committed");
    line("members", persistence::text(log.members.current().voters));
    line("term", to_text(log.hard.term));
    line("log", log.last.index > log.compacted.index ? fmt::format(
                  "entries {} to {}", to_text(log.compacted.index.next()),
                  to_text(log.last.index))
                                                     : "no entries");
    line("last entry", fmt::format("{}, of {}", to_text(log.last),
                                   text_of_time(log.last_time_ms)));
    line("committed",
         fmt::format("at least up to {}, which its state machine has on the "
                     "disk",
                     to_text(x.committed)));
    if (x.written_ms > 0)
      line("last written", text_of_time(x.written_ms));
  }
  if (x.in_use)
    line("in use", "a raftd runs on it");
  if (!x.unusable.empty())
    line("UNUSABLE", x.unusable);
}

const survivor* best_of(const std::vector<survivor>& all) {
  const survivor* result = nullptr;
  for (const auto& x : all)
    if (x.unusable.empty() && (!result || rank(x) > rank(*result)))
      result = &x;
  return result;
}

std::string contradiction_in(const std::vector<survivor>& all) {
  const survivor* first = nullptr;
  for (const auto& x : all) {
    if (!x.unusable.empty())
      continue;
    if (!first)
      first = &x;
    const auto& a = first->log;
    const auto& b = x.log;
    if (first->identity.cluster != x.identity.cluster)
      return fmt::format("{} is of cluster '{}', and {} of '{}'",
                         name_of(*first), first->identity.cluster, name_of(x),
                         x.identity.cluster);
    if (a.cluster && b.cluster && a.cluster != b.cluster)
      return fmt::format("{} is of the cluster with the id {}, and {} of that "
                         "with the id {}",
                         name_of(*first), to_text(a.cluster), name_of(x),
                         to_text(b.cluster));
    if (a.members.current().voters != b.members.current().voters)
      return fmt::format(
        "{} knows the members {}, and {} the members {}", name_of(*first),
        persistence::text(a.members.current().voters), name_of(x),
        persistence::text(b.members.current().voters));
    if (!(a.cluster && b.cluster) && first->origin != x.origin)
      return fmt::format("{} and {} were not founded from the same snapshot",
                         name_of(*first), name_of(x));
  }
  return {};
}

std::string losses_of(const survivor& chosen, const survivor& best) {
  const auto last = chosen.log.last.index;
  std::string result = fmt::format(
    "What may be lost: all that only other members had on their disks. A "
    "command is acknowledged when {} of the {} members have it, and this one "
    "need not be among them.\n",
    chosen.log.members.current().voters.size() / 2 + 1,
    chosen.log.members.current().voters.size());
  if (rank(chosen) < rank(best))
    result += fmt::format(
      "'{}' holds more: its last entry is {}, and here it is {}. What it holds "
      "more is LOST if you go on with this one.\n",
      best.directory, to_text(best.log.last), to_text(chosen.log.last));
  if (last > chosen.committed)
    result += fmt::format(
      "What may come back: the entries {} to {} are in this log, and whether "
      "they were acknowledged is not known here. They count from now on, also "
      "those whose clients were told nothing.\n",
      to_text(chosen.committed.next()), to_text(last));
  return result;
}

} // namespace raft::tools
