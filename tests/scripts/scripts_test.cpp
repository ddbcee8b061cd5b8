// Plays every script below this directory, one test case each.
//
// With RAFT_REWRITE=1 in the environment, the expected output is replaced by
// what came out. Read the difference, and commit it only if you understand
// what caused it and it is right.

#include <raft/tests/scripts/script_file.hpp>
#include <raft/tests/scripts/stage.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

using namespace raft::test;

namespace {

namespace fs = std::filesystem;

std::string difference(const std::vector<std::string>& expected,
                       const std::vector<std::string>& actual) {
  std::ostringstream out;
  auto n = std::max(expected.size(), actual.size());
  for (std::size_t i = 0; i < n; ++i) {
    auto has = i < expected.size();
    auto got = i < actual.size();
    if (has && got && expected[i] == actual[i]) {
      out << "    " << expected[i] << '\n';
      continue;
    }
    if (has)
      out << "  - " << expected[i] << '\n';
    if (got)
      out << "  + " << actual[i] << '\n';
  }
  return out.str();
}

/// Runs the commands of a block; an error names file and line.
std::vector<std::string> play(stage& on, const script_block& block,
                              const fs::path& file) {
  std::vector<std::string> lines;
  for (const auto& command : block.commands) {
    try {
      for (auto& line : on.run(command.text))
        lines.push_back(std::move(line));
    } catch (const std::exception& error) {
      std::ostringstream what;
      what << file.string() << ':' << command.line << ": " << command.text
           << ": " << error.what();
      for (const auto& line : lines)
        what << "\n    " << line;
      throw std::runtime_error{what.str()};
    }
  }
  return lines;
}

void play(const fs::path& file) {
  auto rewrite = std::getenv("RAFT_REWRITE") != nullptr;
  auto blocks = read_script(file);
  stage on;
  for (auto& block : blocks) {
    auto lines = play(on, block, file);
    if (lines == block.expected)
      continue;
    if (!rewrite)
      BOOST_ERROR(file.string()
                  << ':' << block.line << ": expected (-) and got (+):\n"
                  << difference(block.expected, lines));
    block.expected = std::move(lines);
  }
  if (rewrite)
    write_script(file, blocks);
}

/// Registers a test case per script, named after its path.
bool register_scripts() {
  std::vector<fs::path> files;
  for (const auto& item : fs::recursive_directory_iterator{RAFT_SCRIPTS_DIR})
    if (item.path().extension() == ".txt"
        && item.path().filename() != "CMakeLists.txt")
      files.push_back(item.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    auto name
      = file.parent_path().filename().string() + "_" + file.stem().string();
    boost::unit_test::framework::master_test_suite().add(
      boost::unit_test::make_test_case([file] { play(file); }, name, __FILE__,
                                       __LINE__));
  }
  return !files.empty();
}

const bool registered = register_scripts();

} // namespace

BOOST_AUTO_TEST_CASE(scripts_are_found) {
  BOOST_TEST(registered);
}
