#include <raft/client/state/pending_reads.hpp>

#include <algorithm>
#include <utility>

namespace raft::client {

namespace {

/// Far from the numbers of commands and their attempts.
constexpr std::uint64_t first_number = std::uint64_t{1} << 62;

} // namespace

pending_reads::pending_reads(const client_settings& settings,
                             std::uint64_t seed)
  : settings_{settings},
    random_{seed},
    last_ticket_{first_number},
    last_attempt_{first_number} {
  // nop
}

bool pending_reads::is_read(ticket what) noexcept {
  return what > first_number;
}

// -- inputs -------------------------------------------------------------------

pending_reads::ticket pending_reads::add(bytes command, instant deadline) {
  bytes_ += command.size();
  pending_read x;
  x.data = std::move(command);
  x.deadline = deadline;
  reads_.emplace_hint(reads_.end(), ++last_ticket_, std::move(x));
  ready_.insert(last_ticket_);
  watch_until(deadline);
  return last_ticket_;
}

void pending_reads::peer_up(peer_id who) {
  // What was sent over another connection is never answered.
  peer_down(who);
  up_.insert(who);
}

void pending_reads::peer_down(peer_id who) {
  up_.erase(who);
  for (auto& [what, x] : reads_)
    if (x.attempt != 0 && x.to == who) {
      x.attempt = 0;
      ready_.insert(what);
    }
}

void pending_reads::answered(ticket what, std::uint64_t attempt,
                             const executed& result, instant now) {
  // However late it comes, it is an answer.
  if (result.result == outcome::committed) {
    auto i = reads_.find(what);
    if (i != reads_.end())
      finish(i, result);
  } else if (auto x = find(what, attempt)) {
    if (result.result == outcome::rejected)
      x->reason = result.reason;
    try_again(what, *x, result.leader, now);
  }
}

void pending_reads::failed(ticket what, std::uint64_t attempt, instant now) {
  if (auto x = find(what, attempt))
    try_again(what, *x, {}, now);
}

bool pending_reads::heard(ticket what, std::uint64_t attempt, instant now) {
  if (auto x = find(what, attempt))
    x->silent_at = std::max(x->silent_at, now + settings_.answer_timeout_min);
  return reads_.count(what) > 0;
}

void pending_reads::pump(peer_id first, instant now) {
  if (check_at_ && now >= *check_at_)
    check_times(now);
  resume_at_.reset();
  if (!first)
    return;
  for (auto i = ready_.begin(); i != ready_.end();) {
    auto& x = reads_.at(*i);
    if (now < x.again_at) {
      resume_at_ = std::min(resume_at_.value_or(x.again_at), x.again_at);
      ++i;
      continue;
    }
    x.to = next_for(x, first);
    x.attempt = ++last_attempt_;
    ++x.tries;
    x.silent_at
      = now + settings_.answer_timeout_min + time_for(x.data.size(), settings_);
    watch_until(x.silent_at);
    out_.requests.push_back({*i, x.attempt, x.to, x.data});
    i = ready_.erase(i);
  }
}

void pending_reads::check_times(instant now) {
  check_at_.reset();
  for (auto i = reads_.begin(); i != reads_.end();) {
    auto& [what, x] = *i;
    if (now >= x.deadline) {
      i = give_up(i, x.reason);
      continue;
    }
    watch_until(x.deadline);
    if (x.attempt != 0 && now >= x.silent_at)
      try_again(what, x, {}, now);
    else if (x.attempt != 0)
      watch_until(x.silent_at);
    ++i;
  }
}

void pending_reads::stop() {
  for (auto i = reads_.begin(); i != reads_.end();)
    i = give_up(i, reject_reason::stopping);
}

std::optional<instant> pending_reads::wake_at() const noexcept {
  if (!check_at_ || !resume_at_)
    return check_at_ ? check_at_ : resume_at_;
  return std::min(*check_at_, *resume_at_);
}

void pending_reads::watch_until(instant when) {
  if (!check_at_ || when < *check_at_)
    check_at_ = when;
}

// -- outputs ------------------------------------------------------------------

pending_reads::output pending_reads::take_output() {
  return std::exchange(out_, {});
}

// -- whom to ask --------------------------------------------------------------

pending_reads::pending_read* pending_reads::find(ticket what,
                                                 std::uint64_t attempt) {
  auto i = reads_.find(what);
  return i != reads_.end() && i->second.attempt == attempt ? &i->second
                                                           : nullptr;
}

void pending_reads::try_again(ticket what, pending_read& x, peer_id hint,
                              instant now) {
  x.attempt = 0;
  ready_.insert(what);
  x.hint = hint != x.to ? hint : peer_id{};
  // All were asked in vain: they need time to find a leader.
  if (x.tries % std::max<std::size_t>(up_.size(), 1) != 0)
    return;
  auto pause = instant{settings_.pause_min};
  for (std::size_t i = 1; i < x.tries && pause < settings_.pause_max; ++i)
    pause *= 2;
  pause = std::min(pause, instant{settings_.pause_max});
  x.again_at = now + random_.between(pause / 2, pause);
}

peer_id pending_reads::next_for(const pending_read& x, peer_id first) const {
  if (x.tries == 0)
    return first;
  if (up_.contains(x.hint))
    return x.hint;
  auto i = up_.upper_bound(x.to);
  return i == up_.end() ? *up_.begin() : *i;
}

pending_reads::reads::iterator pending_reads::finish(reads::iterator i,
                                                     executed result) {
  bytes_ -= i->second.data.size();
  ready_.erase(i->first);
  out_.answers.push_back({i->first, std::move(result)});
  return reads_.erase(i);
}

pending_reads::reads::iterator pending_reads::give_up(reads::iterator i,
                                                      reject_reason why) {
  executed result;
  result.result = outcome::rejected;
  result.reason = why;
  return finish(i, std::move(result));
}

} // namespace raft::client
