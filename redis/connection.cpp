#include <raft/redis/connection.hpp>
#include <raft/redis/refusals.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace raft::redis {

namespace {

/// How large a reply that is remembered should be at most, in bytes. Only the
/// first one on a connection may be larger.
constexpr std::size_t mixed_reply_bytes_max = 256 << 10;

/// What looking up a key costs, beside its bytes, in bytes: all commands wait
/// while one looks up its keys.
constexpr std::size_t key_cost = 16;

machine_call& call_of(action& x) {
  return std::get<machine_call>(x);
}

bool is_machine_call(const action& x) {
  return std::holds_alternative<machine_call>(x);
}

void add_nonsense(std::string& out) {
  add_error(out, "ERR the reply of the state machine makes no sense; do all "
                 "peers run the same version?");
}

} // namespace

connection::connection(std::uint64_t id, const connection_limits& limits,
                       cursor_table& cursors, const server_facts& server)
  : limits_{limits},
    cursors_{&cursors},
    server_{&server},
    client_{id, {}},
    parser_{limits.requests},
    batch_max_{limits.waiting_max} {
  // nop
}

void connection::receive(std::string_view data, time_point now) {
  if (closing_)
    return;
  parser_.feed(data);
  go_on(now);
}

batch connection::next_batch(time_point now) {
  batch result;
  if (!under_way_.empty())
    return result;
  expire(now);
  go_on(now);
  mixed_ = false;
  for (; unsent_ < end(); ++unsent_) {
    auto& x = at(unsent_);
    if (x.reply || !is_machine_call(x.what))
      continue;
    if (!add_to(result, call_of(x.what)))
      break;
    under_way_.push_back(unsent_);
  }
  unsent_bytes_ -= sent_bytes_;
  return result;
}

/// Adds a command, if it may go together with those that are there.
bool connection::add_to(batch& x, const machine_call& next) {
  auto first = x.commands.empty();
  auto size = next.command.size();
  auto cost = size + (next.keys - 1) * key_cost;
  if (next.reads_much && behind_)
    return false;
  if (!first
      && (x.commands.size() >= batch_max_
          || x.cost + cost > limits_.waiting_bytes_max))
    return false;
  if (!first && next.writes != (x.way == lane::writes)) {
    // A reply of both is remembered, so it must not be large.
    if (apart_ || next.reads_much || x.way == lane::large_reads)
      return false;
    mixed_ = true;
    x.way = lane::writes;
  } else if (first || next.reads_much) {
    x.way = next.writes     ? lane::writes
          : next.reads_much ? lane::large_reads
                            : lane::reads;
  }
  x.cost += cost;
  x.commands.push_back(next.command);
  sent_bytes_ += size;
  return true;
}

void connection::finish(const batch_result& result, time_point now) {
  auto numbers = std::exchange(under_way_, {});
  if (numbers.empty())
    return;
  sent_bytes_ = 0;
  auto committed = result.how.result == outcome::committed;
  if (committed && result.replies && result.replies->size() <= numbers.size()) {
    answer_batch(numbers, *result.replies, result.source);
  } else {
    for (auto number : numbers) {
      std::string text;
      if (committed)
        add_nonsense(text);
      else
        add_failure(text, call_of(at(number).what), result.how);
      set_reply(at(number), std::move(text));
    }
  }
  go_on(now);
}

void connection::set_behind(bool x, time_point now) {
  // It was not the cluster that let them wait.
  if (behind_ && !x)
    for (auto i = unsent_; i < end(); ++i)
      at(i).arrived = now;
  behind_ = x;
}

void connection::tell_state(const peer_state* state, time_point now) {
  for (auto number : std::exchange(info_waiting_, {})) {
    std::string text;
    add_info(text, std::get<info_call>(at(number).what), *server_, state);
    set_reply(at(number), std::move(text));
  }
  go_on(now);
}

bool connection::wants_input() const noexcept {
  return !closing_ && has_room();
}

void connection::stop() {
  closing_ = true;
  executed how;
  how.result = outcome::rejected;
  how.reason = reject_reason::stopping;
  for (; unsent_ < end(); ++unsent_) {
    auto& x = at(unsent_);
    if (x.reply || !is_machine_call(x.what))
      continue;
    unsent_bytes_ -= call_of(x.what).command.size();
    std::string text;
    add_failure(text, call_of(x.what), how);
    set_reply(x, std::move(text));
  }
  write_ready_replies();
}

void connection::give_up(time_point now) {
  finish({}, now);
  tell_state(nullptr, now);
}

/// Writes the replies that are due and reads requests while there is room.
void connection::go_on(time_point now) {
  write_ready_replies();
  while (!closing_ && has_room() && parse_one(now))
    write_ready_replies();
}

/// @returns false if there is no complete request.
bool connection::parse_one(time_point now) {
  switch (parser_.next()) {
    case request_parser::result::incomplete:
      return false;
    case request_parser::result::request:
      ++request_count_;
      add_request(parser_.arguments(), now);
      parser_.forget();
      break;
    case request_parser::result::failed: {
      std::string text;
      add_error(text, "ERR " + parser_.error());
      set_reply(requests_.emplace_back(), std::move(text));
      closing_ = true;
      break;
    }
  }
  return true;
}

void connection::add_request(const arguments& args, time_point now) {
  if (is_http(args, parser_.typed())) {
    spoke_http_ = closing_ = true;
    return;
  }
  command_context around{*cursors_, *server_, client_};
  auto& x = requests_.emplace_back();
  x.what = interpret(args, around);
  x.arrived = now;
  if (auto known = std::get_if<answer>(&x.what)) {
    closing_ = known->closes;
    set_reply(x, std::move(known->text));
  } else if (auto call = std::get_if<machine_call>(&x.what)) {
    unsent_bytes_ += call->command.size();
  } else {
    info_waiting_.push_back(end() - 1);
  }
}

/// Takes the replies of a batch, or of its beginning.
void connection::answer_batch(const std::vector<std::uint64_t>& numbers,
                              const std::vector<std::string_view>& replies,
                              const bytes& source) {
  std::size_t size = 0;
  for (const auto& x : replies)
    size += x.size();
  apart_ = apart_ || (mixed_ && size > mixed_reply_bytes_max);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    auto& x = at(numbers[i]);
    auto found = kv::view_reply(replies[i]);
    auto large = found ? large_reply(call_of(x.what), *found, source) : nullptr;
    if (large) {
      set_large_reply(x, std::move(large));
      continue;
    }
    std::string text;
    if (found)
      add_reply(text, call_of(x.what), *found);
    else
      add_nonsense(text);
    set_reply(x, std::move(text));
  }
  if (replies.size() == numbers.size()) {
    batch_max_ = std::min(2 * batch_max_, limits_.waiting_max);
    return;
  }
  batch_max_ = std::max<std::size_t>(2 * replies.size(), 2);
  // The others were not executed: they come first in the next batch.
  unsent_ = numbers[replies.size()];
  for (auto i = replies.size(); i < numbers.size(); ++i)
    unsent_bytes_ += call_of(at(numbers[i]).what).command.size();
}

void connection::set_reply(request& x, std::string text) {
  reply_bytes_ += text.size();
  x.reply = std::move(text);
  // Give back what the command holds.
  x.what = answer{};
}

void connection::set_large_reply(request& x, std::unique_ptr<outbox> reply) {
  set_reply(x, {});
  reply_bytes_ += reply->size();
  x.large = std::move(reply);
}

/// Answers what has been waiting for too long. As requests come in order, so do
/// their deadlines.
void connection::expire(time_point now) {
  if (behind_)
    return;
  for (; unsent_ < end(); ++unsent_) {
    auto& x = at(unsent_);
    if (x.reply || !is_machine_call(x.what))
      continue;
    if (now - x.arrived < limits_.deadline)
      break;
    unsent_bytes_ -= call_of(x.what).command.size();
    std::string text;
    add_expired(text);
    set_reply(x, std::move(text));
  }
}

void connection::write_ready_replies() {
  while (!requests_.empty() && requests_.front().reply) {
    auto& first = requests_.front();
    reply_bytes_ -= first.large ? first.large->size() : first.reply->size();
    if (first.large)
      output_.add(*first.large);
    else
      output_.add(*first.reply);
    requests_.pop_front();
    ++first_;
  }
  if (unsent_ < first_)
    unsent_ = first_;
}

bool connection::has_room() const noexcept {
  return requests_.size() < limits_.waiting_max
      && unsent_bytes_ + reply_bytes_ < limits_.waiting_bytes_max
      && sent_bytes_ < 2 * limits_.waiting_bytes_max;
}

} // namespace raft::redis
