// States of machines as texts.

#pragma once

#include <raft/machine/copied_state.hpp>

namespace raft::test {

using machine::copied_state;
using machine::text_sink;
using machine::text_source;
using machine::written;

} // namespace raft::test
