#include <raft/simulation/fresh_seeds.hpp>
#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/fuzz_main.hpp>

#include <algorithm>
#include <iostream>
#include <limits>
#include <stdexcept>

namespace raft::simulation {

namespace {

using usage_error = std::invalid_argument;

constexpr const char* usage
  = "usage: fuzz [--seeds A..B | --fresh N] [--jobs N] [--save FILE] "
    "[--lines N] [--timeline FILE.html] |\n"
    "       replay FILE [--lines N] [--timeline FILE.html] |\n"
    "       replay --seed N [--lines N] [--timeline FILE.html]";

constexpr auto all_lines = std::numeric_limits<std::size_t>::max();

/// Takes an option that both have.
/// @returns whether it is one.
bool take(const std::string& name, const std::string& value,
          fuzz_options& into) {
  if (name == "--lines")
    into.lines = read_number(value);
  else if (name == "--timeline")
    into.timeline = value;
  else
    return false;
  return true;
}

/// Takes an option of `fuzz`.
bool take_fuzz(const std::string& name, const std::string& value,
               fuzz_options& into) {
  if (name == "--seeds")
    read_seeds(value, into);
  else if (name == "--fresh")
    draw_fresh_seeds(std::min<std::uint64_t>(read_number(value), 1'000'000),
                     into, std::cout);
  else if (name == "--jobs")
    into.jobs = std::min<std::uint64_t>(read_number(value), 256);
  else if (name == "--save")
    into.save = value;
  else
    return take(name, value, into);
  return true;
}

template <class Take>
void read_options(const std::vector<std::string>& words, std::size_t first,
                  fuzz_options& into, Take taken) {
  for (auto i = first; i < words.size(); i += 2) {
    if (i + 1 == words.size())
      throw usage_error{words[i] + " needs a value"};
    if (!taken(words[i], words[i + 1], into))
      throw usage_error{"there is no option " + words[i]};
  }
}

bool carry_out(const workload& what, const std::vector<std::string>& words) {
  fuzz_options options;
  if (words.size() >= 2 && words[1] == "fuzz") {
    read_options(words, 2, options, take_fuzz);
    return fuzz(what, options, std::cout);
  }
  if (words.size() >= 3 && words[1] == "replay") {
    options.lines = all_lines;
    auto by_seed = words[2] == "--seed" && words.size() >= 4;
    read_options(words, by_seed ? 4 : 3, options, take);
    return replay(what,
                  by_seed ? draw_schedule(read_number(words[3]))
                          : load_schedule(words[2]),
                  options.lines, std::cout, options.timeline);
  }
  throw usage_error{usage};
}

} // namespace

int fuzz_main(const workload& what, int argc, char** argv) {
  try {
    return carry_out(what, {argv, argv + argc}) ? 0 : 1;
  } catch (const std::exception& x) {
    std::cerr << x.what() << '\n';
    return 2;
  }
}

} // namespace raft::simulation
