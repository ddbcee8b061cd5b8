#include <raft/kv/command.hpp>
#include <raft/redis/batcher.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace raft::redis {

batcher::batcher(const std::array<lane_limits, lane_count>& limits) {
  for (std::size_t i = 0; i < lane_count; ++i)
    lanes_[i].limits = limits[i];
}

void batcher::add(client who, batch what, time_point now) {
  if (what.way == lane::writes
      && std::all_of(what.commands.begin(), what.commands.end(),
                     kv::only_reads_or_erases))
    what.way = lane::erases;
  lanes_[static_cast<std::size_t>(what.way)].queue.push_back(
    {who, std::move(what.commands), what.cost, now});
}

std::vector<batcher::shared_command> batcher::take_ready() {
  std::vector<shared_command> result;
  for (std::size_t i = 0; i < lane_count; ++i)
    while (!lanes_[i].queue.empty()
           && lanes_[i].under_way < lanes_[i].limits.under_way_max)
      result.push_back(take_ready(i));
  return result;
}

std::vector<batcher::client_result> batcher::finish(std::uint64_t number,
                                                    const executed& result) {
  auto i = under_way_.find(number);
  if (i == under_way_.end())
    return {};
  auto shares = std::move(i->second.shares);
  --lanes_[i->second.lane].under_way;
  under_way_.erase(i);
  if (std::all_of(shares.begin(), shares.end(),
                  [](const auto& x) { return x.gone; }))
    return {};
  std::size_t sent = 0;
  for (const auto& x : shares)
    sent += x.commands;
  auto how = result;
  how.reply = {};
  auto replies = result.result == outcome::committed
                 ? kv::view_batch(result.reply.view())
                 : std::nullopt;
  if (replies && replies->size() > sent)
    replies.reset();
  std::vector<client_result> served;
  std::vector<client_result> waiting;
  std::size_t at = 0;
  for (const auto& x : shares) {
    if (x.gone) {
      at = replies ? std::min(at + x.commands, replies->size()) : at;
      continue;
    }
    client_result one{x.who, {how, std::nullopt, result.reply}};
    auto complete = true;
    if (replies) {
      auto end = std::min(at + x.commands, replies->size());
      auto begin = replies->begin();
      one.result.replies.emplace(begin + static_cast<std::ptrdiff_t>(at),
                                 begin + static_cast<std::ptrdiff_t>(end));
      complete = end - at == x.commands;
      at = end;
    }
    (complete ? served : waiting).push_back(std::move(one));
  }
  std::move(served.begin(), served.end(), std::back_inserter(waiting));
  return waiting;
}

void batcher::leave(client who) {
  auto is_its = [who](const auto& x) { return x.who == who; };
  for (std::size_t i = 0; i < lane_count; ++i)
    if (i != static_cast<std::size_t>(lane::writes)
        && i != static_cast<std::size_t>(lane::erases))
      std::erase_if(lanes_[i].queue, is_its);
  for (auto& [number, x] : under_way_) {
    auto found = std::find_if(x.shares.begin(), x.shares.end(), is_its);
    if (found != x.shares.end())
      found->gone = true;
  }
}

std::vector<batcher::client> batcher::expire(time_point before) {
  std::vector<client> result;
  for (auto& x : lanes_)
    // Each queue has those first that came first.
    for (; !x.queue.empty() && x.queue.front().since < before;
         x.queue.pop_front())
      result.push_back(x.queue.front().who);
  return result;
}

std::optional<batcher::time_point> batcher::waiting_since() const {
  std::optional<time_point> result;
  for (const auto& x : lanes_)
    if (!x.queue.empty())
      result = std::min(result.value_or(x.queue.front().since),
                        x.queue.front().since);
  return result;
}

/// Makes a shared_command of what has been waiting for longest on a lane.
batcher::shared_command batcher::take_ready(std::size_t number_of_lane) {
  auto& from = lanes_[number_of_lane];
  shares_under_way x{number_of_lane, {}};
  std::vector<bytes> commands;
  std::size_t cost = 0;
  while (!from.queue.empty()) {
    auto& next = from.queue.front();
    if (!commands.empty() && cost + next.cost > from.limits.cost_max)
      break;
    cost += next.cost;
    x.shares.push_back({next.who, next.commands.size(), false});
    std::move(next.commands.begin(), next.commands.end(),
              std::back_inserter(commands));
    from.queue.pop_front();
  }
  ++from.under_way;
  auto number = ++last_number_;
  under_way_.emplace(number, std::move(x));
  auto way = static_cast<lane>(number_of_lane);
  return {number, kv::encode_batch(commands),
          way == lane::reads || way == lane::large_reads};
}

} // namespace raft::redis
