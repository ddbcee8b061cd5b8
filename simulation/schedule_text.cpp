// Schedules as text: as they are saved, and as people write them.

#include <raft/simulation/draw.hpp>

#include <algorithm>
#include <array>
#include <istream>
#include <ostream>
#include <sstream>

namespace raft::simulation {

namespace {

using std::chrono::seconds;

constexpr std::array fault_names{
  "crash",       "crash_all",     "pause",        "cut",
  "isolate",     "mute",          "deafen",       "partition",
  "break_link",  "swizzle",       "lose",         "delay",
  "slow_disk",   "hang_disk",     "fill_disk",    "fail_disk",
  "set_clock",   "drift",         "stall",        "wipe",
  "found_again", "older_copy",    "foreign_disk", "swap_disks",
  "echo",        "slow_links",    "slow_log",     "hang_log",
  "slow_data",   "hang_data",     "fill_data",    "stick_machine",
  "renew_link",  "transfer",      "reconfigure",  "change_release",
  "back_up",     "lose_majority", "add",          "remove",
  "promote",     "demote",        "replace",      "snapshot",
  "quiet"};

} // namespace

const char* to_text(fault_kind x) {
  return fault_names.at(static_cast<std::size_t>(x));
}

std::string to_text(const fault& x) {
  return std::to_string(x.when.count()) + " " + to_text(x.what) + " "
       + to_text(x.peer) + " " + to_text(x.other) + " "
       + std::to_string(x.length.count()) + " " + std::to_string(x.number);
}

void write(std::ostream& out, const schedule& x) {
  out << "raft-schedule 1\nseed " << x.seed << '\n';
  if (x.peers > 0)
    out << "peers " << x.peers << "\nspares " << x.spares << '\n';
  out << "clients " << x.clients << "\nlength " << x.length.count() << '\n';
  for (const auto& y : x.faults)
    out << "fault " << to_text(y) << '\n';
}

namespace {

/// Reads numbers of one line, and says so if it cannot.
class line_reader {
public:
  explicit line_reader(const std::string& line) : line_{line}, in_{line} {
    // nop
  }

  std::string word() {
    std::string result;
    in_ >> result;
    return result;
  }

  std::uint64_t number() {
    return number_in(word());
  }

  std::uint64_t number_in(const std::string& text) const {
    if (text.empty() || text.size() > 19
        || text.find_first_not_of("0123456789") != std::string::npos)
      throw schedule_error{"not a number where one should be: " + line_};
    return std::stoull(text);
  }

  duration time() {
    return duration{static_cast<std::int64_t>(number())};
  }

  void end() {
    if (!word().empty())
      throw schedule_error{"words too many: " + line_};
  }

private:
  const std::string& line_;
  std::istringstream in_;
};

fault_kind kind_named(const std::string& name) {
  const auto* i = std::ranges::find(fault_names, name);
  if (i == fault_names.end())
    throw schedule_error{"there is no fault '" + name + "'"};
  return static_cast<fault_kind>(i - fault_names.begin());
}

/// A number with a unit, as in 2.5s or 300ms.
duration time_in(const std::string& text) {
  const auto bad = [&text] {
    return schedule_error{"not a time such as 2.5s or 300ms: " + text};
  };
  std::istringstream in{text};
  std::uint64_t whole = 0;
  if (!(in >> whole) || whole > 1'000'000)
    throw bad();
  std::string unit;
  std::getline(in, unit);
  std::uint64_t thousandths = 0;
  if (unit.starts_with('.')) {
    auto digits = unit.substr(1, unit.find_first_not_of("0123456789", 1) - 1);
    unit.erase(0, digits.size() + 1);
    digits.resize(3, '0');
    thousandths = std::stoull(digits);
  }
  const auto sum = static_cast<std::int64_t>(whole * 1000 + thousandths);
  if (unit == "s")
    return duration{sum * 1000};
  if (unit == "ms")
    return duration{sum};
  throw bad();
}

/// What is done to members is asked for until somebody begins it.
duration usual_length(fault_kind x) {
  return is_about_members(x) ? seconds{10} : seconds{1};
}

/// As people write it, such as `replace 2 by 4` or `isolate leader for 2s`.
fault read_step(line_reader& line) {
  fault result;
  result.when = time_in(line.word());
  result.what = kind_named(line.word());
  result.length = usual_length(result.what);
  for (auto word = line.word(); !word.empty(); word = line.word())
    if (word == "leader")
      result.peer = {};
    else if (word == "by" || word == "to" || word == "and")
      result.other = {line.number()};
    else if (word == "for")
      result.length = time_in(line.word());
    else if (word == "number")
      result.number = line.number();
    else if (word == "as" && line.word() == "learner")
      result.number = 1;
    else
      result.peer = {line.number_in(word)};
  return result;
}

fault read_fault(line_reader& line) {
  fault result;
  result.when = line.time();
  result.what = kind_named(line.word());
  result.peer = {line.number()};
  result.other = {line.number()};
  result.length = line.time();
  result.number = line.number();
  return result;
}

bool is_release(std::uint64_t version) {
  return protocol_version_min <= version && version <= protocol_version;
}

void check(const schedule& x) {
  constexpr std::size_t peers_max = 10;
  const auto peers = x.peers > 0 ? x.peers + x.spares : draw_all_peers(x.seed);
  if (peers > peers_max || (x.peers == 0 && x.spares > 0))
    throw schedule_error{"there must be 1 to 10 peers, those included that may "
                         "join"};
  if (x.clients < 1 || x.clients > 100)
    throw schedule_error{"there must be 1 to 100 clients"};
  for (const auto& y : x.faults)
    if (y.peer.value > peers || y.other.value > peers
        || (y.what == fault_kind::drift && y.number > 1'000'000)
        || (y.what == fault_kind::set_clock && y.number > 2 * clock_is_right)
        || (y.what == fault_kind::add && !y.peer)
        || (y.what == fault_kind::replace && !y.other)
        || (y.what == fault_kind::change_release && !is_release(y.number)))
      throw schedule_error{"this cluster has " + std::to_string(peers)
                           + " peers: " + to_text(y)};
}

} // namespace

schedule read_schedule(std::istream& in) {
  schedule result;
  std::string line;
  if (!std::getline(in, line) || line != "raft-schedule 1")
    throw schedule_error{"it does not begin with 'raft-schedule 1'"};
  while (std::getline(in, line)) {
    if (line.empty() || line.front() == '#')
      continue;
    line_reader words{line};
    auto what = words.word();
    if (what == "seed")
      result.seed = words.number();
    else if (what == "clients")
      result.clients = words.number();
    else if (what == "length")
      result.length = words.time();
    else if (what == "lasts")
      result.length = time_in(words.word());
    else if (what == "peers")
      result.peers = words.number();
    else if (what == "spares")
      result.spares = words.number();
    else if (what == "at")
      result.faults.push_back(read_step(words));
    else if (what == "fault")
      result.faults.push_back(read_fault(words));
    else
      throw schedule_error{"unknown line: " + line};
    words.end();
  }
  check(result);
  return result;
}

} // namespace raft::simulation
