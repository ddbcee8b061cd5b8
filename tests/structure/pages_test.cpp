// Holds pages to the names in the sources that they speak of.

#include <raft/tests/structure/rules.hpp>
#include <raft/tests/structure/source_file.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

using raft::structure::read_file;
using raft::structure::root;
namespace fs = std::filesystem;

namespace {

/// All that is written between backticks and matches.
std::vector<std::string> quoted(const std::string& page,
                                const std::string& pattern) {
  const std::regex what{"`(" + pattern + ")`"};
  std::vector<std::string> result;
  for (auto i = std::sregex_iterator{page.begin(), page.end(), what};
       i != std::sregex_iterator{}; ++i)
    result.push_back((*i)[1].str());
  return result;
}

const std::string file_pattern{R"([a-z_]+(?:/[a-z_0-9]+)+\.[ch]pp)"};

} // namespace

BOOST_AUTO_TEST_SUITE(pages)

BOOST_AUTO_TEST_CASE(the_files_that_they_name_exist) {
  std::size_t found = 0;
  for (const auto& x : fs::directory_iterator{root / "docs"})
    if (x.path().extension() == ".md")
      for (const auto& file : quoted(read_file(x.path()), file_pattern)) {
        ++found;
        BOOST_TEST(fs::exists(root / file), x.path().filename().string()
                                              << " names " << file
                                              << ", which is not there");
      }
  BOOST_TEST(found > 40u);
}

BOOST_AUTO_TEST_CASE(the_life_of_a_command_begins_where_its_user_does) {
  auto page = read_file(root / "docs/life_of_a_command.md");
  auto files = quoted(page, file_pattern);
  BOOST_REQUIRE(!files.empty());
  BOOST_TEST(files.front() == "tools/raftctl.cpp");
  // Each folder that a command passes has its file there.
  std::set<std::string> folders;
  for (const auto& file : files)
    folders.insert(file.substr(0, file.find('/')));
  for (const auto* folder :
       {"tools", "programs", "kv", "client", "links", "messages", "transport",
        "actors", "consensus", "persistence", "machine"})
    BOOST_TEST(folders.contains(folder), "it names no file of " << folder);
}

BOOST_AUTO_TEST_CASE(the_life_of_a_command_uses_names_of_the_sources) {
  auto page = read_file(root / "docs/life_of_a_command.md");
  std::string sources;
  for (const auto& file : quoted(page, file_pattern))
    sources += read_file(root / file);
  auto names = quoted(page, R"([a-z]+(?:::|_)[a-z_]+)");
  BOOST_TEST(names.size() >= 5u);
  for (const auto& name : names)
    BOOST_TEST(sources.find(name) != std::string::npos,
               name << " is in none of the files that it names");
}

BOOST_AUTO_TEST_CASE(each_folder_says_what_belongs_in_it) {
  for (const auto& rule : raft::structure::folder_rules()) {
    if (rule.folder == "tests" || rule.folder.find('/') != std::string::npos)
      continue;
    auto page = root / rule.folder / "README.md";
    BOOST_REQUIRE_MESSAGE(fs::exists(page),
                          rule.folder << "/ has no README.md");
    auto text = read_file(page);
    BOOST_TEST(text.starts_with("# " + rule.folder + "/\n"));
    static const std::regex end_of_sentence{R"(\.(\s|$))"};
    auto sentences = std::distance(
      std::sregex_iterator{text.begin(), text.end(), end_of_sentence}, {});
    BOOST_TEST((sentences >= 2 && sentences <= 5),
               rule.folder << "/README.md has " << sentences
                           << " sentences: say in about three what belongs "
                              "there and what does not");
  }
}

BOOST_AUTO_TEST_CASE(the_map_of_folders_is_that_of_the_rules) {
  auto readme = read_file(root / "README.md");
  auto page = read_file(root / "docs/architecture.md");
  for (const auto& rule : raft::structure::folder_rules()) {
    if (rule.folder == "tests" || rule.folder == "examples"
        || rule.folder.find('/') != std::string::npos)
      continue;
    BOOST_TEST(readme.find("[`" + rule.folder + "/`](" + rule.folder + ")")
                 != std::string::npos,
               "README.md does not name " << rule.folder << "/");
    BOOST_TEST(page.find("\n| [`" + rule.folder + "/`](../" + rule.folder + ")")
                 != std::string::npos,
               "docs/architecture.md does not name " << rule.folder << "/");
  }
}

BOOST_AUTO_TEST_SUITE_END()
