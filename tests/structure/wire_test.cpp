// Holds docs/wire.md to the messages.

#include <raft/tests/structure/source_file.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <map>
#include <regex>
#include <string>

using raft::structure::code_only;
using raft::structure::read_file;
using raft::structure::root;
namespace fs = std::filesystem;

namespace {

/// Fields in a row, by the names of their structs.
using field_table = std::map<std::string, std::string>;

/// Finds all that match `what`: a name, and a text in which each match of
/// `field` is one.
field_table tables_in(const std::string& text, const std::regex& what,
                      const std::regex& field) {
  field_table result;
  for (auto i = std::sregex_iterator{text.begin(), text.end(), what};
       i != std::sregex_iterator{}; ++i) {
    auto list = (*i)[2].str();
    auto& row = result[(*i)[1].str()];
    for (auto j = std::sregex_iterator{list.begin(), list.end(), field};
         j != std::sregex_iterator{}; ++j)
      row += (*j)[1].str() + " ";
  }
  return result;
}

field_table declared_in(const std::string& header) {
  static const std::regex message{R"(\nstruct (\w+) \{\n([^}]*?)\n\s*friend )"};
  static const std::regex field{R"((\w+)( = [^;]*)?;)"};
  return tables_in(code_only(read_file(root / "messages" / header)), message,
                   field);
}

} // namespace

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(the_page_shows_all_fields_of_all_messages) {
  static const std::regex row{R"(\n\| `(\w+)` \| ([^|]*) \|)"};
  static const std::regex field{R"(`(\w+)`)"};
  auto shown = tables_in(read_file(root / "docs/wire.md"), row, field);
  std::size_t messages = 0;
  for (const auto* header :
       {"append.hpp", "client.hpp", "entry.hpp", "header.hpp", "identity.hpp",
        "link.hpp", "vote.hpp"})
    for (const auto& [name, fields] : declared_in(header)) {
      ++messages;
      // These stay in their process.
      if (name == "link_up" || name == "link_down" || name == "distrust"
          || name == "store_memory" || name == "submit")
        continue;
      BOOST_TEST(shown[name] == fields, "docs/wire.md says that "
                                          << name << " has the fields "
                                          << shown[name] << "but it has "
                                          << fields);
    }
  BOOST_TEST(messages > 20u); // It found them at all.
}

BOOST_AUTO_TEST_CASE(the_gate_lets_all_messages_on_the_page_pass) {
  auto page = read_file(root / "docs/wire.md");
  page.resize(page.find("what these are made of"));
  auto gate = read_file(root / "actors/caf/guard.cpp");
  static const std::regex row{R"(\n\| `(\w+)` \|)"};
  std::size_t messages = 0;
  for (auto i = std::sregex_iterator{page.begin(), page.end(), row};
       i != std::sregex_iterator{}; ++i) {
    auto name = (*i)[1].str();
    ++messages;
    // Nobody may end an actor of another process.
    if (name != "stop" && name != "stopped")
      BOOST_TEST(std::regex_search(gate, std::regex{"\\b" + name + "\\b"}),
                 "actors/caf/guard.cpp does not know " << name);
  }
  BOOST_TEST(messages > 15u);
}

BOOST_AUTO_TEST_SUITE_END()
