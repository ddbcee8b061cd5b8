#include <raft/persistence/dump_text.hpp>

#include <array>
#include <ctime>

namespace raft::persistence {

namespace {

/// How many characters of an entry's data are shown.
constexpr std::size_t preview_chars = 48;

} // namespace

std::string text(entry_kind x) {
  switch (x) {
    case entry_kind::empty:
      return "empty";
    case entry_kind::command:
      return "command";
    case entry_kind::open_session:
      return "open_session";
    case entry_kind::configuration:
      return "configuration";
  }
  return "kind " + std::to_string(static_cast<unsigned>(x));
}

std::string text(const std::vector<peer_id>& xs) {
  std::string result;
  for (auto x : xs)
    result += (result.empty() ? "" : " ") + to_text(x);
  return result.empty() ? "none" : result;
}

std::string text(const journaled_batch& x) {
  const auto& head = x.head;
  auto result = "group " + to_text(head.group) + ": term "
              + to_text(head.hard.term) + ", "
              + (head.hard.vote ? "vote for peer " + to_text(head.hard.vote)
                                : std::string{"no vote"});
  if (head.truncate_from)
    result += ", truncates from " + to_text(head.truncate_from);
  if (!x.entries.empty())
    result += ", entries " + to_text(x.entries.front().head.where) + " to "
            + to_text(x.entries.back().head.where);
  if (head.compacted.where.index)
    result += ", compacts to " + to_text(head.compacted.where);
  if (head.installs)
    result += ", resets the log to snapshot " + to_text(x.install);
  if (head.installed)
    result += ", snapshot installed";
  if (head.members_changed)
    result += ", voters " + text(x.members.current().voters);
  if (head.cluster)
    result += ", cluster id " + to_text(head.cluster);
  return result;
}

std::string text_of_time(std::uint64_t ms) {
  if (ms == 0)
    return "-";
  auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm fields{};
  std::array<char, 40> result{};
  if (gmtime_r(&seconds, &fields) == nullptr
      || std::strftime(result.data(), result.size(), "%F %T", &fields) == 0)
    return std::to_string(ms);
  auto fraction = std::to_string(1000 + ms % 1000);
  return std::string{result.data()} + '.' + fraction.substr(1);
}

std::string preview(std::string_view data) {
  constexpr auto digits = "0123456789abcdef";
  std::string result;
  for (unsigned char c : data) {
    std::string piece(1, static_cast<char>(c));
    if (c == '\n')
      piece = "\\n";
    else if (c == '"' || c == '\\')
      piece = std::string{"\\"} + static_cast<char>(c);
    else if (c < ' ' || c > '~')
      piece = std::string{"\\x"} + digits[c >> 4] + digits[c & 15];
    if (result.size() + piece.size() > preview_chars)
      return '"' + result + "\"...";
    result += piece;
  }
  return '"' + result + '"';
}

std::string counted(std::uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + ' ' + (n == 1 ? one : many);
}

std::string text(const membership& x) {
  auto result = "voters " + text(x.voters);
  if (is_joint(x))
    result += " and, before, " + text(x.outgoing);
  result += "; learners " + text(x.learners) + "; ";
  for (const auto& y : x.details)
    if (!y.address.empty())
      result += "peer " + to_text(y.peer) + " at " + y.address + "; ";
  if (x.level)
    result += "level " + std::to_string(x.level) + "; ";
  return result
       + (x.index ? "since index " + to_text(x.index)
                  : std::string{"since the bootstrap"});
}

std::string text(const std::vector<log_position>& xs) {
  std::string result;
  auto add = [&result](const std::string& x) {
    result += (result.empty() ? "" : " ") + x;
  };
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (xs.size() <= 10 || i < 4 || i >= xs.size() - 5)
      add(to_text(xs[i]));
    else if (i == 4)
      add("...");
  if (xs.size() > 10)
    add("(" + counted(xs.size(), "term", "terms") + ')');
  return xs.empty() ? "none" : result;
}

} // namespace raft::persistence
