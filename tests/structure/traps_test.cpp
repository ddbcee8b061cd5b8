// Holds docs/traps.md to the tests that it names.

#include <raft/tests/structure/source_file.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

using raft::structure::read_file;
using raft::structure::root;
namespace fs = std::filesystem;

namespace {

/// Where the test program of a name is made.
fs::path folder_of(const std::string& program) {
  for (const auto& x : fs::recursive_directory_iterator{root / "tests"})
    if (x.path().filename() == "CMakeLists.txt"
        && read_file(x.path()).find("raft_test(" + program + ' ')
             != std::string::npos)
      return x.path().parent_path();
  return {};
}

bool has_case(const fs::path& folder, const std::string& name) {
  const std::regex begin{R"(TEST_CASE\(\s*)" + name + R"(\b)"};
  for (const auto& x : fs::directory_iterator{folder})
    if (x.path().extension() == ".cpp"
        && std::regex_search(read_file(x.path()), begin))
      return true;
  return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(traps)

BOOST_AUTO_TEST_CASE(the_tests_that_are_named_exist) {
  static const std::regex mention{"`([a-z_0-9]+)/([a-z_0-9]+)`"};
  auto text = read_file(root / "docs/traps.md");
  std::size_t count = 0;
  for (auto i = std::sregex_iterator{text.begin(), text.end(), mention};
       i != std::sregex_iterator{}; ++i, ++count) {
    auto program = (*i)[1].str();
    auto name = (*i)[2].str();
    if (program == "zoo") {
      BOOST_TEST(fs::exists(root / "tests/zoo" / (name + ".patch")),
                 "docs/traps.md names the bug " << name
                                                << ", which the zoo lacks");
      continue;
    }
    auto folder = folder_of(program);
    if (folder.empty())
      BOOST_ERROR("docs/traps.md names the test program "
                  << program << ", which no CMakeLists.txt makes");
    else
      BOOST_TEST(has_case(folder, name), "docs/traps.md names the test case "
                                           << program << '/' << name
                                           << ", which is not there");
  }
  BOOST_TEST(count > 40u);
}

BOOST_AUTO_TEST_CASE(no_trap_is_left_out) {
  auto text = read_file(root / "docs/traps.md");
  static const std::regex row{"\n\\| ([0-9]+) \\|[^\n]*`[a-z_0-9]+/"};
  std::set<int> found;
  for (auto i = std::sregex_iterator{text.begin(), text.end(), row};
       i != std::sregex_iterator{}; ++i)
    found.insert(std::stoi((*i)[1].str()));
  for (auto trap : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 26})
    BOOST_TEST(found.contains(trap),
               "docs/traps.md names no test for trap " << trap);
}

BOOST_AUTO_TEST_CASE(no_trap_of_actors_or_lmdb_is_left_out) {
  auto text = read_file(root / "docs/traps.md");
  const std::string rest = R"([^|]*\|[^|]*\|[^\n]*(`[a-z_0-9]+/|see \d))";
  for (std::string trap :
       {"A role change by a message to oneself", "A second actor answers",
        "Each command takes a round of messages",
        "Long work in an actor of the shared scheduler",
        "An `inspect` forgets a field", "Each commit takes two syncs",
        "A long prefix is erased at once", "A reader that stays open",
        "There are 126 places for readers", "The map is full",
        "A write ends in another thread", "An environment is opened twice",
        "A sync fails once"})
    BOOST_TEST(std::regex_search(text, std::regex{"\n\\| " + trap + rest}),
               "docs/traps.md names no test for: " << trap);
}

BOOST_AUTO_TEST_SUITE_END()
