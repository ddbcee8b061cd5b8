// What an actor sends to itself, or to a helper of its own.

#pragma once

#include <cstdint>

namespace raft {

/// It is time to look at the clock.
struct wake {
  /// Counts the alarms of the sender; an old one is ignored.
  std::uint64_t number = 0;

  friend bool operator==(const wake&, const wake&) = default;
};

/// To the persister: write what has been collected. It arrives behind
/// everything that is in the mailbox already, which so becomes part of the same
/// commit.
struct commit_collected {
  friend bool operator==(const commit_collected&, const commit_collected&)
    = default;
};

/// To an applier: checkpoint what has changed, however little it is.
struct checkpoint_now {
  friend bool operator==(const checkpoint_now&, const checkpoint_now&)
    = default;
};

/// To an applier whose disk was full: look whether there is space now.
struct look_for_space {
  friend bool operator==(const look_for_space&, const look_for_space&)
    = default;
};

/// To an applier: continue what is done in steps.
struct continue_work {
  friend bool operator==(const continue_work&, const continue_work&) = default;
};

/// From a peer to its applier: checkpoint what has changed now. The log's disk
/// is full, and what is checkpointed, the log need not keep.
struct checkpoint_for_space {
  friend bool operator==(const checkpoint_for_space&,
                         const checkpoint_for_space&)
    = default;
};

/// To an applier that stops: do not wait for the checkpoint any longer.
struct abandon_checkpoint {
  friend bool operator==(const abandon_checkpoint&, const abandon_checkpoint&)
    = default;
};

/// To the checkpointer: try again, after there was no space.
struct retry_checkpoint {
  friend bool operator==(const retry_checkpoint&, const retry_checkpoint&)
    = default;
};

/// From the applier to the checkpointer: free what was written. That takes
/// long, and nobody waits for it there.
struct release_checkpoint {
  friend bool operator==(const release_checkpoint&, const release_checkpoint&)
    = default;
};

/// To a client actor: take what is in its queue of requests.
struct drain {
  friend bool operator==(const drain&, const drain&) = default;
};

/// To the Redis server: send what clients have asked for meanwhile.
struct send_collected {
  friend bool operator==(const send_collected&, const send_collected&)
    = default;
};

} // namespace raft
