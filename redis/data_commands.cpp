// Commands that work on data.

#include <raft/redis/command_table.hpp>
#include <raft/redis/glob.hpp>
#include <raft/redis/resp.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace raft::redis {

namespace {

/// The most keys that one step of a scan looks at, whatever its COUNT.
constexpr std::uint64_t scan_count_max = 10'000;

constexpr auto not_an_integer = "ERR value is not an integer or out of range";

template <class Format>
machine_call read(const kv::command& x, Format format) {
  return {kv::encode(x),    false, false, 1, machine_call::shape::formatted,
          std::move(format)};
}

template <class Format>
machine_call write(const kv::command& x, Format format) {
  return {kv::encode(x),    true, false, 1, machine_call::shape::formatted,
          std::move(format)};
}

std::vector<std::string> strings(const arguments& args, std::size_t first) {
  return {args.begin() + static_cast<std::ptrdiff_t>(first), args.end()};
}

void format_ok(std::string& out, const kv::reply_view&) {
  add_simple(out, "OK");
}

void format_count(std::string& out, const kv::reply_view& x) {
  add_integer(out, static_cast<std::int64_t>(x.count));
}

void format_value(std::string& out, const kv::reply_view& x) {
  if (!x.values.empty() && x.values.front())
    add_bulk(out, *x.values.front());
  else
    add_nil(out);
}

void format_values(std::string& out, const kv::reply_view& x) {
  std::size_t size = 0;
  for (const auto& value : x.values)
    size += value ? value->size() + 32 : 8;
  out.reserve(out.size() + size);
  add_array(out, x.values.size());
  for (const auto& value : x.values) {
    if (value)
      add_bulk(out, *value);
    else
      add_nil(out);
  }
}

void format_if_absent(std::string& out, const kv::reply_view& x) {
  if (x.result == kv::status::ok)
    add_simple(out, "OK");
  else
    add_nil(out);
}

action run_get(const arguments& args, command_context&) {
  auto result = read(kv::get{strings(args, 1)}, format_value);
  result.looks = machine_call::shape::value;
  return result;
}

action run_mget(const arguments& args, command_context&) {
  auto result = read(kv::get{strings(args, 1)}, format_values);
  result.reads_much = args.size() > 2;
  result.looks = machine_call::shape::values;
  return result;
}

/// The options of SET.
struct set_options {
  bool if_absent = false;
  bool if_present = false;
  /// KEEPTTL or an expiry.
  bool about_expiry = false;
  /// The first option that there is in Redis and not here.
  std::string unsupported;
};

/// Reads the options of SET.
/// @returns an error in Redis's words, or null.
const char* read_set_options(const arguments& args, set_options& x) {
  auto not_here = [&x](std::string_view option) {
    if (x.unsupported.empty())
      x.unsupported = option;
  };
  for (std::size_t i = 3; i < args.size(); ++i) {
    auto option = to_lower(args[i]);
    if (option == "nx" && !x.if_present) {
      x.if_absent = true;
    } else if (option == "xx" && !x.if_absent) {
      x.if_present = true;
      not_here("XX");
    } else if (option == "get") {
      not_here("GET");
    } else if (option == "keepttl" && !x.about_expiry) {
      // Keys never expire, so there is nothing to keep.
      x.about_expiry = true;
    } else if ((option == "ex" || option == "px" || option == "exat"
                || option == "pxat")
               && !x.about_expiry && i + 1 < args.size()) {
      x.about_expiry = true;
      not_here(args[i]);
      if (!to_integer(args[++i]))
        return not_an_integer;
    } else {
      return "ERR syntax error";
    }
  }
  return nullptr;
}

action run_set(const arguments& args, command_context&) {
  set_options options;
  if (auto error = read_set_options(args, options))
    return reply_error(error);
  if (!options.unsupported.empty())
    return reply_error("ERR SET option '" + options.unsupported
                       + "' is not supported");
  std::string key{args[1]};
  std::string value{args[2]};
  if (options.if_absent)
    return write(kv::compare_and_set{std::move(key), {}, std::move(value)},
                 format_if_absent);
  return write(kv::put{std::move(key), std::move(value)}, format_ok);
}

action run_mset(const arguments& args, command_context&) {
  if (args.size() % 2 == 0)
    return wrong_arity("mset");
  kv::put_many x;
  x.pairs.reserve(args.size() / 2);
  for (std::size_t i = 1; i < args.size(); i += 2)
    x.pairs.emplace_back(args[i], args[i + 1]);
  return write(x, format_ok);
}

action run_append(const arguments& args, command_context&) {
  return write(kv::append{std::string{args[1]}, std::string{args[2]}},
               format_count);
}

action run_del(const arguments& args, command_context&) {
  return write(kv::erase{strings(args, 1)}, format_count);
}

action run_exists(const arguments& args, command_context&) {
  return read(kv::exists{strings(args, 1)}, format_count);
}

action run_dbsize(const arguments&, command_context&) {
  return read(kv::count{}, format_count);
}

/// Reads a cursor as `strtoull` does for Redis, minus its whims: digits only.
std::optional<std::uint64_t> read_cursor(std::string_view text) {
  std::uint64_t result = 0;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return result;
}

struct scan_options {
  std::uint64_t cursor = 0;
  std::string pattern = "*";
  std::uint64_t count = 10;
  /// There are only strings here.
  bool type_fits = true;
};

const char* read_scan_options(const arguments& args, scan_options& x) {
  auto cursor = read_cursor(args[1]);
  if (!cursor)
    return "ERR invalid cursor";
  x.cursor = *cursor;
  for (std::size_t i = 2; i < args.size(); i += 2) {
    if (i + 1 == args.size())
      return "ERR syntax error";
    auto option = to_lower(args[i]);
    auto value = args[i + 1];
    if (option == "count") {
      auto count = to_integer(value);
      if (!count)
        return not_an_integer;
      if (*count < 1)
        return "ERR syntax error";
      x.count = std::min(static_cast<std::uint64_t>(*count), scan_count_max);
    } else if (option == "match") {
      x.pattern = value;
    } else if (option == "type") {
      x.type_fits = is_word(value, "string");
    } else {
      return "ERR syntax error";
    }
  }
  return nullptr;
}

/// Looks at as many of the keys as there is time for, at one at least; the
/// client comes again for the others.
void format_scan(std::string& out, const kv::reply_view& x,
                 const scan_options& options, cursor_table& cursors) {
  glob pattern{options.pattern};
  std::vector<std::string_view> found;
  auto next = x.pairs.begin();
  for (auto goes_on = true; goes_on && next != x.pairs.end(); ++next) {
    const auto& key = next->first;
    if (options.type_fits && pattern.matches(key))
      found.push_back(key);
    goes_on = cursors.spend((1 + key.size()) * pattern.steps());
  }
  std::uint64_t cursor = 0;
  if (next != x.pairs.begin() && (x.more || next != x.pairs.end()))
    cursor
      = cursors.remember(std::string{std::prev(next)->first}, options.cursor);
  add_array(out, 2);
  add_bulk(out, std::to_string(cursor));
  add_array(out, found.size());
  for (auto key : found)
    add_bulk(out, key);
}

action run_scan(const arguments& args, command_context& around) {
  scan_options options;
  if (auto error = read_scan_options(args, options))
    return reply_error(error);
  if (options.pattern.size() > pattern_bytes_max)
    return pattern_too_long();
  kv::scan x;
  x.prefix = literal_prefix(options.pattern);
  x.limit = options.count;
  x.keys_only = true;
  if (options.cursor != 0) {
    auto key = around.cursors.find(options.cursor);
    if (!key)
      return reply_error("ERR the cursor is not known to this peer (any more); "
                         "begin again with SCAN 0");
    x.after = *key;
  }
  return read(x, [options = std::move(options), cursors = &around.cursors](
                   std::string& out, const kv::reply_view& found) {
    format_scan(out, found, options, *cursors);
  });
}

constexpr command_entry table[] = {
  {"append", 3, true, 1, 1, 1, run_append},
  {"dbsize", 1, false, 0, 0, 0, run_dbsize},
  {"del", -2, true, 1, -1, 1, run_del},
  {"exists", -2, false, 1, -1, 1, run_exists},
  {"get", 2, false, 1, 1, 1, run_get},
  {"mget", -2, false, 1, -1, 1, run_mget},
  {"mset", -3, true, 1, -1, 2, run_mset},
  {"scan", -2, false, 0, 0, 0, run_scan},
  {"set", -3, true, 1, 1, 1, run_set},
  {"unlink", -2, true, 1, -1, 1, run_del},
};

} // namespace

std::span<const command_entry> data_commands() {
  return table;
}

} // namespace raft::redis
