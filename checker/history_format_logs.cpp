#include <raft/checker/history_format_logs.hpp>
#include <raft/checker/history_format_words.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>

namespace raft::checker {

namespace {

[[noreturn]] void fail(std::size_t line, const std::string& why) {
  throw history_error{line, why};
}

/// Puts starts and ends of operations together, process by process.
template <class Model>
class collector {
public:
  using operation = operation_of<Model>;

  collector() {
    result_.unit = "line";
  }

  void begin(std::size_t line, operation x) {
    if (open_.contains(x.client))
      fail(line, "process " + std::to_string(x.client)
                   + " has not finished what it began before");
    x.start = static_cast<std::int64_t>(line);
    open_.emplace(x.client, std::move(x));
  }

  /// Takes what the process has under way.
  operation end(std::size_t line, std::uint64_t process) {
    auto i = open_.find(process);
    if (i == open_.end())
      fail(line, "process " + std::to_string(process)
                   + " ends what it has not begun");
    auto result = std::move(i->second);
    open_.erase(i);
    result.end = static_cast<std::int64_t>(line);
    return result;
  }

  void add(operation x) {
    result_.operations.push_back(std::move(x));
  }

  void add_unknown(operation x) {
    x.end.reset();
    x.output.reset();
    add(std::move(x));
  }

  history<Model> finish(Model model) {
    for (auto& [_, x] : open_)
      add_unknown(std::move(x));
    result_.model = std::move(model);
    return std::move(result_);
  }

private:
  std::map<std::uint64_t, operation> open_;
  history<Model> result_;
};

std::uint64_t to_process(std::size_t line, const std::string& text) {
  std::uint64_t result = 0;
  auto end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, result);
  if (error != std::errc{} || at != end)
    fail(line, "'" + text + "' is no process number");
  return result;
}

register_model::value to_value(std::size_t line, const std::string& text) {
  if (text == "nil")
    return std::nullopt;
  std::int64_t result = 0;
  auto end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, result);
  if (error != std::errc{} || at != end)
    fail(line, "'" + text + "' is no number and not nil");
  return result;
}

/// The words behind "jepsen.util -": process, type, operation, and what may be
/// one or two values in brackets.
using jepsen_words = std::vector<std::string>;

register_model::input to_input(std::size_t line, const jepsen_words& x) {
  if (x[2] == ":read")
    return register_model::read{};
  if (x[2] == ":write" && x.size() >= 4)
    return register_model::write{to_value(line, x[3])};
  if (x[2] == ":cas" && x.size() >= 5 && x[3].starts_with('[')
      && x[4].ends_with(']'))
    return register_model::compare_and_set{
      to_value(line, x[3].substr(1)),
      to_value(line, x[4].substr(0, x[4].size() - 1))};
  fail(line, "no operation that is known: " + x[2]);
}

/// What a line says about the operation that it ends.
void end_jepsen(std::size_t line, const jepsen_words& x,
                register_model::operation operation,
                collector<register_model>& into) {
  const auto& type = x[1];
  auto reads = std::holds_alternative<register_model::read>(operation.input);
  auto sets
    = std::holds_alternative<register_model::compare_and_set>(operation.input);
  if (type == ":ok") {
    operation.output.emplace();
    if (reads && x.size() < 4)
      fail(line, "a read without its value");
    if (reads)
      operation.output->seen = to_value(line, x[3]);
    into.add(std::move(operation));
  } else if (type == ":fail") {
    // A read or write that failed did nothing, and nobody saw anything.
    if (!sets)
      return;
    operation.output.emplace();
    operation.output->done = false;
    into.add(std::move(operation));
  } else if (type == ":info") {
    into.add_unknown(std::move(operation));
  } else {
    fail(line, "unknown type " + type);
  }
}

constexpr std::string_view jepsen_mark = "jepsen.util - ";

/// The end of an EDN value that begins at `from`.
std::size_t end_of_value(std::string_view text, std::size_t from) {
  if (text[from] != '"')
    return std::min(text.find_first_of(" \t,}", from), text.size());
  for (auto i = from + 1; i < text.size(); ++i) {
    if (text[i] == '"')
      return i + 1;
    i += text[i] == '\\' ? 1 : 0;
  }
  return text.size();
}

/// The values of one line of EDN, by name.
std::map<std::string, history_word> read_edn_line(std::size_t line,
                                                  std::string_view text) {
  std::map<std::string, history_word> result;
  auto skip = [&](std::size_t i) {
    return std::min(text.find_first_not_of(" \t,\r", i), text.size());
  };
  auto at = skip(1);
  while (at < text.size() && text[at] == ':') {
    auto end_of_name = end_of_value(text, at);
    auto name = text.substr(at + 1, end_of_name - at - 1);
    auto from = skip(end_of_name);
    auto to = from < text.size() ? end_of_value(text, from) : from;
    try {
      auto value = split_words(text.substr(from, to - from));
      if (value.size() != 1)
        fail(line, "a name without a value");
      result[std::string{name}] = std::move(value[0]);
    } catch (const word_error& e) {
      fail(line, e.what());
    }
    at = skip(to);
  }
  if (at >= text.size() || text[at] != '}' || skip(at + 1) != text.size())
    fail(line, "no map of names and values");
  for (const auto* name : {"process", "type", "f", "key", "value"})
    if (!result.contains(name))
      fail(line, std::string{"there is no :"} + name);
  return result;
}

map_model::input to_input(std::size_t line,
                          const std::map<std::string, history_word>& x) {
  const auto& name = x.at("f");
  const auto& value = x.at("value");
  map_model::input result{x.at("key").text, map_model::get{}};
  if (name.is(":get"))
    return result;
  if (!value.quoted)
    fail(line, "a value must be a string in quotes");
  if (name.is(":put"))
    result.what = map_model::put{value.text};
  else if (name.is(":append"))
    result.what = map_model::append{value.text};
  else
    fail(line, "no operation that is known: " + name.text);
  return result;
}

} // namespace

bool is_jepsen_line(const std::string& line) {
  return line.find(jepsen_mark) != std::string::npos;
}

history<register_model> read_jepsen_log(const std::vector<std::string>& lines) {
  collector<register_model> result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto at = lines[i].find(jepsen_mark);
    if (at == std::string::npos)
      continue;
    std::istringstream rest{lines[i].substr(at + jepsen_mark.size())};
    jepsen_words words{std::istream_iterator<std::string>{rest}, {}};
    // Jepsen also reports its own doings this way.
    if (words.size() < 3 || words[0].find_first_not_of("0123456789") == 0)
      continue;
    auto process = to_process(i + 1, words[0]);
    if (words[1] == ":invoke")
      result.begin(i + 1, {process, 0, {}, to_input(i + 1, words), {}});
    else
      end_jepsen(i + 1, words, result.end(i + 1, process), result);
  }
  return result.finish({});
}

history<map_model> read_edn_log(const std::vector<std::string>& lines) {
  collector<map_model> result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find_first_not_of(" \t\r") == std::string::npos)
      continue;
    if (!lines[i].starts_with('{'))
      fail(i + 1, "expected a map in braces");
    auto values = read_edn_line(i + 1, lines[i]);
    auto process = to_process(i + 1, values["process"].text);
    const auto& type = values["type"];
    if (type.is(":invoke")) {
      result.begin(i + 1, {process, 0, {}, to_input(i + 1, values), {}});
      continue;
    }
    auto x = result.end(i + 1, process);
    if (type.is(":ok")) {
      x.output.emplace();
      const auto& value = values["value"];
      if (!value.is("nil"))
        x.output->seen = value.text;
      result.add(std::move(x));
    } else if (type.is(":info")) {
      result.add_unknown(std::move(x));
    } else if (!type.is(":fail")) {
      fail(i + 1, "unknown type " + type.text);
    }
  }
  return result.finish({""});
}

} // namespace raft::checker
