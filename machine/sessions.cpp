#include <raft/machine/sessions.hpp>

#include <algorithm>
#include <cassert>
#include <limits>
#include <stdexcept>
#include <utility>

namespace raft::machine {

sessions::sessions(session_bounds bounds) : bounds_{bounds} {
  assert(bounds_.sessions_max >= 1 && bounds_.replies_max >= 1);
}

void sessions::advance(std::uint64_t time_ms) {
  if (time_ms > now_ms_) {
    now_ms_ = time_ms;
    changed_.insert(session_id{});
  }
  while (!by_use_.empty()) {
    const auto& oldest = sessions_.at(by_use_.begin()->second);
    if (now_ms_ - oldest.last_used_ms <= bounds_.idle_ms_max)
      return;
    drop_least_recently_used();
  }
}

void sessions::open(log_index where) {
  if (sessions_.size() >= bounds_.sessions_max)
    drop_least_recently_used();
  auto id = session_id{where.value};
  touch(id, sessions_[id], where);
}

sessions::admission sessions::admit(const command_tag& tag, log_index where,
                                    bool repeatable) {
  auto i = sessions_.find(tag.session);
  if (i == sessions_.end())
    return {verdict::expired, {}};
  auto& x = i->second;
  touch(i->first, x, where);
  forget_below(x, tag.lowest_unanswered);
  if (tag.sequence < x.low_water
      || (!repeatable && x.without_reply.contains(tag.sequence)))
    return {verdict::stale, {}};
  if (x.pending.contains(tag.sequence))
    return {verdict::pending, {}};
  auto reply = x.replies.find(tag.sequence);
  if (reply != x.replies.end())
    return {verdict::kept, reply->second};
  return {verdict::fresh, {}};
}

void sessions::keep(const command_tag& tag, const bytes& reply) {
  auto& x = sessions_.at(tag.session);
  add_reply(x, tag.sequence, reply);
  bound_count(x);
}

void sessions::keep_no_reply(const command_tag& tag) {
  auto& x = sessions_.at(tag.session);
  x.without_reply.insert(tag.sequence);
  bound_count(x);
}

void sessions::reserve(const command_tag& tag) {
  // The low-water mark depends on the number of commands alone, so it can rise
  // before the replies are there.
  auto& x = sessions_.at(tag.session);
  x.pending.insert(tag.sequence);
  bound_count(x);
}

void sessions::fill(const command_tag& tag, const bytes& reply) {
  auto i = sessions_.find(tag.session);
  if (i != sessions_.end() && i->second.pending.erase(tag.sequence) > 0)
    add_reply(i->second, tag.sequence, reply);
}

std::size_t sessions::size() const noexcept {
  return sessions_.size();
}

std::vector<std::size_t> sessions::changed_sizes() const {
  std::vector<std::size_t> result;
  result.reserve(changed_.size());
  for (auto id : changed_) {
    auto i = sessions_.find(id);
    if (!id)
      result.push_back(clock_bytes);
    else if (i == sessions_.end())
      result.push_back(0);
    else
      result.push_back(encoded_size(i->second, i->second.reply_bytes));
  }
  return result;
}

std::vector<session_record> sessions::take_changes() {
  std::vector<session_record> result;
  for (auto id : std::exchange(changed_, {})) {
    auto i = sessions_.find(id);
    if (!id)
      result.push_back({id, encode_clock(now_ms_)});
    else if (i == sessions_.end())
      result.push_back({id, {}});
    else
      result.push_back({id, encode(i->second)});
  }
  return result;
}

std::vector<session_record> sessions::all_records() const {
  std::vector<session_record> result;
  result.push_back({{}, encode_clock(now_ms_)});
  for (const auto& [id, x] : sessions_)
    result.push_back({id, encode(x)});
  return result;
}

void sessions::restore(const std::vector<session_record>& records) {
  assert(sessions_.empty() && changed_.empty());
  auto refuse = [](session_id id) {
    throw std::runtime_error{"the stored record of session " + to_text(id)
                             + " cannot be understood"};
  };
  for (const auto& [id, data] : records) {
    if (!id) {
      auto clock = decode_clock(data);
      if (!clock)
        refuse(id);
      now_ms_ = *clock;
    } else if (!data.empty()) {
      auto found = decode_session(data);
      if (!found || !by_use_.emplace(found->last_used, id).second)
        refuse(id);
      auto& x = sessions_[id];
      static_cast<session_state&>(x) = std::move(*found);
      for (const auto& [sequence, reply] : x.replies)
        x.reply_bytes += reply.size();
    }
  }
}

void sessions::touch(session_id id, session& x, log_index where) {
  by_use_.erase(x.last_used);
  assert(by_use_.empty() || by_use_.rbegin()->first < where);
  by_use_.emplace(where, id);
  x.last_used = where;
  x.last_used_ms = now_ms_;
  changed_.insert(id);
}

void sessions::drop_least_recently_used() {
  auto oldest = by_use_.begin();
  changed_.insert(oldest->second);
  sessions_.erase(oldest->second);
  by_use_.erase(oldest);
}

void sessions::add_reply(session& x, std::uint64_t sequence,
                         const bytes& reply) const {
  auto added = x.replies.emplace(sequence, reply).second;
  assert(added);
  static_cast<void>(added);
  x.reply_bytes += reply.size();
  while (x.reply_bytes > bounds_.reply_bytes_max && x.replies.size() > 1) {
    x.without_reply.insert(x.replies.begin()->first);
    drop_first_reply(x);
  }
}

void sessions::bound_count(session& x) const {
  while (x.replies.size() + x.without_reply.size() + x.pending.size()
         > bounds_.replies_max) {
    auto lowest = std::numeric_limits<std::uint64_t>::max();
    if (!x.replies.empty())
      lowest = x.replies.begin()->first;
    for (const auto* others : {&x.without_reply, &x.pending})
      if (!others->empty())
        lowest = std::min(lowest, *others->begin());
    // From here on nobody can tell a retry of this command, or one below it
    // that never came, from a new one: refuse them all.
    forget_below(x, lowest + 1);
  }
}

void sessions::drop_first_reply(session& x) {
  auto first = x.replies.begin();
  x.reply_bytes -= first->second.size();
  x.replies.erase(first);
}

void sessions::forget_below(session& x, std::uint64_t low_water) {
  x.low_water = std::max(x.low_water, low_water);
  while (!x.replies.empty() && x.replies.begin()->first < x.low_water)
    drop_first_reply(x);
  for (auto* others : {&x.without_reply, &x.pending})
    others->erase(others->begin(), others->lower_bound(x.low_water));
}

} // namespace raft::machine
