#include <raft/machine/pipeline.hpp>

#include <cassert>
#include <string>
#include <utility>

namespace raft::machine {

pipeline::pipeline(const checkpointed_state& found,
                   const session_bounds& sessions,
                   const pipeline_bounds& bounds)
  : bounds_{bounds},
    sessions_{sessions},
    applied_{found.applied},
    pushed_{found.applied} {
  assert(bounds_.batches_max >= 1 && bounds_.batch_commands_max >= 1);
  sessions_.restore(found.sessions);
}

bool pipeline::takes_more() const noexcept {
  return on_way_.size() < bounds_.batches_max
      && next_.size() < bounds_.batch_commands_max
      && (next_.empty() || next_bytes_ < bounds_.batch_bytes_max);
}

void pipeline::push(const entry& x) {
  assert(takes_more());
  if (x.index != pushed_.next())
    throw std::logic_error{"pipeline: entry " + to_text(x.index)
                           + " does not follow entry " + to_text(pushed_)};
  sessions_.advance(x.time_ms);
  item added;
  added.kind = x.kind;
  added.result.index = x.index;
  switch (x.kind) {
    case entry_kind::command:
      push_command(x, added);
      break;
    case entry_kind::open_session:
      sessions_.open(x.index);
      break;
    case entry_kind::empty:
    case entry_kind::configuration:
      break;
    default:
      // Another version of this library may know what it means; going on
      // without it would make this peer differ from the others.
      throw apply_failure{x.index, "it has the unknown kind "
                                     + std::to_string(static_cast<int>(x.kind))
                                     + "; update this peer"};
  }
  pushed_ = x.index;
  items_.push_back(std::move(added));
  collect_results();
}

log_index pipeline::pushed() const noexcept {
  return pushed_;
}

bool pipeline::has_batch() const noexcept {
  return !next_.empty() && on_way_.size() < bounds_.batches_max;
}

std::vector<machine_command> pipeline::take_batch() {
  assert(has_batch());
  batch taken;
  for (const auto& x : next_)
    taken.commands.push_back(x.index);
  on_way_.push_back(std::move(taken));
  next_bytes_ = 0;
  return std::exchange(next_, {});
}

log_index pipeline::given() const noexcept {
  return next_.empty() ? pushed_ : next_.front().index.previous();
}

void pipeline::answered(std::uint64_t number, commands_applied&& answer) {
  assert(number >= first_batch_ && number < first_batch_ + on_way_.size());
  on_way_[number - first_batch_].answer = std::move(answer);
  while (!on_way_.empty() && on_way_.front().answer) {
    settle(on_way_.front());
    on_way_.pop_front();
    ++first_batch_;
  }
  collect_results();
}

std::optional<std::pair<log_index, log_index>> pipeline::unanswered() const {
  if (on_way_.empty())
    return std::nullopt;
  return std::pair{on_way_.front().commands.front(),
                   on_way_.back().commands.back()};
}

log_index pipeline::applied() const noexcept {
  return applied_;
}

std::vector<apply_result> pipeline::take_results() {
  return std::exchange(results_, {});
}

bool pipeline::idle() const noexcept {
  return items_.empty();
}

std::vector<session_record> pipeline::take_changes() {
  assert(idle());
  return sessions_.take_changes();
}

std::vector<session_record> pipeline::all_records() const {
  assert(idle());
  return sessions_.all_records();
}

void pipeline::push_command(const entry& x, item& into) {
  into.tag = x.tag;
  if (!x.tag.session) {
    add_to_batch(x, into);
    return;
  }
  auto admission = sessions_.admit(x.tag, x.index);
  switch (admission.what) {
    case sessions::verdict::kept:
      into.result.reply = std::move(admission.reply);
      break;
    case sessions::verdict::stale:
      into.result.status = apply_status::stale;
      break;
    case sessions::verdict::expired:
      into.result.status = apply_status::session_expired;
      break;
    case sessions::verdict::pending:
      into.waits = true;
      item_at(pending_.at({x.tag.session, x.tag.sequence}))
        .retries.push_back(x.index);
      break;
    case sessions::verdict::fresh:
      sessions_.reserve(x.tag);
      pending_[{x.tag.session, x.tag.sequence}] = x.index;
      add_to_batch(x, into);
  }
}

void pipeline::add_to_batch(const entry& x, item& into) {
  into.waits = true;
  next_.push_back({x.index, x.time_ms, x.data});
  next_bytes_ += cost(x);
}

void pipeline::settle(const batch& done) {
  const auto& [commands, answer] = done;
  auto known = answer->replies.size();
  if (!answer->failed.empty())
    throw apply_failure{known < commands.size() ? commands[known]
                                                : commands.back(),
                        answer->failed};
  if (known != commands.size())
    throw apply_failure{commands.front(),
                        "the state machine has answered "
                          + std::to_string(commands.size()) + " commands with "
                          + std::to_string(known) + " replies"};
  for (std::size_t i = 0; i < known; ++i)
    settle_item(commands[i], answer->replies[i]);
}

void pipeline::settle_item(log_index where, bytes reply) {
  auto& x = item_at(where);
  if (x.tag.session) {
    sessions_.fill(x.tag, reply);
    pending_.erase({x.tag.session, x.tag.sequence});
  }
  for (auto retry : x.retries) {
    item_at(retry).waits = false;
    item_at(retry).result.reply = reply;
  }
  x.waits = false;
  x.result.reply = std::move(reply);
}

void pipeline::collect_results() {
  while (!items_.empty() && !items_.front().waits) {
    auto& x = items_.front();
    applied_ = x.result.index;
    if (x.kind == entry_kind::command || x.kind == entry_kind::open_session)
      results_.push_back(std::move(x.result));
    items_.pop_front();
  }
}

pipeline::item& pipeline::item_at(log_index where) {
  return items_[where - applied_.next()];
}

} // namespace raft::machine
