#include <raft/checker/history_format.hpp>
#include <raft/checker/history_format_logs.hpp>
#include <raft/checker/history_format_words.hpp>

#include <algorithm>
#include <charconv>
#include <istream>
#include <ostream>

namespace raft::checker {

namespace {

using words = std::vector<history_word>;

template <class Integer>
Integer to_integer(const history_word& x, const char* what) {
  Integer result{};
  auto end = x.text.data() + x.text.size();
  auto [at, error] = std::from_chars(x.text.data(), end, result);
  if (x.quoted || x.text.empty() || error != std::errc{} || at != end)
    throw word_error{"'" + x.text + "' is no " + what};
  return result;
}

void read_value(const history_word& x, register_model::value& to) {
  to.reset();
  if (!x.is("nil"))
    to = to_integer<std::int64_t>(x, "integer and not nil");
}

void read_value(const history_word& x, map_model::value& to) {
  to.reset();
  if (!x.is("nil"))
    to = x.text;
}

std::string value_text(const register_model::value& x) {
  return x ? std::to_string(*x) : "nil";
}

std::string value_text(const map_model::value& x) {
  return x ? quote(*x) : "nil";
}

/// What an operation and its answer consist of, in front of and behind "->".
struct sentence {
  words question;
  words answer;
  bool answered = false;
};

sentence divide(words all, std::size_t from) {
  sentence result;
  auto i = all.begin() + static_cast<std::ptrdiff_t>(from);
  auto arrow = std::find_if(i, all.end(), [](auto& x) { return x.is("->"); });
  result.question.assign(i, arrow);
  result.answered = arrow != all.end();
  if (result.answered)
    result.answer.assign(arrow + 1, all.end());
  return result;
}

void require(bool holds, const char* form) {
  if (!holds)
    throw word_error{std::string{"expected "} + form};
}

bool asks(const sentence& x, std::string_view name, std::size_t arguments) {
  return x.question[0].is(name) && x.question.size() == arguments + 1;
}

/// Reads "ok" or "failed".
bool read_done(const sentence& x, std::size_t words_max, const char* form) {
  const auto& y = x.answer;
  require(!y.empty() && y.size() <= words_max, form);
  require(y[0].is("failed") || (y[0].is("ok") && y.size() == 1), form);
  return y[0].is("ok");
}

void read_operation(const sentence& x, register_model::operation& to) {
  register_model::output out;
  if (asks(x, "read", 0)) {
    to.input = register_model::read{};
    require(!x.answered || x.answer.size() == 1, "read -> VALUE");
    if (x.answered)
      read_value(x.answer[0], out.seen);
  } else if (asks(x, "write", 1)) {
    register_model::write y;
    read_value(x.question[1], y.to);
    to.input = y;
    require(!x.answered || read_done(x, 1, "write VALUE"), "write VALUE");
  } else if (asks(x, "cas", 2)) {
    register_model::compare_and_set y;
    read_value(x.question[1], y.from);
    read_value(x.question[2], y.to);
    to.input = y;
    if (x.answered)
      out.done = read_done(x, 1, "cas OLD NEW -> ok or failed");
  } else {
    throw word_error{"expected read, write VALUE or cas OLD NEW"};
  }
  if (x.answered)
    to.output = out;
}

void read_count(const sentence& x, map_model::output& out) {
  if (!x.answered || (x.answer.size() == 1 && x.answer[0].is("ok")))
    return;
  require(x.answer.size() == 1, "one number behind ->");
  out.count = to_integer<std::uint64_t>(x.answer[0], "count");
}

void read_operation(const sentence& x, map_model::operation& to) {
  map_model::output out;
  auto at = [&](std::size_t i) { return x.question[i].text; };
  if (asks(x, "get", 1)) {
    to.input = {at(1), map_model::get{}};
    require(!x.answered || x.answer.size() == 1, "get KEY -> VALUE");
    if (x.answered)
      read_value(x.answer[0], out.seen);
  } else if (asks(x, "put", 2)) {
    to.input = {at(1), map_model::put{at(2)}};
    require(!x.answered || read_done(x, 1, "put KEY VALUE"), "put KEY VALUE");
  } else if (asks(x, "append", 2)) {
    to.input = {at(1), map_model::append{at(2)}};
    read_count(x, out);
  } else if (asks(x, "delete", 1)) {
    to.input = {at(1), map_model::erase{}};
    read_count(x, out);
  } else if (asks(x, "cas", 3)) {
    map_model::compare_and_set y{{}, at(3)};
    read_value(x.question[2], y.from);
    to.input = {at(1), y};
    if (x.answered)
      out.done = read_done(x, 2, "cas KEY OLD NEW -> ok, or failed FOUND");
    out.tells = x.answer.size() == 2;
    if (out.tells)
      read_value(x.answer[1], out.seen);
  } else {
    throw word_error{"expected get KEY, put KEY VALUE, append KEY VALUE, "
                     "delete KEY or cas KEY OLD NEW"};
  }
  if (x.answered)
    to.output = out;
}

template <class Model>
operation_of<Model> read_line(words all) {
  require(all.size() >= 4, "CLIENT START END OPERATION");
  operation_of<Model> result;
  result.client = to_integer<std::uint64_t>(all[0], "client number");
  result.start = to_integer<std::int64_t>(all[1], "start time");
  if (!all[2].is("?")) {
    result.end = to_integer<std::int64_t>(all[2], "end time; ? for unknown");
    if (*result.end < result.start)
      throw word_error{"it ends before it starts"};
  }
  auto text = divide(std::move(all), 3);
  require(!text.question.empty(), "an operation in front of ->");
  read_operation(text, result);
  if (result.output && !result.end)
    throw word_error{"an answer, but no end"};
  return result;
}

/// Reads what follows the first line.
template <class Model>
history<Model> read_own(const std::vector<std::string>& lines,
                        std::size_t from) {
  history<Model> result;
  for (auto i = from; i < lines.size(); ++i) {
    try {
      auto all = split_words(lines[i]);
      if (all.empty() || (!all[0].quoted && all[0].text.starts_with('#')))
        continue;
      if (all[0].is("initial") && all.size() == 2 && result.operations.empty())
        read_value(all[1], result.model.first);
      else
        result.operations.push_back(read_line<Model>(std::move(all)));
    } catch (const word_error& e) {
      throw history_error{i + 1, e.what()};
    }
  }
  return result;
}

any_history read_own(const std::vector<std::string>& lines, std::size_t first) {
  words header;
  try {
    header = split_words(lines[first]);
  } catch (const word_error& e) {
    throw history_error{first + 1, e.what()};
  }
  if (header.size() == 3 && header[1].is("1")) {
    if (header[2].is("register"))
      return read_own<register_model>(lines, first + 1);
    if (header[2].is("map"))
      return read_own<map_model>(lines, first + 1);
  }
  throw history_error{first + 1, "expected 'history 1 register' or 'history 1 "
                                 "map'"};
}

/// The first line that is neither blank nor a comment.
std::size_t first_line(const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto at = lines[i].find_first_not_of(" \t\r");
    if (at != std::string::npos && lines[i][at] != '#')
      return i;
  }
  throw history_error{std::max<std::size_t>(lines.size(), 1), "it is empty"};
}

template <class Model>
void write_any(std::ostream& out, const char* name, const history<Model>& x) {
  out << "history 1 " << name << '\n';
  if (x.model.first)
    out << "initial " << value_text(x.model.first) << '\n';
  for (auto y : x.operations) {
    if (!y.end)
      y.output.reset();
    out << y.client << ' ' << y.start << ' ';
    if (y.end)
      out << *y.end;
    else
      out << '?';
    out << ' ' << x.model.describe(y, true) << '\n';
  }
}

} // namespace

any_history read_history(std::istream& in) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(std::move(line));
  if (in.bad())
    throw history_error{lines.size() + 1, "reading failed"};
  auto first = first_line(lines);
  if (lines[first].starts_with('{'))
    return read_edn_log(lines);
  auto word = lines[first].substr(lines[first].find_first_not_of(" \t"));
  if (word.starts_with("history"))
    return read_own(lines, first);
  if (std::any_of(lines.begin(), lines.end(), is_jepsen_line))
    return read_jepsen_log(lines);
  throw history_error{first + 1, "expected 'history 1 register' or 'history 1 "
                                 "map', or a log of Jepsen or of EDN maps"};
}

void write(std::ostream& out, const history<register_model>& x) {
  write_any(out, "register", x);
}

void write(std::ostream& out, const history<map_model>& x) {
  write_any(out, "map", x);
}

} // namespace raft::checker
