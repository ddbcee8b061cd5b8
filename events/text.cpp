// Events in plain words.

#include <raft/consensus/acquaintances.hpp>
#include <raft/events/event.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace raft::events {

namespace {

std::string text_of(const remote& x) {
  if (x.peer && x.address.empty())
    return fmt::format("peer {}", x.peer.value);
  return x.peer ? fmt::format("peer {} at {}", x.peer.value, x.address)
                : fmt::format("the server at {}", x.address);
}

// -- a peer and its state machine ---------------------------------------------

std::string text_of(const note& x) {
  return to_text(x);
}

std::string text_of(const failed& x) {
  return x.reason;
}

std::string text_of(const checkpoint_lacks_space& x) {
  return x.reason
       + ". Nothing is lost, and it is tried again and again; commands wait "
         "when memory is full";
}

std::string text_of(const checkpoint_has_space&) {
  return "there is room on the disk again; the state was checkpointed";
}

std::string text_of(const snapshot_trouble& x) {
  return x.what + ": " + x.reason
       + ". It is tried again and again; until then, logs are kept for those "
         "who need it";
}

std::string text_of(const checkpoint_given_up& x) {
  return x.reason;
}

std::string text_of(const machine_killed& x) {
  return fmt::format("the state machine of group {} did not end within {} ms "
                     "and is killed",
                     x.group.value, x.after.count());
}

// -- a node -------------------------------------------------------------------

std::string text_of(const log_found& x) {
  auto entries = x.first <= x.last ? fmt::format("holds entries {} to {}",
                                                 x.first.value, x.last.value)
                                   : std::string{"holds no entries"};
  return fmt::format("the log on the disk {}, in term {}; its members are {}",
                     entries, x.term.value,
                     x.members.empty() ? "not known yet"
                                       : consensus::to_text(x.members));
}

std::string text_of(const members_differ& x) {
  return fmt::format(
    "--members names the peers {}, but the cluster was founded with {}: only "
    "the latter count, until they are changed with 'raftctl member'. Name "
    "these, or start with the directory of the cluster that is meant",
    consensus::to_text(x.told), consensus::to_text(x.founders));
}

std::string text_of(const did_not_stop& x) {
  return fmt::format("{} did not stop: {}", x.what, x.reason);
}

std::string text_of(const stray_dropped& x) {
  return fmt::format("dropped a message from process {} to {}, which only "
                     "takes it from its own process; {} such messages so far",
                     x.from, x.actor, x.total);
}

std::string text_of(const port_trouble& x) {
  return fmt::format("{}{}{}", x.port.empty() ? "" : x.port + ": ",
                     x.more == 0 ? "" : fmt::format("{} ", x.more), x.text);
}

// -- links --------------------------------------------------------------------

std::string text_of(const link_connected& x) {
  return text_of(x.to) + " is connected";
}

std::string text_of(const link_lost& x) {
  return text_of(x.to)
       + (x.farewell.empty() ? " is gone"
                             : " ends the connection: " + x.farewell);
}

std::string text_of(const link_failed& x) {
  return fmt::format("cannot connect to {}: {}", text_of(x.to), x.reason);
}

std::string text_of(const link_refused& x) {
  return fmt::format("refused {}: {}",
                     x.from ? fmt::format("peer {}", x.from.value) : "a client",
                     x.reason);
}

std::string text_of(const link_distrusted& x) {
  return fmt::format("ends the connection to {} for {} ms: {}", text_of(x.to),
                     x.shunned.count(), x.reason);
}

std::string text_of(const store_changed& x) {
  return text_of(x.to) + " has come back with another store";
}

std::string text_of(const link_fallback& x) {
  return fmt::format("peer {0} has not connected to this peer for {1} ms, as "
                     "it should, so this peer tries to connect to it. Unless "
                     "peer {0} does not run, see whether it can reach the "
                     "address that it knows of peer {2}",
                     x.to.value, x.after.count(), x.self.value);
}

std::string text_of(const kept_out& x) {
  return "does not take part: " + x.why.text;
}

std::string text_of(const joined& x) {
  return fmt::format("joined the cluster with the id {}, which was founded by "
                     "the peers {}: peer {} says that this peer is a member",
                     to_text(x.cluster), consensus::to_text(x.founders),
                     x.by.value);
}

std::string text_of(const link_ended& x) {
  return text_of(x.to) + " is no member any more: its connection was ended";
}

std::string text_of(const address_differs& x) {
  return fmt::format("peer {} is configured to be at {}, but it has moved to "
                     "{}, and that counts: correct --members",
                     x.peer.value, x.told, x.counts);
}

std::string text_of(const restored_confirmed&) {
  return "all other members have confirmed that the directory is no older "
         "copy: takes part again";
}

// -- what keeps a peer from serving -------------------------------------------

std::string text_of(const machine_stuck& x) {
  return fmt::format(
    "the state machine does not take entry {}, and {} committed ones wait with "
    "it: look at its disk and its load",
    x.next.value, x.waiting);
}

std::string text_of(const commit_stuck& x) {
  return fmt::format(
    "this peer leads, but entry {} is not committed: a majority of the {} "
    "members must be reached and have it on their disks",
    x.next.value, x.members);
}

std::string text_of(const disk_full&) {
  return "the disk is full: this peer takes no entries. Make room; it goes on "
         "by itself";
}

std::string text_of(const disk_stuck& x) {
  return fmt::format("the log's disk does not take entry {}: it hangs or is "
                     "very slow",
                     x.next.value);
}

std::string text_of(const log_kept& x) {
  const auto& last = x.whom_for;
  return fmt::format(
    "the logs of all peers grow: entries from {} on, {} of them here, are kept "
    "for peer {}, which has those up to {} and is {}. Bring it back, or make "
    "sure that there is room",
    x.first.value, text_of_bytes(x.bytes), last.peer.value, last.match.value,
    last.connected ? "connected" : "not connected");
}

std::string text_of(const no_leader& x) {
  if (x.members == 0)
    return "this peer cannot serve: its store is empty, so it takes part in "
           "no election and waits for a leader that tells it who the members "
           "are";
  if (x.excluded.reason != exclusion::none)
    return "this peer cannot serve, because it is kept out: " + x.excluded.text;
  std::vector<std::string> gaps;
  for (const auto& y : x.gaps)
    gaps.push_back(fmt::format("{}: {}", text_of(y.to), y.reason));
  auto why = gaps.empty()
             ? std::string{"all others are connected, but none of them leads"}
             : fmt::format("not connected are {}", fmt::join(gaps, "; "));
  return fmt::format("this peer cannot serve: there is no leader. It reaches "
                     "{} of {} members, itself included, and {} are needed; {}",
                     x.reached, x.members, x.members / 2 + 1, why);
}

std::string text_of(const machine_full&) {
  return "the disk is full: the state machine has no room, and commands that "
         "need some are refused. Make room, or erase; it goes on by itself";
}

std::string text_of(const silent&) {
  return "this peer does not answer in its own process: it is overloaded or "
         "stuck";
}

std::string text_of(const unhealthy& x) {
  auto what
    = std::visit([](const auto& known) { return text_of(known); }, x.what);
  return x.lasts ? fmt::format("{} (for {} s)", what, x.lasts->count()) : what;
}

/// What is said when trouble is over.
struct ending {
  const char* operator()(const machine_stuck&) const {
    return "the state machine goes on";
  }

  const char* operator()(const commit_stuck&) const {
    return "entries are committed again";
  }

  const char* operator()(const disk_full&) const {
    return "there is room on the disk again";
  }

  const char* operator()(const disk_stuck&) const {
    return "the disk takes entries again";
  }

  const char* operator()(const log_kept&) const {
    return "the log is not kept for others any more";
  }

  const char* operator()(const no_leader&) const {
    return "this peer can serve: there is a leader";
  }

  const char* operator()(const machine_full&) const {
    return "there is room for the state machine again";
  }

  const char* operator()(const silent&) const {
    return "this peer answers again";
  }
};

std::string text_of(const healthy_again& x) {
  return fmt::format("{} (after {} s)", std::visit(ending{}, x.what),
                     x.lasted.count());
}

// -- the Redis port -----------------------------------------------------------

std::string text_of(const redis_listening& x) {
  return fmt::format("redis: listening for clients on {}",
                     fmt::join(x.addresses, " and "));
}

std::string text_of(const redis_clients_limited& x) {
  return fmt::format("redis: at most {} clients instead of {}, because this "
                     "process may open only {} files; see ulimit -n",
                     x.possible, x.wanted, x.files);
}

std::string text_of(const redis_unread& x) {
  return fmt::format("redis: closing the connection of client {}: it has not "
                     "read {} bytes of replies, of {} that all clients have "
                     "not read; the bound is {}",
                     x.client, x.bytes, x.total, x.bound);
}

std::string text_of(const redis_unfinished& x) {
  return fmt::format("redis: closing the connection of client {}: it did not "
                     "finish a large request within {} ms while others wait to "
                     "send theirs",
                     x.client, x.patience.count());
}

std::string text_of(const redis_http& x) {
  return fmt::format(
    "redis: possible attack: client {} sent a line of HTTP, "
    "as a page in a browser can; nothing of it was executed, "
    "and its connection is closed{}",
    x.client,
    x.others == 0
      ? ""
      : fmt::format("; {} more did so since this was said last", x.others));
}

std::string text_of(const redis_deaf&) {
  return "redis: the listening socket was closed; no more clients can connect";
}

} // namespace

std::string to_text(const event& x) {
  return std::visit([](const auto& what) { return text_of(what); }, x);
}

std::string text_of_bytes(std::uint64_t x) {
  return x < 1 << 20 ? fmt::format("{:.1f} KiB", double(x) / (1 << 10))
                     : fmt::format("{:.1f} MiB", double(x) / (1 << 20));
}

} // namespace raft::events
