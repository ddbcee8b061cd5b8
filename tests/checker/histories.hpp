// Histories as the tests of the linearizability checker write them: as text.

#pragma once

#include <raft/checker/explain.hpp>
#include <raft/checker/history_format.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

BOOST_TEST_DONT_PRINT_LOG_VALUE(raft::checker::verdict)

namespace raft::checker::test {

inline any_history parse(const std::string& text) {
  std::istringstream in{text};
  return read_history(in);
}

} // namespace raft::checker::test
