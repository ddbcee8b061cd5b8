#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/client/connect.hpp>
#include <raft/client/fetch_snapshot.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace raft::client {

namespace {

/// How many bytes a part has, and how many parts may be on their way: enough to
/// hide what the way takes.
constexpr std::uint64_t part_bytes = 128 << 10;
constexpr std::size_t parts_under_way_max = 8;

} // namespace

std::optional<snapshot_head> take_snapshot(caf::actor_system& system,
                                           const client_options& options,
                                           const links::address& where,
                                           log_index at_least) {
  return over_a_live_connection([&] {
    caf::scoped_actor self{system};
    const auto deadline = options.server_deadline;
    auto peer = connect_to_peer(self, where, options.cluster, deadline);
    std::optional<snapshot_head> result;
    actors::ask_far(
      self, peer, deadline,
      [&](const snapshot_taken& x) { result = x.snapshot; },
      [&](const caf::error& reason) {
        if (reason != caf::sec::request_timeout)
          fail_visit(system, where, deadline, reason);
      },
      raft::take_snapshot{options.group, at_least});
    return result;
  });
}

void read_snapshot(caf::actor_system& system, const client_options& options,
                   const links::address& where, const snapshot_head& what,
                   std::uint64_t offset,
                   const std::function<void(std::string_view)>& to) {
  caf::scoped_actor self{system};
  const auto deadline = options.server_deadline;
  auto peer = connect_to_peer(self, where, options.cluster, deadline);
  const auto ask = [&](std::uint64_t from) {
    return actors::begin_far(
      self, peer, deadline,
      raft::read_snapshot{options.group, what, from,
                          std::min(part_bytes, what.size - from)});
  };
  std::deque<decltype(ask(0))> under_way;
  for (auto asked = offset; offset < what.size;) {
    for (; asked < what.size && under_way.size() < parts_under_way_max;
         asked += part_bytes)
      under_way.push_back(ask(asked));
    snapshot_part part;
    under_way.front().receive([&](snapshot_part& x) { part = std::move(x); },
                              [&](const caf::error& reason) {
                                fail_visit(system, where, deadline, reason);
                              });
    under_way.pop_front();
    if (part.offset != offset
        || part.data.size() != std::min(part_bytes, what.size - offset))
      throw client_error{
        fmt::format("{}: gave another part of the snapshot than was asked for",
                    to_text(where))};
    to(part.data.view());
    offset += part.data.size();
  }
}

} // namespace raft::client
