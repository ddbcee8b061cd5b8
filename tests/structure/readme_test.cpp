// Holds the README to what is compiled.

#include <raft/tests/structure/source_file.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

using raft::structure::read_file;
using raft::structure::root;
namespace fs = std::filesystem;

namespace {

/// What stands between the first occurrences of two marks.
std::string between(const std::string& text, const std::string& from,
                    const std::string& to) {
  auto begin = text.find(from);
  BOOST_REQUIRE(begin != std::string::npos);
  begin += from.size();
  auto end = text.find(to, begin);
  BOOST_REQUIRE(end != std::string::npos);
  return text.substr(begin, end - begin);
}

/// A page without its blocks of code, which may look like links.
std::string prose_of(const std::string& page) {
  static const std::string mark{"\n```"};
  std::string result;
  for (std::size_t at = 0;;) {
    auto begin = page.find(mark, at);
    result += page.substr(at, begin - at);
    if (begin == std::string::npos)
      return result;
    auto end = page.find(mark, begin + mark.size());
    BOOST_REQUIRE(end != std::string::npos);
    at = end + mark.size();
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(readme)

BOOST_AUTO_TEST_CASE(its_program_is_the_one_that_is_compiled) {
  auto shown = between(read_file(root / "README.md"), "```cpp\n", "```");
  auto compiled = between(read_file(root / "examples/counter.cpp"),
                          "  // [README]\n", "  // [README]");
  BOOST_TEST(shown
               == std::regex_replace(compiled, std::regex{"(^|\n)  "}, "$1"),
             "README.md must show the lines between the [README] marks of "
             "examples/counter.cpp");
}

BOOST_AUTO_TEST_CASE(the_subject_of_the_fuzzer_is_the_one_that_is_compiled) {
  auto text = read_file(root / "docs/fuzzing.md");
  auto shown
    = between(text.substr(text.find("under the fuzzer")), "```cpp\n", "```");
  auto compiled = between(read_file(root / "examples/bank/fuzz.cpp"),
                          "// [README]\n", "// [README]");
  BOOST_TEST(shown == compiled,
             "docs/fuzzing.md must show the lines between the [README] marks "
             "of examples/bank/fuzz.cpp");
}

BOOST_AUTO_TEST_CASE(its_links_lead_somewhere) {
  static const std::regex link{R"(\]\(([^)#]+)[^)]*\))"};
  std::vector<fs::path> pages{root / "README.md", root / "CONTRIBUTING.md"};
  for (const auto& x : fs::directory_iterator{root / "docs"})
    if (x.path().extension() == ".md")
      pages.push_back(x.path());
  for (const auto& x : fs::directory_iterator{root})
    if (fs::exists(x.path() / "README.md"))
      pages.push_back(x.path() / "README.md");
  for (const auto& page : pages) {
    auto text = prose_of(read_file(page));
    for (auto i = std::sregex_iterator{text.begin(), text.end(), link};
         i != std::sregex_iterator{}; ++i) {
      auto target = (*i)[1].str();
      if (!target.starts_with("http"))
        BOOST_TEST(fs::exists(page.parent_path() / target),
                   fs::relative(page, root).string()
                     << " links to " << target << ", which is not there");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
