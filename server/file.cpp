// Settings from a TOML file.

#include <raft/server/configuration.hpp>
#include <raft/server/options.hpp>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace raft::server {

namespace {

using cluster::configuration_error;

[[noreturn]] void complain(const std::string& what) {
  throw configuration_error{what};
}

/// The texts of a value in the file.
/// @returns nothing if it has another type than the option.
std::vector<std::string> texts_of(const toml::node& value, option_kind type) {
  switch (type) {
    case option_kind::text:
      if (auto x = value.value_exact<std::string>())
        return {*x};
      break;
    case option_kind::number:
      if (auto x = value.value_exact<std::int64_t>())
        return {std::to_string(*x)};
      break;
    case option_kind::flag:
      if (auto x = value.value_exact<bool>())
        return {*x ? "true" : "false"};
      break;
    case option_kind::list: {
      std::vector<std::string> result;
      auto list = value.as_array();
      if (list == nullptr)
        break;
      for (auto& item : *list) {
        auto x = item.value_exact<std::string>();
        if (!x)
          return {};
        result.push_back(*x);
      }
      return result;
    }
  }
  return {};
}

const char* name_of(option_kind type) {
  switch (type) {
    case option_kind::text:
      return "a string in quotes";
    case option_kind::number:
      return "a whole number";
    case option_kind::flag:
      return "true or false";
    case option_kind::list:
      return "a list of strings, not empty";
  }
  return "";
}

const option* find_option(std::string_view name) {
  auto& all = options();
  auto i = std::find_if(all.begin(), all.end(), [&](const option& x) {
    return name == x.name || (x.formerly != nullptr && name == x.formerly);
  });
  return i == all.end() ? nullptr : &*i;
}

void read_value(std::string_view key, const toml::node& value,
                configuration& x) {
  auto found = find_option(key);
  if (found == nullptr)
    complain(fmt::format("unknown key \"{}\": the keys are the long flags of "
                         "`raftd --help`, without the dashes",
                         key));
  auto texts = texts_of(value, found->type);
  if (texts.empty())
    complain(fmt::format("{}: must be {}", key, name_of(found->type)));
  try {
    found->set(x, texts);
  } catch (const configuration_error& e) {
    complain(fmt::format("{}: {}", key, e.what()));
  }
}

void check_file(const std::string& path) {
  std::error_code ignored; // opening it fails as well
  if (std::filesystem::is_directory(path, ignored))
    complain(path + ": is a directory; name a file of settings");
  errno = 0;
  if (!std::ifstream{path})
    complain(fmt::format("{}: cannot be opened: {}", path,
                         std::generic_category().message(errno)));
}

} // namespace

void read_file(const std::string& path, configuration& x) {
  check_file(path);
  toml::table all;
  try {
    all = toml::parse_file(path);
  } catch (const toml::parse_error& e) {
    auto line = e.source().begin.line;
    if (line == 0)
      complain(fmt::format("{}: {}", path, e.description()));
    complain(fmt::format("{}:{}: {}", path, line, e.description()));
  }
  for (auto&& [key, value] : all) {
    try {
      read_value(key.str(), value, x);
    } catch (const configuration_error& e) {
      complain(
        fmt::format("{}:{}: {}", path, key.source().begin.line, e.what()));
    }
  }
}

} // namespace raft::server
