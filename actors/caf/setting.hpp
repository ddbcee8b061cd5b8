// What CAF's own settings are called, on CAF 0.17 and 1.x.

#pragma once

#include <caf/config.hpp>

#include <string>

namespace raft::actors {

/// The full name of one of CAF's settings, such as "scheduler.max-threads".
inline std::string setting(const std::string& name) {
#if CAF_MAJOR_VERSION == 0
  return name;
#else
  return "caf." + name;
#endif
}

/// Where the names of message types are kept that a program has made known.
inline constexpr char own_types_setting[] = "raft.message-types";

} // namespace raft::actors
