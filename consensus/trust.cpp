// What is not believed. Nothing that another peer sends ends this one: what
// contradicts what we know is refused, and the link to its sender ends.

#include <raft/consensus/core.hpp>
#include <raft/consensus/soundness.hpp>
#include <raft/messages/membership_bytes.hpp>

#include <algorithm>
#include <type_traits>

namespace raft::consensus {

namespace {

/// The level that a peer has when it takes what a message brings.
template <class Message>
std::uint32_t level_in(const Message& msg) {
  if constexpr (std::is_same_v<Message, install_request>)
    return msg.level;
  std::uint32_t result = 0;
  if constexpr (std::is_same_v<Message, append_request>)
    for (const auto& x : msg.entries)
      if (x.kind == entry_kind::configuration)
        if (const auto members = membership_in(x))
          result = std::max(result, members->level);
  return result;
}

} // namespace

/// Who asks may be a member that we do not know of yet, or not any more; then
/// our log is behind its own (thesis, section 4.1). Whoever answers was asked.
/// @param asks Whether the message can be the first one of its sender.
bool core::is_for_us(const message_header& x, bool asks) {
  const auto* state = std::get_if<consensus::leader>(&role_);
  const auto is_known = is_member(x.from)
                     || (state && state->others.contains(x.from))
                     || (asks && !members_.voters().empty());
  if (x.group == self_.group && x.to == self_.id && x.from != self_.id && x.from
      && is_known) {
    // A store that took another one's place has promised nothing of what that
    // one had promised.
    const auto known = incarnations_.find(x.from);
    const auto told = details_of(members(), x.from).incarnation;
    if ((known == incarnations_.end() || known->second == x.incarnation)
        && (!told || told == x.incarnation))
      return true;
    if (strangers_.insert(x.from).second)
      note_that(note_kind::dropped_other_incarnation, x.from);
    ++refused_;
    return false;
  }
  ++refused_;
  note_that(note_kind::ignored_stranger, x.from);
  return false;
}

template <class Message>
bool core::may_be_heard(const Message& msg) {
  constexpr auto asks
    = !std::is_same_v<
        Message,
        vote_reply> && !std::is_same_v<Message, append_reply> && !std::is_same_v<Message, read_index_reply> && !std::is_same_v<Message, install_reply>;
  if (!is_for_us(msg.header, asks))
    return false;
  // What a newer release brought is as unknown to us as it is to an older one.
  if (is_sound(msg) && level_in(msg) <= config_.level_max)
    return true;
  distrust(note_kind::refused_malformed, msg.header.from);
  return false;
}

template bool core::may_be_heard(const vote_request&);
template bool core::may_be_heard(const vote_reply&);
template bool core::may_be_heard(const append_request&);
template bool core::may_be_heard(const append_reply&);
template bool core::may_be_heard(const read_index_request&);
template bool core::may_be_heard(const read_index_reply&);
template bool core::may_be_heard(const timeout_now&);
template bool core::may_be_heard(const install_request&);
template bool core::may_be_heard(const install_reply&);

void core::distrust(note_kind why, peer_id peer, log_position where) {
  ++refused_;
  note_that(why, peer, where);
  out_.distrusted.push_back(out_.notes.back());
}

bool core::reach(term_number term, peer_id from) {
  if (term <= hard_.term)
    return true;
  // To enter a term without a vote in it is safe at any time: it is as if all
  // that was sent in the terms before had come too late.
  const auto step = std::min(term - hard_.term, term_step_max);
  adopt(hard_.term + step);
  if (hard_.term == term)
    return true;
  ++refused_;
  note_that(note_kind::term_far_ahead, from, {{}, term});
  return false;
}

std::optional<log_position>
core::contradicted_by(const append_request& msg) const noexcept {
  const auto contradicts = [this](const log_position& x) {
    return x.index >= log_.compacted().index && x.index <= commit_
        && !log_.holds(x);
  };
  if (contradicts(msg.previous))
    return msg.previous;
  for (const auto& x : msg.entries)
    if (contradicts({x.index, x.term}))
      return log_position{x.index, x.term};
  return std::nullopt;
}

} // namespace raft::consensus
