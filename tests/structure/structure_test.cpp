// Holds the source tree to its own rules: who may include what, how long things
// may be, and what must not be written where.

#include <raft/tests/structure/rules.hpp>
#include <raft/tests/structure/source_file.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

using namespace raft::structure;
namespace fs = std::filesystem;

namespace {

struct source {
  /// Relative to the root, with slashes.
  std::string file;
  std::string text;
};

bool is_source(const fs::path& file) {
  return file.extension() == ".hpp" || file.extension() == ".cpp";
}

/// Directories made by builds and tools.
bool is_foreign(const fs::path& directory) {
  auto name = directory.filename().string();
  return name.starts_with(".") || name.starts_with("build") || name == "data";
}

std::vector<source> read_sources() {
  std::vector<source> result;
  for (auto i = fs::recursive_directory_iterator{root};
       i != fs::recursive_directory_iterator{}; ++i) {
    if (i->is_directory() && is_foreign(i->path()))
      i.disable_recursion_pending();
    else if (i->is_regular_file() && is_source(i->path()))
      result.push_back(
        {fs::relative(i->path(), root).generic_string(), read_file(i->path())});
  }
  std::sort(result.begin(), result.end(),
            [](const auto& x, const auto& y) { return x.file < y.file; });
  return result;
}

const std::vector<source>& sources() {
  static const auto result = read_sources();
  return result;
}

/// Whether a header of the same name already says what a file is about.
bool has_header(const source& x) {
  auto header = x.file.substr(0, x.file.rfind('.')) + ".hpp";
  return x.file.ends_with(".cpp")
      && fs::exists(fs::path{RAFT_SOURCE_DIR} / header);
}

bool contains(const std::vector<std::string>& xs, const std::string& x) {
  return std::any_of(xs.begin(), xs.end(),
                     [&](const auto& y) { return y == x || y == "*"; });
}

/// Fails the test in the way that compilers do: file, line, what to do.
void complain(const source& where, std::size_t line, const std::string& what) {
  BOOST_ERROR(where.file << ":" << line << ": " << what);
}

void check_include(const source& x, const folder_rule& rule,
                   const include_line& include) {
  // Examples may be projects of their own.
  if (include.quoted && rule.folder != "tests" && rule.folder != "examples")
    complain(x, include.line,
             "write #include <raft/...> instead of \"" + include.header + "\"");
  if (!include.header.starts_with("raft/")) {
    auto library = library_of(include.header);
    if (!include.quoted && library != "std"
        && !contains(rule.libraries, library))
      complain(x, include.line,
               rule.folder + "/ must not use " + library + " (<"
                 + include.header + ">): move this code to a folder that may, "
                 + "see tests/structure/rules.cpp");
    return;
  }
  auto path = include.header.substr(5);
  const auto* other = rule_for(path);
  if (other == nullptr)
    complain(x, include.line, "there is no rule for <" + include.header + ">");
  else if (other->folder != rule.folder
           && !contains(rule.folders, other->folder))
    complain(x, include.line,
             rule.folder + "/ must not use " + other->folder + "/ (<"
               + include.header + ">): the dependency would point upwards, "
               + "see tests/structure/rules.cpp");
}

} // namespace

BOOST_AUTO_TEST_SUITE(structure)

BOOST_AUTO_TEST_CASE(there_are_sources) {
  BOOST_TEST(sources().size() > 20u);
}

BOOST_AUTO_TEST_CASE(every_folder_has_a_rule) {
  for (const auto& x : sources())
    if (rule_for(x.file) == nullptr)
      complain(x, 1, "its folder is not in tests/structure/rules.cpp: add it");
}

BOOST_AUTO_TEST_CASE(only_folders_with_a_rule_can_be_included) {
  for (const auto& x : fs::directory_iterator{RAFT_INCLUDE_DIR "/raft"})
    BOOST_TEST((rule_for(x.path().filename().string() + "/x") != nullptr),
               x.path() << " leads to what is no folder of the sources");
}

BOOST_AUTO_TEST_CASE(folders_include_only_what_they_may) {
  for (const auto& x : sources())
    if (const auto* rule = rule_for(x.file))
      for (const auto& include : includes_of(x.text))
        check_include(x, *rule, include);
}

BOOST_AUTO_TEST_CASE(banned_headers_are_not_included) {
  for (const auto& x : sources())
    for (const auto& ban : banned_headers())
      if (holds_for(ban, x.file))
        for (const auto& include : includes_of(x.text))
          if (contains(ban.what, include.header))
            complain(x, include.line,
                     "<" + include.header
                       + "> has no place here: " + ban.instead);
}

BOOST_AUTO_TEST_CASE(banned_words_are_not_used) {
  for (const auto& x : sources())
    for (const auto& ban : banned_words())
      if (holds_for(ban, x.file))
        for (const auto& use : words_of(code_only(x.text), ban.what))
          complain(x, use.line,
                   use.word + " has no place here: " + ban.instead);
}

BOOST_AUTO_TEST_CASE(banned_marks_do_not_appear) {
  for (const auto& x : sources())
    for (const auto& ban : banned_marks())
      if (holds_for(ban, x.file))
        for (const auto& use : words_of(x.text, ban.what))
          complain(x, use.line, use.word + " must go: " + ban.instead);
}

BOOST_AUTO_TEST_CASE(files_and_functions_are_short) {
  for (const auto& x : sources()) {
    if (auto lines = count_lines(x.text); lines > file_lines_max)
      complain(x, lines,
               std::to_string(lines) + " lines, at most "
                 + std::to_string(file_lines_max)
                 + ": split the file by what its parts do");
    for (const auto& f : functions_of(x.text))
      if (f.length > function_lines_max)
        complain(x, f.line,
                 "a function of " + std::to_string(f.length)
                   + " lines, at most " + std::to_string(function_lines_max)
                   + ": move its steps to functions of their own");
  }
}

BOOST_AUTO_TEST_CASE(files_begin_with_a_sentence) {
  for (const auto& x : sources()) {
    auto comment = first_comment(x.text);
    if (!has_header(x) && count_lines(x.text) > 1
        && comment.find('.') == std::string::npos)
      complain(x, 1,
               "begin with a comment that says in a sentence what this file "
               "holds");
    if (x.file.ends_with(".hpp")
        && x.text.find("\n#pragma once\n") == std::string::npos)
      complain(x, 1, "a header needs #pragma once");
  }
}

BOOST_AUTO_TEST_SUITE_END()
