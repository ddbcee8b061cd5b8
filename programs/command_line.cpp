#include <raft/programs/command_line.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace raft::programs {

namespace {

/// Stands before each positional argument on its way through CLI11, which then
/// sees nothing in it.
constexpr char mark = '=';

bool is_positional(const std::string& name) {
  return !name.starts_with('-');
}

std::string without_mark(const std::string& x) {
  return x.starts_with(mark) ? x.substr(1) : x;
}

std::string plain(const std::string& name, const std::string& x) {
  return is_positional(name) ? without_mark(x) : x;
}

[[noreturn]] void complain(const std::string& what) {
  throw CLI::ParseError{what, CLI::ExitCodes::ExtrasError};
}

bool looks_like_option(const std::string& x) {
  return x.size() > 1 && x.front() == '-';
}

/// Sorts the arguments for CLI11.
class reader {
public:
  reader(CLI::App& app, std::vector<std::string> all)
    : app_{app}, all_{std::move(all)} {
    // nop
  }

  /// What CLI11 is to read: all that is positional comes first.
  std::vector<std::string> run() {
    while (at_ < all_.size())
      take(all_[at_++]);
    auto result = before_command_;
    result.insert(result.end(), path_.begin(), path_.end());
    result.insert(result.end(), positional_.begin(), positional_.end());
    result.insert(result.end(), options_.begin(), options_.end());
    return result;
  }

private:
  bool has_commands() const {
    return !commands().empty();
  }

  /// Those below what was named so far.
  std::vector<CLI::App*> commands() const {
    auto& here = command_ != nullptr ? *command_ : app_;
    return here.get_subcommands(
      [](const CLI::App* x) { return !x->get_name().empty(); });
  }

  void take(const std::string& x) {
    if (rest_is_positional_ || !looks_like_option(x))
      take_positional(x);
    else if (x == "--")
      rest_is_positional_ = true;
    else
      take_option(x);
  }

  void take_positional(const std::string& x) {
    auto* next = positional_.empty() ? find_command(x) : nullptr;
    if (next != nullptr) {
      command_ = next;
      path_.push_back(x);
    } else if (takes_values() || !has_commands()) {
      positional_.push_back(mark + x);
    } else {
      complain_of_command(x);
    }
  }

  CLI::App* find_command(const std::string& name) const {
    for (auto* x : commands())
      if (x->get_name() == name)
        return x;
    return nullptr;
  }

  [[noreturn]] void complain_of_command(const std::string& name) const {
    std::string known;
    for (auto* x : commands())
      known += (known.empty() ? "" : ", ") + x->get_name();
    complain(
      fmt::format("there is no command '{}'; there are: {}", name, known));
  }

  CLI::Option* find_option(const std::string& name) const {
    CLI::Option* result = nullptr;
    if (command_ != nullptr)
      result = command_->get_option_no_throw(name);
    return result != nullptr ? result : app_.get_option_no_throw(name);
  }

  std::string command_name() const {
    auto result = app_.get_name();
    for (const auto& x : path_)
      result += ' ' + x;
    return result;
  }

  /// Whether what was named so far has positional arguments.
  bool takes_values() const {
    auto& what = command_ != nullptr ? *command_ : app_;
    auto groups = what.get_subcommands(
      [](const CLI::App* x) { return x->get_name().empty(); });
    groups.push_back(&what);
    return std::any_of(groups.begin(), groups.end(), [](const CLI::App* x) {
      auto all = x->get_options();
      return std::any_of(all.begin(), all.end(), [](const CLI::Option* y) {
        return y->get_positional();
      });
    });
  }

  [[noreturn]] void complain_of_option(const std::string& x) const {
    auto help = !takes_values()
                ? fmt::format("'{} --help' lists them", command_name())
                : fmt::format("a value that begins with '-' goes after '--', "
                              "as in: {} -- {}",
                              command_name(), x);
    complain(
      fmt::format("'{}' is no option of '{}'; {}", x, command_name(), help));
  }

  void take_option(const std::string& x) {
    auto equals = x.find('=');
    auto name = x.substr(0, equals);
    auto* option = find_option(name);
    if (option == nullptr)
      complain_of_option(x);
    auto& target = command_ != nullptr ? options_ : before_command_;
    if (option->get_items_expected_max() == 0) {
      target.push_back(x);
      return;
    }
    auto put = [&](const std::string& value) {
      target.push_back(name);
      target.push_back(value);
    };
    if (equals != std::string::npos)
      return put(x.substr(equals + 1));
    put(next_value(name));
    if (option->get_items_expected_max() > 1)
      while (at_ < all_.size() && !looks_like_option(all_[at_]))
        put(all_[at_++]);
  }

  std::string next_value(const std::string& name) {
    if (at_ == all_.size())
      complain(fmt::format("{} needs a value", name));
    const auto& x = all_[at_++];
    if (looks_like_option(x)
        && find_option(x.substr(0, x.find('='))) != nullptr)
      complain(fmt::format("{} needs a value, but '{}' follows, which is an "
                           "option; if it is meant as the value, write {}={}",
                           name, x, name, x));
    return x;
  }

  CLI::App& app_;
  std::vector<std::string> all_;
  std::size_t at_ = 0;
  bool rest_is_positional_ = false;
  CLI::App* command_ = nullptr;
  std::vector<std::string> path_; // to it
  std::vector<std::string> before_command_;
  std::vector<std::string> positional_;
  std::vector<std::string> options_;
};

/// What CLI11 had no use for, in the words of who typed it.
[[noreturn]] void complain_of_rest(const CLI::App& app) {
  auto rest = app.remaining(true);
  std::string words;
  for (const auto& x : rest)
    words += fmt::format("{}'{}'", words.empty() ? "" : ", ", without_mark(x));
  complain(fmt::format("{} {} not expected", words,
                       rest.size() == 1 ? "was" : "were"));
}

template <class T>
CLI::Option* add_one(CLI::App& app, const std::string& name, T& target,
                     const std::string& help) {
  auto take = [&target, name](const CLI::results_t& all) {
    target = plain(name, all.back());
    return true;
  };
  auto* result = app.add_option(name, CLI::callback_t{take}, help);
  if (!is_positional(name))
    result->take_last();
  return result->type_name(is_positional(name) ? "" : "TEXT");
}

} // namespace

CLI::Option* add_text(CLI::App& app, const std::string& name,
                      std::string& target, const std::string& help) {
  return add_one(app, name, target, help);
}

CLI::Option* add_text(CLI::App& app, const std::string& name,
                      std::optional<std::string>& target,
                      const std::string& help) {
  return add_one(app, name, target, help);
}

CLI::Option* add_texts(CLI::App& app, const std::string& name,
                       std::vector<std::string>& target,
                       const std::string& help) {
  auto take = [&target, name](const CLI::results_t& all) {
    target.clear();
    for (const auto& x : all)
      target.push_back(plain(name, x));
    return true;
  };
  return app.add_option(name, CLI::callback_t{take}, help)
    ->expected(CLI::detail::expected_max_vector_size)
    ->type_name("");
}

CLI::Option* add_number(CLI::App& app, const std::string& name,
                        std::uint64_t& target, std::uint64_t min,
                        const std::string& help) {
  auto take = [&target, name, min](const CLI::results_t& all) {
    auto text = plain(name, all.back());
    auto problem = whole_number(min)(text);
    if (!problem.empty())
      throw CLI::ValidationError{name, problem};
    target = std::stoull(text);
    return true;
  };
  return app.add_option(name, CLI::callback_t{take}, help);
}

CLI::Validator whole_number(std::uint64_t min, std::uint64_t max) {
  auto check = [min, max](std::string& text) -> std::string {
    std::uint64_t found = 0;
    auto end = text.data() + text.size();
    auto [at, code] = std::from_chars(text.data(), end, found);
    if (code == std::errc{} && at == end && found >= min && found <= max) {
      text = std::to_string(found); // leading zeros would make it octal
      return {};
    }
    auto range = max == std::numeric_limits<std::uint64_t>::max()
                 ? fmt::format("from {}", min)
                 : fmt::format("from {} to {}", min, max);
    return fmt::format("'{}' is no whole number {}", text, range);
  };
  return CLI::Validator{check, ""};
}

void parse(CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> all;
  for (int i = 1; i < argc; ++i)
    all.emplace_back(argv[i]);
  if (app.get_name().empty() && argc > 0)
    app.name(argv[0]);
  auto sorted = reader{app, std::move(all)}.run();
  std::reverse(sorted.begin(), sorted.end());
  try {
    app.parse(std::move(sorted));
  } catch (const CLI::ExtrasError&) {
    complain_of_rest(app);
  }
}

} // namespace raft::programs
