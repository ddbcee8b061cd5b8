// Leadership conversation: an actor is told when a peer begins or ceases to
// lead, and who leads.

#pragma once

#include <raft/messages/ids.hpp>

namespace raft {

/// Asks a peer to tell an actor of its own process who leads; the handle of the
/// actor goes with it. Answered by `observed`, or by an error if the actor is
/// of another process, the group is another one, or the peer is stopping. The
/// actor gets `leadership` messages until it ends or the peer does. Asked again
/// for the same actor, the peer tells it once more how things are now.
struct observe {
  group_id group;

  friend bool operator==(const observe&, const observe&) = default;
};

/// The present state was sent to the observer, and each change will be.
struct observed {
  group_id group;

  friend bool operator==(const observed&, const observed&) = default;
};

/// Who leads, as far as one peer knows. The first one tells the state at the
/// time of `observe`; each one after that differs from the one before it. They
/// come in order, and terms never go back. What one message of another peer
/// brings is told at once: there is no message about a term without a leader if
/// the peer learns of both together. But whenever the peer itself leads, that
/// is told; since a peer leads a term at most once, two messages with `leads`
/// and the same term belong to the same time in office.
///
/// That a peer leads is what it believes. Others can have elected another one
/// in a later term already, and it cannot know before it hears of that; without
/// a majority it steps down within two election timeouts (thesis, section 6.2).
/// So whoever acts on it outside of the replicated log needs something that
/// refuses what belongs to a lower `term` than it has seen (a fencing token),
/// or acts by commands only, which the log refuses.
struct leadership {
  group_id group;
  /// Who tells.
  peer_id peer;
  /// Its current term.
  term_number term;
  /// Who leads that term; 0 while that is not known.
  peer_id leader;
  /// Whether it is the peer itself.
  bool leads = false;
  /// Whether, besides, the empty entry that began its term is committed, and
  /// everything up to it is applied to its state machine. A leader does not
  /// know before then what was committed in earlier terms (paper, section 8;
  /// thesis, section 6.4): only from then on does its state machine show all
  /// that the leaders before it have acknowledged.
  bool ready = false;

  friend bool operator==(const leadership&, const leadership&) = default;
};

} // namespace raft
