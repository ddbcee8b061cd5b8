// Why and how a leader hands over its office.

#pragma once

#include <raft/consensus/settings.hpp>
#include <raft/messages/entry.hpp>
#include <raft/messages/transfer.hpp>

#include <cstdint>
#include <optional>

namespace raft::consensus {

/// What makes a leader hand over.
enum class hand_over_cause : std::uint8_t {
  /// Somebody asked for it.
  asked,
  /// Another one is preferred, see `settings::priority`.
  priority,
  /// Its disk, or its state machine, stands still, and another's does not. Then
  /// it leads no longer than until the end of the transfer, whatever becomes of
  /// it.
  slow_disk,
  stuck_machine,
  /// It is about to be no voter any more.
  removal,
};

/// A transfer of leadership that is under way (thesis, section 3.10). As long
/// as there is one, the leader takes no commands, has no lease, and asks for no
/// promises. When its successor has all of its log, and all of that is
/// committed, so that those who wait for it have their answers, it sends
/// `timeout_now`, again with each heartbeat.
///
/// It ends with the leader's office, when the link to the successor does, or
/// when its time is over, and leaves nothing behind.
struct hand_over {
  hand_over_cause cause = hand_over_cause::asked;
  peer_id successor;
  /// When it is given up.
  instant until{0};
  /// When `timeout_now` may be sent next; before the first one, any time.
  instant tell_at = instant::min();
};

/// What became of the wish for a transfer.
struct transfer_begun {
  /// Who is to lead; 0 if nothing was begun.
  peer_id target;
  /// Why not; `transferred` if it was begun.
  transfer_result refusal = transfer_result::transferred;
};

/// Where a leader stands still, its disk or its state machine, while that of
/// another voter has got past that place.
struct standstill {
  log_index where;
  /// Since when another one is known to be ahead; `instant::max()`: none is.
  instant since = instant::max();
  /// How often that made us hand over since it last kept up.
  unsigned hand_overs = 0;
};

/// How often a leader gave way to one that is preferred.
struct yielding {
  /// When it did so last.
  std::optional<instant> last;
  unsigned times = 0;
};

} // namespace raft::consensus
