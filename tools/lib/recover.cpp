#include <raft/lmdb/directory.hpp>
#include <raft/persistence/dump_text.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/persistence/journal_store.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/tools/lib/directory_copy.hpp>
#include <raft/tools/lib/recover.hpp>
#include <raft/tools/lib/survivors.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace raft::tools {

namespace {

bool is_same(const std::string& x, const std::string& y) {
  std::error_code ignored; // Then the names decide.
  return x == y || std::filesystem::equivalent(x, y, ignored);
}

bool is_alone(const survivor& x) {
  return x.log.members.current().voters == std::vector{x.identity.peer};
}

std::vector<survivor> look_at_all(const recovery& what) {
  auto names = what.directories;
  auto is_chosen = [&](const std::string& x) { return is_same(x, what.use); };
  if (!what.use.empty() && std::none_of(names.begin(), names.end(), is_chosen))
    names.push_back(what.use);
  std::vector<survivor> result;
  for (const auto& x : names)
    result.push_back(look_at_survivor(x));
  return result;
}

/// @returns null if none is chosen.
const survivor* chosen_of(const std::vector<survivor>& all,
                          const recovery& what) {
  if (what.use.empty())
    return all.size() == 1 ? &all.front() : nullptr;
  for (const auto& x : all)
    if (is_same(x.directory, what.use))
      return &x;
  return nullptr;
}

void show_best(const std::vector<survivor>& all, const survivor& best,
               std::ostream& out) {
  if (all.size() == 1)
    return;
  out << fmt::format(
    "\nThe best one is '{}': its last entry, {}, is that of the highest term, "
    "and the last of those. So an election among these would have gone to it, "
    "and no other one here has an entry that is committed and that it lacks.\n",
    best.directory, to_text(best.log.last));
}

/// The journal that is there, as it is.
persistence::journal_options journal_in(const std::string& directory) {
  namespace fs = std::filesystem;
  constexpr std::uint64_t shortest = 4 << 10;
  constexpr std::uint64_t longest = 1 << 30;
  persistence::journal_options result;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (const auto& x : fs::directory_iterator{directory})
    if (x.path().filename().string().starts_with("journal.")) {
      ++files;
      bytes = std::max<std::uint64_t>(bytes, x.file_size());
    }
  if (files > 0) {
    result.segments = std::clamp<std::uint64_t>(files, 2, 64);
    result.segment_bytes = std::clamp(bytes, shortest, longest);
  }
  return result;
}

/// Between the look and the change nobody may have started a peer on it.
std::unique_ptr<persistence::store> open_alone(const survivor& x) {
  persistence::lmdb_options options;
  options.directory = x.directory;
  options.cluster = x.identity.cluster;
  options.peer = x.identity.peer;
  options.reserved_space = {0, 0};
  return persistence::open_journal_store(options, journal_in(x.directory));
}

/// A directory that was moved here asks nobody any more.
void settle(persistence::store& x) {
  if (x.memory().restored)
    x.remember({{}, true});
}

std::string keep_copy(const survivor& x) {
  lmdb::directory_claim claim{x.directory, false};
  auto result = free_name_beside(x.directory, "before-recovery");
  copy_directory(x.directory, result);
  return result;
}

verdict go_on_alone(const survivor& x, std::ostream& out) {
  const auto id = to_text(x.identity.peer);
  auto copy = keep_copy(x);
  out << fmt::format("The state until now is kept in '{}'.\n", copy);
  auto store = open_alone(x);
  cluster_id fresh{persistence::draw_number()};
  persistence::found_alone(*store, group_of_raftd, fresh, x.committed);
  settle(*store);
  store->conclude();
  out << fmt::format(
    "Peer {} is the only voter of a new cluster now, with the id {}. Start it "
    "with --members {}=HOST:PORT alone. Whoever comes back from the cluster "
    "before is refused; do not start them any more. When all is well, remove "
    "the copy.\n",
    id, to_text(fresh), id);
  return {};
}

/// It is done already, perhaps but for the last step.
verdict finish(const survivor& x, std::ostream& out) {
  auto store = open_alone(x);
  settle(*store);
  store->conclude();
  out << fmt::format("\nPeer {} is alone in its cluster already: there is "
                     "nothing to do. Start it.\n",
                     to_text(x.identity.peer));
  return {};
}

verdict refuse(const survivor& x) {
  return {exit_code::usage,
          fmt::format("'{}' cannot be used: {}", x.directory, x.unusable)};
}

verdict confirm(const recovery& what, const questioner& ask,
                std::ostream& out) {
  if (what.yes)
    return {};
  out << "\nGo on with this peer alone? Type yes: " << std::flush;
  auto answer = ask();
  if (!answer)
    return {exit_code::usage,
            "there is no terminal at which to ask: nothing was changed. Say "
            "--yes if you mean it"};
  if (*answer != "yes")
    return {exit_code::no, "nothing was changed"};
  return {};
}

verdict recover_one(const std::vector<survivor>& all, const survivor& chosen,
                    const recovery& what, const questioner& ask,
                    std::ostream& out) {
  if (chosen.in_use)
    return {
      exit_code::usage,
      fmt::format("a process runs on '{}': end it first", chosen.directory)};
  if (is_alone(chosen))
    return finish(chosen, out);
  if (auto why = contradiction_in(all); !why.empty())
    return {exit_code::no, why + ": name those of one cluster"};
  show_best(all, *best_of(all), out);
  out << '\n' << losses_of(chosen, *best_of(all));
  if (auto no = confirm(what, ask, out); no.code != exit_code::ok)
    return no;
  return go_on_alone(chosen, out);
}

} // namespace

verdict recover(const recovery& what, const questioner& ask,
                std::ostream& out) {
  auto all = look_at_all(what);
  for (const auto& x : all)
    show(x, out);
  if (const auto* chosen = chosen_of(all, what)) {
    if (!chosen->unusable.empty())
      return refuse(*chosen);
    try {
      return recover_one(all, *chosen, what, ask, out);
    } catch (const std::exception& e) {
      return {exit_code::usage, e.what()};
    }
  }
  if (auto why = contradiction_in(all); !why.empty())
    return {exit_code::no, why + ": name those of one cluster"};
  const auto* best = best_of(all);
  if (!best)
    return refuse(all.front());
  show_best(all, *best, out);
  out << fmt::format("To go on with it: raftctl recover --use '{}'\n",
                     best->directory);
  return {};
}

std::optional<std::string> ask_at_terminal() {
  std::string line;
  if (::isatty(STDIN_FILENO) == 0 || !std::getline(std::cin, line))
    return std::nullopt;
  return line;
}

} // namespace raft::tools
