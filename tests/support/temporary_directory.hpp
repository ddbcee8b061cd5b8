// The directories of tests, which go away with them.

#pragma once

#include <raft/scenarios/temporary_directory.hpp>

namespace raft::test {

using scenarios::fast_place;
using scenarios::temporary_directory;

} // namespace raft::test
