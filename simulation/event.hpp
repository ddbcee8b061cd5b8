// What happens in a simulated cluster, as data: for traces, and for pictures.

#pragma once

#include <raft/base/instant.hpp>
#include <raft/messages/client.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace raft::simulation {

enum class event_kind : std::uint8_t {
  /// The process of `peer` begins.
  started,
  /// It ends at once; `text` says what became of a write under way.
  crashed,
  /// `peer` has lost its disk.
  wiped,
  /// The process of `peer` stands still, or goes on.
  paused,
  resumed,
  /// `peer` sends message `number` to peer `other`; `text` says what.
  sent,
  /// Message `number` of `other` arrives at `peer`. One that was doubled
  /// arrives twice.
  received,
  /// Message `number` of `peer` will not arrive at `other`.
  lost,
  /// `peer` has role `role` in `term` now.
  role,
  /// The entry `term`, `index` is at the end of the log of `peer`.
  appended,
  /// The log of `peer` ends before `index` now.
  truncated,
  /// The log of `peer` is on its disk up to `index`.
  durable,
  /// `peer` knows that all up to `index` is committed.
  committed,
  /// The state machine of `peer` has taken all up to `index`.
  applied,
  /// `peer` has other members than before, from the entry `index` on; `text`
  /// says which. A process that starts has those of its log.
  members,
  /// `peer` has a snapshot of its own up to `index`; and it goes on with one
  /// that it was sent, or found.
  snapshot,
  installed,
  /// What `peer` sends to `other` will not arrive any more, or will again.
  /// Without an `other`: in both directions, to and from all.
  cut,
  healed,
  /// Something else about the environment changed; `text` says what. Without
  /// a `peer` it is about all.
  changed,
  /// Client `number` asks for something; `text` says what. Or it has its
  /// answer:
  /// then `text` begins with the outcome.
  asked,
  answered,
  /// Something happened that must not; the run ends. `text` says what.
  violated,
};

const char* to_text(event_kind x);

/// One thing that happened. Fields that the kind does not name are 0.
struct event {
  base::instant when{0};
  event_kind what = event_kind::changed;
  peer_id peer;
  peer_id other;
  std::uint64_t number = 0;
  peer_role role = peer_role::follower;
  term_number term;
  log_index index;
  std::string text;

  friend bool operator==(const event&, const event&) = default;
};

/// One line, without its end: "12.034500 2 received from 1 #17 append ...".
std::string to_text(const event& x);

/// Is told what happens, in the order of time.
class observer {
public:
  virtual ~observer() = default;

  virtual void on(const event& x) = 0;
};

/// Keeps all events.
class recorder : public observer {
public:
  void on(const event& x) override {
    events_.push_back(x);
  }

  const std::vector<event>& events() const noexcept {
    return events_;
  }

private:
  std::vector<event> events_;
};

} // namespace raft::simulation
