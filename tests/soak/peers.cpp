#include <raft/checker/explain.hpp>
#include <raft/checker/history_format.hpp>
#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/soak/peers.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace raft::soak {

using namespace std::chrono_literals;
using cluster::eventually;

namespace {

/// Reads a key through each peer, as clients of their own.
void read_everywhere(const peers& all, const std::string& key,
                     map_history& into) {
  std::optional<std::optional<std::string>> first;
  for (std::size_t i = 0; i < peers::count; ++i) {
    map_operation x;
    x.client = load::clients + i;
    x.input = {key, checker::map_model::get{}};
    redis_answer answer;
    BOOST_REQUIRE(eventually(
      [&] {
        redis_client peer;
        if (!peer.connect(all.redis[i]))
          return false;
        x.start = now();
        answer = peer.ask({"GET", key});
        x.end = now();
        return answer.what == redis_answer::kind::done;
      },
      progress_max));
    x.output.emplace();
    x.output->seen = answer.text;
    BOOST_TEST((answer.text == first.value_or(answer.text)));
    first = answer.text;
    into.operations.push_back(std::move(x));
  }
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t result = 0;
  for (auto i = text.find(part); i != std::string::npos;
       i = text.find(part, i + 1))
    ++result;
  return result;
}

/// Each acknowledged value is in the last value of its key once, each other at
/// most once.
void check_appends(const map_history& x) {
  std::map<std::string, std::string> last;
  for (const auto& y : x.operations)
    if (y.client >= load::clients)
      last[y.input.key] = y.output->seen.value_or("");
  for (const auto& y : x.operations) {
    const auto* append = std::get_if<checker::map_model::append>(&y.input.what);
    if (!append)
      continue;
    auto n = occurrences(last[y.input.key], append->more);
    BOOST_TEST((y.end ? n == 1 : n <= 1),
               append->more << " is there " << n << " times");
  }
}

void check_history(const map_history& x, std::uint64_t block) {
  auto found = checker::check(x);
  if (found.result == checker::verdict::linearizable)
    return;
  auto file = "soak-" + std::to_string(block) + ".history";
  std::ofstream out{file};
  checker::write(out, x);
  BOOST_ERROR("block " << block << " is "
                       << (found.result == checker::verdict::undecided
                             ? "undecided"
                             : to_text(explain(x, found)))
                       << "; the history is in " << file);
}

} // namespace

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

peers::peers() {
  // All at once, so that no port is picked twice.
  std::vector<cluster::test_socket> held(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    where.push_back({"127.0.0.1", held[i].bind()});
    redis.push_back(held[count + i].bind());
    members += (i > 0 ? "," : "") + std::to_string(i + 1) + '='
             + links::to_text(where[i]);
  }
}

peers::~peers() {
  if (failed.so_far())
    for (std::size_t i = 0; i < count; ++i)
      test::show_end_of_file(log_file(i));
}

void peers::start(std::size_t i, const std::string& program,
                  const std::vector<std::string>& more) {
  const auto founder = ids[i] <= count;
  const auto one = std::to_string(ids[i]) + '=' + links::to_text(where[i]);
  std::vector<std::string> options{"--id",
                                   std::to_string(ids[i]),
                                   "--members",
                                   founder ? members : one,
                                   "--data",
                                   data(i),
                                   "--redis",
                                   "127.0.0.1:" + std::to_string(redis[i]),
                                   founder ? "--bootstrap" : "--join",
                                   "--log-level",
                                   "info",
                                   "--dirty-bytes",
                                   "1048576",
                                   "--checkpoint-after",
                                   "300",
                                   "--log-kept",
                                   "65536",
                                   "--compaction-bytes",
                                   "65536"};
  options.insert(options.end(), more.begin(), more.end());
  processes[i] = std::make_unique<scenarios::raftd_process>(
    options, log_file(i), scenarios::raftd_process::variables{}, program);
  const auto said = processes[i]->read_line(progress_max);
  BOOST_REQUIRE_MESSAGE(said == "listening on " + links::to_text(where[i]),
                        "peer " << ids[i] << " at " << links::to_text(where[i])
                                << " says \"" << said << '"');
}

void peers::kill(const std::vector<std::size_t>& which) {
  for (auto i : which)
    processes[i]->send(SIGKILL);
  for (auto i : which)
    processes[i]->kill();
}

bool peers::try_ctl(const std::string& arguments, std::string& said) const {
  std::string at;
  for (const auto& x : where)
    at += (at.empty() ? "" : ",") + links::to_text(x);
  const auto out = directory.path("raftctl");
  const auto line = std::string{RAFTCTL} + " --timeout "
                  + std::to_string(progress_max.count()) + " --peers " + at
                  + ' ' + arguments + " >" + out + " 2>&1 </dev/null";
  const auto done = std::system(line.c_str()) == 0;
  std::ifstream in{out};
  said = {std::istreambuf_iterator<char>{in}, {}};
  return done;
}

void peers::ctl(const std::string& arguments) const {
  std::string said;
  BOOST_REQUIRE_MESSAGE(try_ctl(arguments, said),
                        "raftctl " << arguments << ": " << said);
}

void peers::replace(std::size_t i) {
  kill({i});
  std::filesystem::remove_all(data(i));
  const auto old = std::exchange(ids[i], ++last_id);
  where[i].port = cluster::test_socket{}.bind();
  start(i);
  ctl("member replace " + std::to_string(old) + ' ' + std::to_string(ids[i])
      + ' ' + links::to_text(where[i]));
}

void peers::settle() const {
  std::string said;
  const auto is_settled = [&] {
    // At times nobody leads.
    if (!try_ctl("member list --json", said))
      return false;
    const auto now = nlohmann::json::parse(said);
    return !now["under_way"].get<bool>()
        && std::ranges::none_of(now["members"], [](const auto& x) {
             return x["joins"].template get<bool>()
                 || !(x["leads"].template get<bool>()
                      || x.value("connected", false));
           });
  };
  BOOST_REQUIRE_MESSAGE(
    eventually(is_settled, progress_max),
    "a change of members does not come to its end: " << said);
}

bool converge(const peers& all) {
  client::client_options options;
  options.server_deadline = 2s;
  client::blocking_client asker{all.where, options};
  return eventually(
    [&] {
      std::optional<std::uint64_t> hash;
      for (const auto& x : all.where) {
        try {
          auto digest = kv::decode_digest(
            asker.query(x, kv::digest_request(), consistency::stale).reply);
          if (!digest || digest->hash != hash.value_or(digest->hash))
            return false;
          hash = digest->hash;
        } catch (const client::client_error&) {
          return false;
        }
      }
      return true;
    },
    progress_max);
}

map_history pause_and_check(const peers& all, load& clients,
                            std::uint64_t block) {
  map_history seen;
  seen.operations = clients.pause();
  BOOST_REQUIRE_MESSAGE(converge(all), "the peers' states differ");
  std::set<std::string> keys;
  for (const auto& x : seen.operations)
    keys.insert(x.input.key);
  for (const auto& key : keys)
    read_everywhere(all, key, seen);
  check_appends(seen);
  check_history(seen, block);
  return seen;
}

} // namespace raft::soak
