// Holds docs/traps.md and docs/misfortunes.md to the tests that they name.

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

const std::regex mention{"`([a-z_0-9]+)/([a-z_0-9]+)`"};

void check_mention(const std::string& page, const std::string& program,
                   const std::string& name) {
  if (program == "zoo") {
    BOOST_TEST(fs::exists(root / "tests/zoo" / (name + ".patch")),
               page << " names the bug " << name << ", which the zoo lacks");
    return;
  }
  auto folder = folder_of(program);
  if (folder.empty())
    BOOST_ERROR(page << " names the test program " << program
                     << ", which no CMakeLists.txt makes");
  else
    BOOST_TEST(has_case(folder, name), page << " names the test case "
                                            << program << '/' << name
                                            << ", which is not there");
}

/// @returns how many tests the page names.
std::size_t check_mentions(const std::string& page) {
  auto text = read_file(root / page);
  std::size_t count = 0;
  for (auto i = std::sregex_iterator{text.begin(), text.end(), mention};
       i != std::sregex_iterator{}; ++i, ++count)
    check_mention(page, (*i)[1].str(), (*i)[2].str());
  return count;
}

} // namespace

BOOST_AUTO_TEST_SUITE(traps)

BOOST_AUTO_TEST_CASE(the_tests_that_are_named_exist) {
  BOOST_TEST(check_mentions("docs/traps.md") > 40u);
  check_mentions("docs/misfortunes.md");
}

BOOST_AUTO_TEST_CASE(each_misfortune_names_its_test) {
  auto text = read_file(root / "docs/misfortunes.md");
  static const std::regex row{"\n(\\| [^\n]*)"};
  for (auto i = std::sregex_iterator{text.begin(), text.end(), row};
       i != std::sregex_iterator{}; ++i) {
    auto line = (*i)[1].str();
    if (line.starts_with("| case |"))
      continue;
    auto tests = line.substr(line.rfind('|', line.size() - 2));
    static const std::regex link{R"(\]\(\.\./(tests/[^)#]+)\))"};
    std::smatch file;
    BOOST_TEST((std::regex_search(tests, mention)
                || (std::regex_search(tests, file, link)
                    && fs::exists(root / file[1].str()))),
               "docs/misfortunes.md names no test for: " << line);
  }
}

BOOST_AUTO_TEST_CASE(no_trap_is_left_out) {
  auto text = read_file(root / "docs/traps.md");
  static const std::regex row{"\n\\| ([0-9]+) \\|[^\n]*`[a-z_0-9]+/"};
  std::set<int> found;
  for (auto i = std::sregex_iterator{text.begin(), text.end(), row};
       i != std::sregex_iterator{}; ++i)
    found.insert(std::stoi((*i)[1].str()));
  for (auto trap : {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                    12, 13, 14, 15, 16, 17, 18, 19, 20, 26})
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
