// How raftctl ends: exit codes that scripts can rely on, and what people read.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/messages/client.hpp>

#include <string>

namespace raft::tools {

/// Exit codes of `raftctl`. They are part of its interface.
enum class exit_code : int {
  ok = 0,
  /// The answer is no: key not found, value differs, digests differ, a file is
  /// damaged.
  no = 1,
  /// The command line, a file or a value cannot be used.
  usage = 2,
  /// No leader or no server in time. Surely nothing was executed.
  unreachable = 3,
  /// The command may or may not have taken effect, or may do so yet.
  unknown = 4,
};

/// How something ended, and one sentence for people; empty if all is well.
struct verdict {
  exit_code code = exit_code::ok;
  std::string message;
};

/// What came of a command. There is a reply if the verdict is `ok`; a value
/// that differs from the expected one is a reply, too.
struct answer {
  verdict why;
  kv::reply reply;
};

/// Reads the answer to a command of the key-value state machine.
answer read_answer(const executed& x);

} // namespace raft::tools
