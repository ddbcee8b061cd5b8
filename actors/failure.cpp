#include <raft/actors/failure.hpp>

#include <cstdio>
#include <cstdlib>

namespace raft::actors {

void abort_on_failure(const std::string& reason) {
  std::fprintf(stderr, "raft: %s\n", reason.c_str());
  std::abort();
}

} // namespace raft::actors
