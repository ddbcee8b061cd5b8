// The log: agreement, and what it costs.

#include <raft/scenarios/scenario.hpp>

#include <algorithm>
#include <map>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

void basic_agreement(test_context& x) {
  x.check_one_leader();
  const auto& record = x.where().record();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    require_equal(record.commands(), i - 1, "the commands committed before");
    auto index = x.one(100 * i, 3, false);
    // Only the empty entries of leaders stand between the commands.
    require_equal(record.commands_up_to(index), i,
                  "the number of commands up to it");
  }
}

void bytes_of_messages(test_context& x) {
  constexpr std::size_t commands = 10;
  constexpr std::size_t size = 5000;
  auto index = x.one(99, 3, false);
  auto begin = x.where().sent().bytes;
  std::uint64_t payload = 0;
  for (std::size_t i = 0; i < commands; ++i) {
    std::string text(size, ' ');
    std::generate(text.begin(), text.end(),
                  [&] { return static_cast<char>('a' + x.draw(26)); });
    auto next = x.one(bytes{std::move(text)}, 3, false);
    require_equal(next, index.next(), "the index of the next command");
    index = next;
    payload += size;
  }
  auto used = x.where().sent().bytes - begin;
  require_at_most(used, x.size() * payload + 50000, "the bytes sent");
}

void concurrent_starts(test_context& x) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (attempt > 0)
      x.sleep(3s);
    auto leader = x.check_one_leader();
    auto first = x.where().start(leader, test_context::command(1));
    if (!first.index)
      continue;
    std::vector<bytes> wanted;
    for (std::uint64_t i = 100; i < 105; ++i)
      wanted.push_back(test_context::command(i));
    std::vector<log_index> where;
    for (const auto& begun : x.where().start(leader, wanted))
      if (begun.index && begun.term == first.term)
        where.push_back(begun.index);
    if (x.highest_term() != first.term)
      continue;
    auto in_term = std::all_of(where.begin(), where.end(), [&](log_index i) {
      return x.wait(i, 3, first.term);
    });
    if (!in_term)
      continue;
    std::vector<bytes> seen;
    seen.reserve(where.size());
    for (auto i : where)
      seen.push_back(x.where().record().at(i)->data);
    for (const auto& command : wanted)
      require(std::count(seen.begin(), seen.end(), command) == 1,
              "command " + std::string{command.view()}
                + " to be committed once",
              "it is not");
    return;
  }
  throw scenario_failure{"a term that lasts, in five tries", "none"};
}

std::uint64_t received_by_all(test_context& x) {
  std::uint64_t result = 0;
  for (peer_number i = 0; i < x.size(); ++i)
    result += x.where().received(i);
  return result;
}

/// @returns whether the term lasted, so that the counts mean something.
bool count_agreement(test_context& x) {
  constexpr std::size_t commands = 10;
  auto leader = x.check_one_leader();
  auto before = received_by_all(x);
  auto first = x.where().start(leader, test_context::command(1));
  if (!first.index)
    return false;
  std::vector<bytes> wanted;
  for (std::size_t i = 0; i <= commands; ++i)
    wanted.push_back(x.draw_command());
  auto expected = first.index;
  for (const auto& command : wanted) {
    auto begun = x.where().start(leader, command);
    if (!begun.index || begun.term != first.term)
      return false;
    require_equal(begun.index, ++expected, "the index of the next command");
  }
  for (std::size_t i = 0; i < commands; ++i) {
    auto index = first.index + (i + 1);
    if (!x.wait(index, 3, first.term))
      return false;
    require(x.where().record().at(index)->data == wanted[i],
            "the commands in the order of their start",
            "another one at entry " + to_text(index));
  }
  if (x.highest_term() != first.term)
    return false;
  auto used = received_by_all(x) - before;
  require_at_most(used, (commands + 1 + 3) * 3,
                  "the exchanges for " + std::to_string(commands + 2)
                    + " commands");
  return true;
}

void message_counts(test_context& x) {
  x.check_one_leader();
  auto election = received_by_all(x);
  require(election >= 1 && election <= 30,
          "1 to 30 exchanges to elect a leader", std::to_string(election));
  auto counted = false;
  for (int attempt = 0; attempt < 5 && !counted; ++attempt) {
    if (attempt > 0)
      x.sleep(3s);
    counted = count_agreement(x);
  }
  require(counted, "a term that lasts, in five tries", "none");
  auto before = received_by_all(x);
  x.sleep(1s);
  require_at_most(received_by_all(x) - before, 3u * 20u,
                  "the exchanges of an idle second");
}

} // namespace

std::vector<scenario> log_scenarios() {
  return {
    {"basic-agreement",
     "basic agreement",
     "log",
     "Three commands, one after the other, each committed by all three peers "
     "within two seconds of its start. Nothing else may be committed, except "
     "for the empty entry that a leader begins its term with.",
     3,
     {},
     {},
     basic_agreement},
    {"bytes-of-messages",
     "bytes of messages",
     "log",
     "Ten commands of 5000 bytes each. All messages together may hold 200000 "
     "bytes: every command may travel to each follower once.",
     3,
     {},
     {},
     bytes_of_messages},
    {"concurrent-starts",
     "concurrent starts",
     "log",
     "Five commands are offered to the leader at the same time. Each must be "
     "committed, once. If the term changes meanwhile, all is tried again.",
     3,
     {},
     {},
     concurrent_starts},
    {"message-counts",
     "counts of messages",
     "log",
     "At most 30 exchanges to elect a leader, 42 for twelve commands, and 60 "
     "in a second without any. Counted are requests that reached a peer.",
     3,
     {},
     {ability::counting_exchanges},
     message_counts},
  };
}

} // namespace raft::scenarios
