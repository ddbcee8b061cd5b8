// Histories as the tests of the linearizability checker write them: as text.

#pragma once

#include <raft/simulation/history_format.hpp>
#include <raft/simulation/linearizability_explain.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

BOOST_TEST_DONT_PRINT_LOG_VALUE(raft::simulation::verdict)

namespace raft::simulation::test {

inline any_history parse(const std::string& text) {
  std::istringstream in{text};
  return read_history(in);
}

} // namespace raft::simulation::test
