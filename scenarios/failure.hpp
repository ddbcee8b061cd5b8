// What a scenario says when the cluster does not do what it should.

#pragma once

#include <stdexcept>
#include <string>

namespace raft::scenarios {

/// Ends a scenario: it has failed.
class scenario_failure : public std::runtime_error {
public:
  scenario_failure(std::string expected, std::string seen)
    : std::runtime_error{"expected " + expected + "; seen: " + seen},
      expected_{std::move(expected)},
      seen_{std::move(seen)} {
    // nop
  }

  const std::string& expected() const noexcept {
    return expected_;
  }

  const std::string& seen() const noexcept {
    return seen_;
  }

private:
  std::string expected_;
  std::string seen_;
};

} // namespace raft::scenarios
