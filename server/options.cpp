#include <raft/consensus/soundness.hpp>
#include <raft/server/options.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace raft::server {

namespace {

std::uint64_t parse_count(const std::string& text) {
  std::uint64_t result = 0;
  auto end = text.data() + text.size();
  auto [at, code] = std::from_chars(text.data(), end, result);
  if (code != std::errc{} || at != end || text.empty())
    throw cluster::configuration_error{
      fmt::format("\"{}\" is no whole number from 0", text)};
  return result;
}

template <class T>
std::uint64_t number_in(const T& x) {
  if constexpr (requires { x.count(); })
    return static_cast<std::uint64_t>(x.count());
  else if constexpr (requires { x.value; })
    return x.value;
  else
    return x;
}

template <class T>
std::string show_value(const T& x) {
  if constexpr (requires { x.count(); })
    return std::to_string(x.count());
  else if constexpr (requires { x.value; })
    return x.value ? std::to_string(x.value) : "";
  else
    return fmt::format("{}", x);
}

/// Asks for the texts of an option, and refuses what is out of bounds.
option checked(option x) {
  x.set = [set = std::move(x.set), self = x](
            configuration& to, const std::vector<std::string>& values) {
    set(to, values);
    if (auto why = complaint_about(self, to); !why.empty())
      throw cluster::configuration_error{why};
  };
  return x;
}

/// An option that holds a number: a count, an id or a duration.
/// @param field Returns a reference to it.
template <class Field>
option number(const char* name, const char* value, bounds range,
              const char* help, Field field) {
  option result{name, option_kind::number, value, help, {}, {}};
  result.range = range;
  result.set = [field](configuration& x,
                       const std::vector<std::string>& values) {
    auto& ref = field(x);
    ref = std::remove_reference_t<decltype(ref)>{parse_count(values.back())};
  };
  result.show = [field](configuration x) { return show_value(field(x)); };
  result.measure = [field](configuration x) { return number_in(field(x)); };
  return checked(std::move(result));
}

template <class Field>
option text(const char* name, const char* value, const char* help, Field field,
            std::optional<bounds> length = {},
            std::vector<std::string> choices = {}) {
  option result{name, option_kind::text, value, help, {}, {}};
  result.set
    = [field](configuration& x, const std::vector<std::string>& values) {
        field(x) = values.back();
      };
  result.show = [field](configuration x) { return field(x); };
  result.range = length;
  result.measure = [field](configuration x) { return field(x).size(); };
  result.choices = std::move(choices);
  return checked(std::move(result));
}

std::string nothing_to_show(const configuration&) {
  return {};
}

template <class Field>
option endpoint(const char* name, const char* help, Field field) {
  return {name,
          option_kind::text,
          "HOST:PORT",
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = links::parse_address(values.back());
          },
          nothing_to_show};
}

template <class Field>
option flag(const char* name, const char* help, Field field) {
  return {name,
          option_kind::flag,
          "",
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = values.back() == "true";
          },
          nothing_to_show};
}

option members_option() {
  return {"members",
          option_kind::list,
          "ID=HOST:PORT,...",
          "All peers of the cluster, this one included",
          [](configuration& x, const std::vector<std::string>& values) {
            x.node.members.clear();
            for (auto& value : values)
              x.node.members.push_back(links::parse_member(value));
          },
          nothing_to_show};
}

// Where nothing else says how much is too much: nobody means so much, and sums
// and products of such numbers stay far from where they overflow.
constexpr bounds times{1, std::uint64_t{24} * 60 * 60 * 1000};
constexpr bounds counts{1, 1 << 20, false};
constexpr bounds counts_or_none{0, counts.highest, false};
constexpr bounds sizes{1, std::uint64_t{1} << 40, false};
constexpr bounds sizes_or_none{0, sizes.highest, false};
// Two of them must fit into the address space of a process.
constexpr bounds map_sizes{1 << 20, std::uint64_t{1} << 45};
constexpr bounds journal_files{2, 64};
constexpr bounds journal_sizes{1 << 20, std::uint64_t{1} << 30};
constexpr bounds dirty_sizes{1 << 20, std::uint64_t{16} << 30};
constexpr bounds checkpoint_times{cluster::checkpoint_after_min.count(),
                                  cluster::checkpoint_after_max.count()};

// The one place that names, types and describes the options.
// NOLINTBEGIN(bugprone-macro-parentheses): a member's name takes none.
#define RAFT_FIELD(name)                                                       \
  [](configuration & x) -> auto& {                                             \
    return x.name;                                                             \
  }
// NOLINTEND(bugprone-macro-parentheses)

std::vector<option> options_of_node() {
  return {
    number("id", "N", {1, std::numeric_limits<std::uint64_t>::max(), false},
           "Which of the members this node is", RAFT_FIELD(node.id)),
    members_option(),
    text("cluster", "NAME",
         "Name of the cluster; peers and clients of another one are refused",
         RAFT_FIELD(node.cluster), bounds{1, cluster::name_length_max, false}),
    text("data", "DIR", "Directory of this node's log",
         RAFT_FIELD(node.data_directory)),
    endpoint(
      "listen",
      "Where to wait for peers and clients, if not at this peer's address "
      "among the members; port 0 picks a free one",
      RAFT_FIELD(node.listen)),
    endpoint("redis", "Where to wait for Redis clients", RAFT_FIELD(redis)),
    number("redis-unread-bytes", "BYTES", sizes,
           "How much a Redis client may leave unread before it is closed",
           RAFT_FIELD(redis_unread_bytes)),
    number("redis-unread-total", "BYTES", sizes,
           "The same for all Redis clients together",
           RAFT_FIELD(redis_unread_total)),
    number("redis-requests-total", "BYTES", sizes,
           "How much requests of all Redis clients may hold that are "
           "unfinished or not answered",
           RAFT_FIELD(redis_requests_total)),
    flag("bootstrap",
         "Found the cluster: an empty data directory takes the members as "
         "given and may vote. Harmless afterwards",
         RAFT_FIELD(node.bootstrap)),
    flag("join",
         "Join a cluster: an empty data directory waits until a cluster makes "
         "this node a member ('raftctl member add'). Of the members only this "
         "node must be given. Harmless afterwards",
         RAFT_FIELD(node.join)),
    text("restore", "FILE",
         "Found a new cluster from the file of a snapshot: an empty data "
         "directory is filled with it. The same file on all peers. Harmless "
         "afterwards",
         RAFT_FIELD(restore)),
    flag("rejoin",
         "Read all of the data directory before the start, and if its state is "
         "damaged, lost or known to be wrong, get that of the other members",
         RAFT_FIELD(rejoin)),
    flag("insecure",
         "Allow addresses that other machines can reach, although nothing is "
         "encrypted or authenticated",
         RAFT_FIELD(node.insecure)),
    text("log-level", "LEVEL", "How much to log", RAFT_FIELD(log_level), {},
         {"trace", "debug", "info", "warning", "error", "off"}),
  };
}

std::vector<option> election_options() {
  return {
    number("heartbeat", "MS", times, "How often a leader speaks",
           RAFT_FIELD(node.raft.heartbeat_interval)),
    number("election-timeout-min", "MS", times,
           "How long to wait for a leader, at least",
           RAFT_FIELD(node.raft.election_timeout_min)),
    number("election-timeout-max", "MS", times,
           "How long to wait for a leader, at most",
           RAFT_FIELD(node.raft.election_timeout_max)),
    number("priority", "N", {0, priority_max},
           "How much this node is wanted as the leader: below 5 it leads only "
           "while no other can, above 5 it takes over from others; 0: never",
           RAFT_FIELD(node.raft.priority)),
    number(
      "lease-drift-ppm", "N", {0, consensus::lease_drift_ppm_max, false},
      "By how many millionths the clock of any member runs too fast or too "
      "slow, at most; 0: no leases",
      RAFT_FIELD(node.raft.lease_drift_ppm)),
    number("level-after", "MS", times,
           "How long all members must have spoken a newer version of the "
           "messages until they go on to it for good: up to then, each can go "
           "back to an older release",
           RAFT_FIELD(node.raft.level_after)),
    number("protocol-version-max", "N",
           {protocol_version_min, protocol_version},
           "The newest version of the messages to speak, so that an older "
           "release can take over again",
           RAFT_FIELD(node.raft.level_max)),
    flag("lease-reads",
         "Answer GET, SCAN and the like by lease: faster, and wrong if a clock "
         "drifts more. Needs --lease-drift-ppm",
         RAFT_FIELD(node.raft.commands_read_by_lease)),
  };
}

std::vector<option> raft_options() {
  return {
    number("batches-under-way", "N", counts,
           "How many batches may wait for a quorum at once",
           RAFT_FIELD(node.raft.batches_under_way_max)),
    number("requests-in-flight", "N", counts,
           "How many append requests may be unanswered per follower",
           RAFT_FIELD(node.raft.requests_in_flight_max)),
    number("bytes-in-flight", "BYTES", sizes,
           "How many bytes of entries may be unanswered per follower",
           RAFT_FIELD(node.raft.bytes_in_flight_max)),
    number("frame-bytes", "BYTES", sizes,
           "How many bytes of entries are sent to a follower at once",
           RAFT_FIELD(node.raft.frame_bytes_max)),
    number("wire-bytes", "BYTES", sizes,
           "How many bytes of entries may be on the wire to a follower",
           RAFT_FIELD(node.raft.wire_bytes_max)),
    number("batch-bytes", "BYTES", sizes,
           "How many bytes of entries make a batch",
           RAFT_FIELD(node.raft.batch_bytes_max)),
    number("command-bytes", "BYTES", {0, consensus::entry_bytes_max},
           "Largest command", RAFT_FIELD(node.raft.command_bytes_max)),
    number("uncommitted-bytes", "BYTES", sizes,
           "How many bytes may be uncommitted before clients are told `busy`",
           RAFT_FIELD(node.raft.uncommitted_bytes_max)),
    number(
      "undurable-bytes", "BYTES", sizes,
      "How many bytes may wait for this peer's disk before clients are told "
      "`busy`",
      RAFT_FIELD(node.raft.undurable_bytes_max)),
    number("unapplied-bytes", "BYTES", sizes,
           "How many bytes may wait for its state machine before clients "
           "are told `busy`",
           RAFT_FIELD(node.raft.unapplied_bytes_max)),
    number("applying-bytes", "BYTES", sizes,
           "How many bytes of entries may be at the state machine",
           RAFT_FIELD(node.raft.applying_bytes_max)),
    number("log-in-memory", "BYTES", sizes_or_none,
           "How many bytes of the log's tail stay in memory",
           RAFT_FIELD(node.raft.log_bytes_in_memory)),
    number("log-kept", "BYTES", sizes_or_none,
           "How many bytes of the log's tail are kept when entries are dropped",
           RAFT_FIELD(node.raft.log_bytes_kept)),
    number("compaction-bytes", "BYTES", sizes,
           "How many bytes of entries are dropped at once, at least",
           RAFT_FIELD(node.raft.compaction_bytes_min)),
    number("disk-retry", "MS", times,
           "How long to leave a full disk alone before it is tried again",
           RAFT_FIELD(node.raft.disk_retry_interval)),
  };
}

std::vector<option> snapshot_options() {
  return {
    number("log-for-lagging", "BYTES", sizes,
           "How many bytes of the log are kept at most for members that lag "
           "behind; one that lacks more gets a snapshot",
           RAFT_FIELD(node.raft.lagging_bytes_max)),
    number("snapshots-sent", "N", counts,
           "To how many members snapshots are sent at once",
           RAFT_FIELD(node.raft.snapshots_sent_max)),
    number("snapshot-rate", "BYTES", sizes_or_none,
           "How many bytes of snapshots are written, and sent, in a second; "
           "0: as fast as can be",
           RAFT_FIELD(node.snapshot_bytes_per_second)),
  };
}

std::vector<option> resource_options() {
  return {
    number("connections", "N", counts_or_none,
           "How many connections of clients there may be at the port for peers "
           "and clients; the limit of open files may allow less",
           RAFT_FIELD(node.connections_max)),
    number("subscriptions", "N", counts_or_none,
           "How many subscriptions there may be at once",
           RAFT_FIELD(node.bounds.subscriptions_max)),
    number("subscription-bytes", "BYTES", sizes_or_none,
           "How many bytes may be on their way to one subscription",
           RAFT_FIELD(node.bounds.subscription_bytes_max)),
    number("dirty-bytes", "BYTES", dirty_sizes,
           "How many bytes of changes to the key-value data may be in memory "
           "and not on the disk",
           RAFT_FIELD(dirty_bytes)),
    number(
      "cached-bytes", "BYTES", sizes_or_none,
      "How many bytes of key-value data are expected to be in the system's "
      "cache; with more, commands get a thread of their own. 0: half of "
      "the machine's memory",
      RAFT_FIELD(cached_bytes)),
    number("checkpoint-after", "MS", checkpoint_times,
           "How long changes to the key-value data that are few wait until "
           "they are checkpointed",
           RAFT_FIELD(node.checkpoint_after)),
    number("map-bytes", "BYTES", map_sizes,
           "Address space (not disk space) reserved for the log",
           RAFT_FIELD(node.map_bytes)),
    number("space-ahead", "BYTES", sizes_or_none,
           "How much of the disk to take before it is needed",
           RAFT_FIELD(node.reserved_space.ahead)),
    number("space-reserve", "BYTES", sizes_or_none,
           "How much of that is kept for votes and terms when the disk is full",
           RAFT_FIELD(node.reserved_space.reserve)),
    number("journal-segments", "N", journal_files,
           "How many files the journal of the log has",
           RAFT_FIELD(node.journal.segments)),
    number("journal-segment-bytes", "BYTES", journal_sizes,
           "How long each of these files becomes",
           RAFT_FIELD(node.journal.segment_bytes)),
  };
}

#undef RAFT_FIELD

const char* former_name(std::string_view name) {
  constexpr std::pair<std::string_view, const char*> all[]{
    {"dirty-bytes", "unsaved-bytes"},
    {"checkpoint-after", "save-after"},
    {"space-ahead", "room-ahead"},
    {"space-reserve", "room-reserve"},
  };
  for (const auto& [now, before] : all)
    if (name == now)
      return before;
  return nullptr;
}

} // namespace

const std::vector<option>& options() {
  static const std::vector<option> result = [] {
    auto all = options_of_node();
    for (auto more : {election_options(), raft_options(), snapshot_options(),
                      resource_options()})
      for (auto& x : more)
        all.push_back(std::move(x));
    for (auto& x : all)
      x.formerly = former_name(x.name);
    return all;
  }();
  return result;
}

std::string complaint_about(const option& what, const configuration& x) {
  if (!what.choices.empty()
      && std::ranges::count(what.choices, what.show(x)) == 0)
    return fmt::format("\"{}\" is none of {}", what.show(x),
                       fmt::join(what.choices, ", "));
  if (!what.range)
    return {};
  const auto lowest = what.range->lowest, highest = what.range->highest;
  auto found = what.measure(x);
  if (lowest <= found && found <= highest)
    return {};
  auto is_text = what.type == option_kind::text;
  return fmt::format("must {} {} to {}{}, not {}", is_text ? "have" : "be from",
                     lowest, highest, is_text ? " characters" : "", found);
}

} // namespace raft::server
