#include <raft/actors/subscribers.hpp>

#include <caf/actor_cast.hpp>

namespace raft::actors {

subscribed subscribers::open(const subscribe& what, const subscriber_actor& who,
                             log_index first) {
  if (what.from < first)
    return {false, first};
  name key{caf::actor_cast<caf::actor_addr>(who), what.id};
  if (tickets_.count(key) == 0 && tickets_.size() >= bounds_.subscriptions_max)
    return {false, first, reject_reason::busy};
  close(key);
  auto ticket = feed_.open(what.from, what.credit_bytes);
  tickets_[key] = ticket;
  subscriptions_[ticket] = {key, who};
  return {true, first};
}

void subscribers::grant(const caf::actor_addr& who, const credit& more) {
  if (auto i = tickets_.find({who, more.id}); i != tickets_.end())
    feed_.grant(i->second, more.bytes);
}

void subscribers::forget(const caf::actor_addr& who) {
  auto i = tickets_.lower_bound({who, 0});
  while (i != tickets_.end() && i->first.first == who) {
    auto key = (i++)->first;
    close(key);
  }
}

void subscribers::clear() {
  while (!tickets_.empty())
    forget(caf::actor_addr{tickets_.begin()->first.first});
}

std::optional<subscribers::parcel>
subscribers::fill(const feed::order& order, std::vector<entry>&& entries) {
  auto i = subscriptions_.find(order.who);
  if (i == subscriptions_.end())
    return std::nullopt;
  auto [who, handle] = i->second;
  if (entries.empty())
    close(who);
  else
    feed_.filled(order, entries);
  return parcel{handle, {group_, who.second, std::move(entries)}};
}

void subscribers::close(const name& who) {
  auto i = tickets_.find(who);
  if (i == tickets_.end())
    return;
  feed_.close(i->second);
  subscriptions_.erase(i->second);
  tickets_.erase(i);
}

} // namespace raft::actors
