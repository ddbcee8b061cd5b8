// What clients are told, in words.

#pragma once

#include <raft/messages/client.hpp>

namespace raft {

/// "committed", "rejected" or "unknown".
inline const char* to_text(outcome x) noexcept {
  switch (x) {
    case outcome::committed:
      return "committed";
    case outcome::rejected:
      return "rejected";
    case outcome::unknown:
      break;
  }
  // Other numbers come from later versions: nothing is known of them.
  return "unknown";
}

/// A clause such as "it does not lead". Of `none`, "no reason".
inline const char* to_text(reject_reason x) noexcept {
  switch (x) {
    case reject_reason::none:
      return "no reason";
    case reject_reason::not_leader:
      return "it does not lead";
    case reject_reason::busy:
      return "it is busy";
    case reject_reason::too_large:
      return "it is too large";
    case reject_reason::session_expired:
      return "the session is unknown";
    case reject_reason::stopping:
      return "it is stopping";
    case reject_reason::disk_full:
      return "its disk is full";
    case reject_reason::handing_over:
      return "it is handing over its office";
  }
  return "a reason that this version does not know";
}

} // namespace raft
