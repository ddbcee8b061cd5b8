// The tables behind rules.hpp.

#include <raft/tests/structure/rules.hpp>

#include <algorithm>
#include <utility>

namespace raft::structure {

namespace {

std::vector<folder_rule> rules_of_libraries() {
  return {
    {"base", {}, {"posix"}},
    {"programs", {}, {"cli11", "fmt", "posix"}},
    {"messages", {}, {}},
    {"messages/caf", {"messages"}, {"caf"}},
    {"consensus", {"base", "messages"}, {}},
    {"events", {"base", "consensus", "messages"}, {"fmt"}},
    {"lmdb", {}, {"lmdb", "posix"}},
    {"persistence", {"lmdb", "messages"}, {"lmdb", "xxhash", "posix"}},
    {"machine", {"messages"}, {}},
    {"snapshots", {"lmdb", "machine", "messages"}, {"xxhash", "posix"}},
    {"kv", {"lmdb", "messages", "persistence", "machine"}, {"lmdb", "xxhash"}},
    {"client/state", {"base", "messages"}, {}},
    {"checker", {}, {}},
    {"simulation",
     {"base", "messages", "consensus", "persistence", "machine", "kv",
      "client/state", "checker"},
     {}},
    {"transport", {}, {}},
    {"actors",
     {"base", "messages", "messages/caf", "consensus", "persistence", "machine",
      "snapshots", "actors/caf", "events"},
     {"caf", "fmt", "spdlog"}},
    {"actors/caf",
     {"messages", "messages/caf", "actors", "events", "transport"},
     {"caf", "posix"}},
    {"links",
     {"base", "messages", "consensus", "events", "actors", "actors/caf"},
     {"caf", "fmt", "posix"}},
    {"client",
     {"base", "messages", "actors", "actors/caf", "links", "client/state"},
     {"caf", "fmt"}},
    {"cluster",
     {"base", "messages", "consensus", "events", "persistence", "machine",
      "snapshots", "actors", "actors/caf", "links", "client"},
     {"caf", "fmt"}},
    {"server",
     {"consensus", "programs", "links", "cluster"},
     {"cli11", "toml++", "fmt"}},
    {"redis",
     {"messages", "consensus", "events", "kv", "actors", "actors/caf", "links"},
     {"caf", "posix"}},
  };
}

std::vector<folder_rule> rules_of_programs() {
  return {
    {"scenarios",
     {"base", "messages", "consensus", "persistence", "machine", "kv",
      "checker", "simulation", "actors", "actors/caf", "links", "client"},
     {"caf", "fmt", "posix"}},
    {"tools", {"*"}, {"*"}},
    {"bench", {"programs"}, {"hiredis", "nlohmann", "posix", "cli11", "fmt"}},
    {"bench/core",
     {"base", "messages", "consensus", "persistence", "programs"},
     {"cli11", "fmt", "posix"}},
    {"bench/etcd", {"bench"}, {"nghttp2", "posix"}},
    {"bench/floor",
     {"kv", "persistence", "actors/caf", "links", "bench", "programs"},
     {"caf", "nlohmann", "cli11", "fmt", "posix"}},
    {"examples", {"*"}, {"*"}},
    {"tests", {"*"}, {"*"}},
  };
}

} // namespace

const std::vector<folder_rule>& folder_rules() {
  static const auto rules = [] {
    auto result = rules_of_libraries();
    for (auto& x : rules_of_programs())
      result.push_back(std::move(x));
    return result;
  }();
  return rules;
}

const std::vector<ban>& banned_headers() {
  static const std::vector<ban> bans{
    {{"consensus/"},
     {},
     {"thread",  "mutex",         "shared_mutex",   "condition_variable",
      "atomic",  "future",        "stop_token",     "semaphore",
      "latch",   "barrier",       "random",         "unordered_map",
      "ctime",   "unordered_set", "cstdlib",        "iostream",
      "fstream", "filesystem",    "cstdio",         "syncstream",
      "cmath",   "iomanip",       "source_location"},
     "the core is a function of state and input: let the shell pass it in"},
    {{"checker/", "simulation/"},
     {"simulation/fresh_seeds.cpp"},
     {"random", "unordered_map", "unordered_set", "ctime", "cmath"},
     "the same seed gives the same run: draw from base/random.hpp"},
    {{"base/"},
     {"base/clock.hpp"},
     {"random", "unordered_map", "unordered_set", "ctime", "cmath", "thread"},
     "pure code includes this room: keep it small"},
    {{"consensus/", "simulation/", "checker/", "client/state/"},
     {},
     {"raft/base/clock.hpp"},
     "it is told the time: let whoever calls it pass that in"},
    // Term, role and log belong to one actor; a second one that acted on them
    // would make the copies diverge.
    {{"actors/", "links/", "client/", "cluster/", "redis/", "scenarios/",
      "tools/"},
     {"actors/observers", "actors/peer", "actors/spawn", "actors/subscribers"},
     {"raft/consensus/core.hpp", "raft/consensus/durable_commit.hpp"},
     "only the peer actor drives a core: send it a message"},
  };
  return bans;
}

const std::vector<ban>& banned_words() {
  static const std::vector<ban> bans{
    {{},
     {},
     {"urgent", "message_priority::high"},
     "what it overtakes depends on CAF's version: send with normal priority"},
    {{"checker/", "simulation/"},
     {},
     {"system_clock", "steady_clock", "high_resolution_clock", "getenv", "rand",
      "float", "double", "thread_local"},
     "the same seed gives the same run: draw from base/random.hpp"},
    {{"consensus/"},
     {},
     {"system_clock", "steady_clock", "high_resolution_clock", "getenv", "rand",
      "float", "double", "thread_local", "reinterpret_cast"},
     "the core is a function of state and input: let the shell pass it in"},
    {{},
     {"messages/caf/", "actors/caf/"},
     {"CAF_VERSION"},
     "CAF 1.1.0 says 0100, which is octal; use CAF_MAJOR_VERSION"},
    {{"tests/"},
     {},
     {"sleep_for", "sleep_until", "usleep", "nanosleep"},
     "wait for a condition with a deadline, or use virtual time"},
    {{}, {}, {"NDEBUG"}, "assertions stay on, also in production"},
  };
  return bans;
}

const std::vector<ban>& banned_marks() {
  // Put together here, so that this file does not contain them.
  static const std::string hash_if = std::string{"#if CAF_MAJOR"} + "_VERSION";
  static const std::vector<ban> bans{
    {{},
     {"messages/caf/", "actors/caf/"},
     {hash_if, std::string{"#elif CAF_MAJOR"} + "_VERSION"},
     "what differs between versions of CAF goes to actors/caf/"},
    {{},
     {},
     {std::string{"TO"} + "DO", std::string{"FIX"} + "ME",
      std::string{"XX"} + "X"},
     "finish it, or write an issue"},
  };
  return bans;
}

bool holds_for(const ban& x, const std::string& file) {
  auto below
    = [&](const std::string& prefix) { return file.starts_with(prefix); };
  auto listed = [&](const std::vector<std::string>& xs) {
    return std::any_of(xs.begin(), xs.end(), below);
  };
  return (x.where.empty() || listed(x.where)) && !listed(x.except);
}

const folder_rule* rule_for(const std::string& file) {
  const folder_rule* result = nullptr;
  for (const auto& rule : folder_rules()) {
    auto better
      = result == nullptr || rule.folder.size() > result->folder.size();
    if (better && file.starts_with(rule.folder + "/"))
      result = &rule;
  }
  return result;
}

std::string library_of(const std::string& header) {
  static const std::vector<std::pair<std::string, std::string>> prefixes{
    {"caf/", "caf"},     {"lmdb.h", "lmdb"},      {"xxhash.h", "xxhash"},
    {"CLI/", "cli11"},   {"toml++/", "toml++"},   {"spdlog/", "spdlog"},
    {"fmt/", "fmt"},     {"hiredis/", "hiredis"}, {"nlohmann/", "nlohmann"},
    {"boost/", "boost"}, {"nghttp2/", "nghttp2"},
  };
  for (const auto& [prefix, library] : prefixes)
    if (header.starts_with(prefix))
      return library;
  return header.find('.') == std::string::npos ? "std" : "posix";
}

} // namespace raft::structure
