#include <raft/server/options.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
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
std::string show_value(const T& x) {
  if constexpr (requires { x.count(); })
    return std::to_string(x.count());
  else if constexpr (requires { x.value; })
    return x.value ? std::to_string(x.value) : "";
  else
    return fmt::format("{}", x);
}

/// An option that holds a number: a count, an id or a duration.
/// @param field Returns a reference to it.
template <class Field>
option number(const char* name, const char* value, const char* help,
              Field field) {
  return {name,
          option_kind::number,
          value,
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            auto& ref = field(x);
            ref = std::remove_reference_t<decltype(ref)>{
              parse_count(values.at(0))};
          },
          [field](configuration x) { return show_value(field(x)); },
          nullptr};
}

template <class Field>
option text(const char* name, const char* value, const char* help,
            Field field) {
  return {name,
          option_kind::text,
          value,
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = values.at(0);
          },
          [field](configuration x) { return field(x); },
          nullptr};
}

template <class Field>
option endpoint(const char* name, const char* help, Field field) {
  return {name,
          option_kind::text,
          "HOST:PORT",
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = links::parse_address(values.at(0));
          },
          [](const configuration&) { return std::string{}; },
          nullptr};
}

template <class Field>
option flag(const char* name, const char* help, Field field) {
  return {name,
          option_kind::flag,
          "",
          help,
          [field](configuration& x, const std::vector<std::string>& values) {
            field(x) = values.at(0) == "true";
          },
          [](const configuration&) { return std::string{}; },
          nullptr};
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
          [](const configuration&) { return std::string{}; },
          nullptr};
}

// The one place that names, types and describes the options.
// NOLINTBEGIN(bugprone-macro-parentheses): a member's name takes none.
#define RAFT_FIELD(name)                                                       \
  [](configuration & x) -> auto& {                                             \
    return x.name;                                                             \
  }
// NOLINTEND(bugprone-macro-parentheses)

std::vector<option> options_of_node() {
  return {
    number("id", "N", "Which of the members this node is", RAFT_FIELD(node.id)),
    members_option(),
    text("cluster", "NAME",
         "Name of the cluster; peers and clients of another one are refused",
         RAFT_FIELD(node.cluster)),
    text("data", "DIR", "Directory of this node's log",
         RAFT_FIELD(node.data_directory)),
    endpoint(
      "listen",
      "Where to wait for peers and clients, if not at this peer's address "
      "among the members; port 0 picks a free one",
      RAFT_FIELD(node.listen)),
    endpoint("redis", "Where to wait for Redis clients", RAFT_FIELD(redis)),
    number("redis-unread-bytes", "BYTES",
           "How much a Redis client may leave unread before it is closed",
           RAFT_FIELD(redis_unread_bytes)),
    number("redis-unread-total", "BYTES",
           "The same for all Redis clients together",
           RAFT_FIELD(redis_unread_total)),
    number("redis-requests-total", "BYTES",
           "How much requests of all Redis clients may hold that are "
           "unfinished or not answered",
           RAFT_FIELD(redis_requests_total)),
    flag("bootstrap",
         "Found the cluster: an empty data directory takes the members as "
         "given and may vote. Harmless afterwards",
         RAFT_FIELD(node.bootstrap)),
    flag("insecure",
         "Allow addresses that other machines can reach, although nothing is "
         "encrypted or authenticated",
         RAFT_FIELD(node.insecure)),
    text("log-level", "LEVEL", "trace, debug, info, warning, error or off",
         RAFT_FIELD(log_level)),
  };
}

std::vector<option> raft_options() {
  return {
    number("heartbeat", "MS", "How often a leader speaks",
           RAFT_FIELD(node.raft.heartbeat_interval)),
    number("election-timeout-min", "MS",
           "How long to wait for a leader, at least",
           RAFT_FIELD(node.raft.election_timeout_min)),
    number("election-timeout-max", "MS",
           "How long to wait for a leader, at most",
           RAFT_FIELD(node.raft.election_timeout_max)),
    number("batches-under-way", "N",
           "How many batches may wait for a quorum at once",
           RAFT_FIELD(node.raft.batches_under_way_max)),
    number("requests-in-flight", "N",
           "How many append requests may be unanswered per follower",
           RAFT_FIELD(node.raft.requests_in_flight_max)),
    number("bytes-in-flight", "BYTES",
           "How many bytes of entries may be unanswered per follower",
           RAFT_FIELD(node.raft.bytes_in_flight_max)),
    number("frame-bytes", "BYTES",
           "How many bytes of entries are sent to a follower at once",
           RAFT_FIELD(node.raft.frame_bytes_max)),
    number("wire-bytes", "BYTES",
           "How many bytes of entries may be on the wire to a follower",
           RAFT_FIELD(node.raft.wire_bytes_max)),
    number("batch-bytes", "BYTES", "How many bytes of entries make a batch",
           RAFT_FIELD(node.raft.batch_bytes_max)),
    number("command-bytes", "BYTES", "Largest command",
           RAFT_FIELD(node.raft.command_bytes_max)),
    number("uncommitted-bytes", "BYTES",
           "How many bytes may be uncommitted before clients are told `busy`",
           RAFT_FIELD(node.raft.uncommitted_bytes_max)),
    number(
      "undurable-bytes", "BYTES",
      "How many bytes may wait for this peer's disk before clients are told "
      "`busy`",
      RAFT_FIELD(node.raft.undurable_bytes_max)),
    number("unapplied-bytes", "BYTES",
           "How many bytes may wait for its state machine before clients "
           "are told `busy`",
           RAFT_FIELD(node.raft.unapplied_bytes_max)),
    number("applying-bytes", "BYTES",
           "How many bytes of entries may be at the state machine",
           RAFT_FIELD(node.raft.applying_bytes_max)),
    number("log-in-memory", "BYTES",
           "How many bytes of the log's tail stay in memory",
           RAFT_FIELD(node.raft.log_bytes_in_memory)),
    number("log-kept", "BYTES",
           "How many bytes of the log's tail are kept when entries are dropped "
           "that every member has",
           RAFT_FIELD(node.raft.log_bytes_kept)),
    number("compaction-bytes", "BYTES",
           "How many bytes of entries are dropped at once, at least",
           RAFT_FIELD(node.raft.compaction_bytes_min)),
    number("disk-retry", "MS",
           "How long to leave a full disk alone before it is tried again",
           RAFT_FIELD(node.raft.disk_retry_interval)),
  };
}

std::vector<option> resource_options() {
  return {
    number("connections", "N",
           "How many connections of clients there may be at the port for peers "
           "and clients; the limit of open files may allow less",
           RAFT_FIELD(node.connections_max)),
    number("subscriptions", "N", "How many subscriptions there may be at once",
           RAFT_FIELD(node.bounds.subscriptions_max)),
    number("subscription-bytes", "BYTES",
           "How many bytes may be on their way to one subscription",
           RAFT_FIELD(node.bounds.subscription_bytes_max)),
    number("dirty-bytes", "BYTES",
           "How many bytes of changes to the key-value data may be in memory "
           "and not on the disk",
           RAFT_FIELD(dirty_bytes)),
    number("checkpoint-after", "MS",
           "How long changes to the key-value data that are few wait until "
           "they are checkpointed",
           RAFT_FIELD(node.checkpoint_after)),
    number("map-bytes", "BYTES",
           "Address space (not disk space) reserved for the log",
           RAFT_FIELD(node.map_bytes)),
    number("space-ahead", "BYTES",
           "How much of the disk to take before it is needed",
           RAFT_FIELD(node.reserved_space.ahead)),
    number("space-reserve", "BYTES",
           "How much of that is kept for votes and terms when the disk is full",
           RAFT_FIELD(node.reserved_space.reserve)),
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
    for (auto more : {raft_options(), resource_options()})
      for (auto& x : more)
        all.push_back(std::move(x));
    for (auto& x : all)
      x.formerly = former_name(x.name);
    return all;
  }();
  return result;
}

} // namespace raft::server
