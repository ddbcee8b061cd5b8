// What is shown of a test that failed, so that it can be understood without the
// machine on which it did.

#pragma once

#include <boost/test/framework.hpp>
#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test_suite.hpp>

#include <cstddef>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

namespace raft::test {

/// Knows in a destructor whether the test case has failed. Of use in fixtures.
class failure_watch {
public:
  bool so_far() const {
    namespace unit = boost::unit_test;
    if (std::uncaught_exceptions() > exceptions_)
      return true;
    auto id = unit::framework::current_test_case_id();
    return id != unit::INV_TEST_UNIT_ID
        && !unit::results_collector.results(id).passed();
  }

private:
  int exceptions_ = std::uncaught_exceptions();
};

/// Writes the last lines of a text to the standard error.
inline void show_end(const std::string& title, const std::string& text) {
  constexpr auto lines_max = 100;
  auto begin = text.size();
  for (auto lines = 0; begin > 0; --begin)
    if (text[begin - 1] == '\n' && begin < text.size() && ++lines == lines_max)
      break;
  std::cerr << "-- the end of what " << title << " said:\n"
            << text.substr(begin) << "--\n";
}

/// The same for a file; nothing if there is none.
inline void show_end_of_file(const std::string& name) {
  std::ifstream in{name};
  if (!in)
    return;
  std::ostringstream text;
  text << in.rdbuf();
  show_end(name, text.str());
}

} // namespace raft::test
