#include <raft/links/link_state.hpp>

#include <algorithm>

namespace raft::links {

const char* to_text(link_stage x) {
  switch (x) {
    case link_stage::disconnected:
      return "disconnected";
    case link_stage::connecting:
      return "connecting";
    case link_stage::handshake:
      return "handshake";
    case link_stage::up:
      return "up";
  }
  return "?";
}

link_state::link_state(const link_timing& timing, bool connects,
                       std::uint64_t seed, instant now)
  : timing_{timing},
    connects_{connects},
    random_{seed},
    due_{connects ? now : now + timing.fallback},
    next_pause_{timing.pause_min},
    next_distrust_{timing.pause_distrusted_min} {
  // nop
}

link_state::duty link_state::advance(instant now) {
  if (stage_ == link_stage::up || now < due_)
    return duty::nothing;
  if (stage_ != link_stage::disconnected) {
    back_off(now);
    return duty::gave_up;
  }
  if (!dials_)
    return duty::nothing;
  ++current_;
  enter(link_stage::connecting, now + timing_.connect);
  return duty::connect;
}

bool link_state::connected(number which, instant now) {
  if (!is_current(which, link_stage::connecting))
    return false;
  enter(link_stage::handshake, now + timing_.greet);
  return true;
}

bool link_state::greeted(number which, incarnation_id who, instant now) {
  if (!is_current(which, link_stage::handshake))
    return false;
  go_up(who, now);
  return true;
}

bool link_state::failed(number which, instant now) {
  if (which != current_ || stage_ == link_stage::disconnected
      || stage_ == link_stage::up)
    return false;
  back_off(now);
  return true;
}

bool link_state::refused(number which, instant now) {
  if (!is_current(which, link_stage::connecting)
      && !is_current(which, link_stage::handshake))
    return false;
  pause(timing_.pause_refused, now);
  return true;
}

link_state::number link_state::accepted(incarnation_id who, instant now) {
  ++current_;
  go_up(who, now);
  return current_;
}

bool link_state::lost(number which, instant now) {
  if (!is_current(which, link_stage::up))
    return false;
  // A connection that lasted is no reason to be careful; one that did not is.
  if (now - up_since_ > 2 * timing_.pause_max)
    next_pause_ = timing_.pause_min;
  back_off(now);
  return true;
}

void link_state::set_turn(bool connects, bool dials, instant now) {
  if (connects == connects_ && dials == dials_)
    return;
  connects_ = connects;
  dials_ = dials;
  if (stage_ == link_stage::disconnected)
    retry(now);
}

void link_state::retry(instant now) {
  if (stage_ != link_stage::disconnected)
    return;
  next_pause_ = timing_.pause_min;
  due_ = std::max(shunned_until_, connects_ ? now : now + timing_.fallback);
}

bool link_state::distrusted(instant now) {
  if (stage_ != link_stage::up)
    return false;
  if (now - up_since_ > 2 * timing_.pause_distrusted_max)
    next_distrust_ = timing_.pause_distrusted_min;
  shunned_until_ = after(next_distrust_, now);
  enter(link_stage::disconnected,
        connects_ ? shunned_until_
                  : std::max(shunned_until_, now + timing_.fallback));
  next_distrust_ = std::min(2 * next_distrust_, timing_.pause_distrusted_max);
  return true;
}

std::chrono::milliseconds link_state::shunned_for(instant now) const noexcept {
  return std::chrono::ceil<std::chrono::milliseconds>(
    std::max(shunned_until_ - now, instant{0}));
}

std::optional<instant> link_state::wake_at() const noexcept {
  if (stage_ == link_stage::up
      || (stage_ == link_stage::disconnected && !dials_))
    return std::nullopt;
  return due_;
}

void link_state::enter(link_stage stage, instant deadline) {
  stage_ = stage;
  due_ = deadline;
}

void link_state::go_up(incarnation_id who, instant now) {
  stage_ = link_stage::up;
  up_since_ = now;
  incarnation_ = who;
}

instant link_state::after(std::chrono::milliseconds length, instant now) {
  // Between half and all of it, so that many links do not move in step.
  auto half = instant{length} / 2;
  return now + half + instant{random_.between(0, half.count())};
}

void link_state::pause(std::chrono::milliseconds length, instant now) {
  if (!connects_)
    length = std::max(length, 2 * timing_.fallback);
  enter(link_stage::disconnected, after(length, now));
}

void link_state::back_off(instant now) {
  pause(next_pause_, now);
  next_pause_ = std::min(2 * next_pause_, timing_.pause_max);
}

bool link_state::is_current(number which, link_stage stage) const noexcept {
  return which == current_ && stage == stage_;
}

} // namespace raft::links
