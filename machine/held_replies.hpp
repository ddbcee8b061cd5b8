// Long replies that wait to be fetched, piece by piece.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/client.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace raft::machine {

/// What a peer keeps for those who fetch long replies. A pure object: time
/// comes in as a value.
///
/// `Owner` names who may fetch; it can be compared and ordered.
template <class Owner>
class held_replies {
public:
  using time = std::chrono::microseconds;

  /// How long a reply waits for its owner to ask for more; and how long if the
  /// owner asks for others, of which it may fetch many in turn.
  static constexpr time patience{std::chrono::seconds{5}};
  static constexpr time long_patience{std::chrono::seconds{30}};

  /// @param bytes_max How many bytes wait at most, or one larger reply.
  explicit held_replies(std::size_t bytes_max) : bytes_max_{bytes_max} {
    // nop
  }

  /// How many bytes wait.
  std::size_t size() const noexcept {
    return bytes_;
  }

  /// How many bytes there is room for; for one reply always, if none waits.
  std::size_t room() const noexcept {
    if (replies_.empty())
      return std::numeric_limits<std::size_t>::max();
    return bytes_max_ - std::min(bytes_max_, bytes_);
  }

  /// Has a reply wait.
  /// @pre `reply` is not empty.
  /// @returns its number; nothing if there is no room.
  std::optional<std::uint64_t> put(Owner owner, bytes reply, time now) {
    if (reply.size() > room())
      return std::nullopt;
    bytes_ += reply.size();
    replies_.emplace(++last_, item{std::move(owner), std::move(reply), now});
    return last_;
  }

  /// Gives the next piece to its owner, and forgets the reply with the last
  /// one, or with an offset that is not in it.
  /// @returns nothing to others, and if it is not there.
  bytes take(const Owner& owner, std::uint64_t number, std::uint64_t offset,
             time now) {
    auto i = replies_.find(number);
    if (i == replies_.end() || !(i->second.owner == owner))
      return {};
    auto all = i->second.reply.view();
    bytes result;
    if (offset < all.size())
      result = bytes{all.substr(offset, reply_piece_bytes)};
    i->second.asked = asked_[owner] = now;
    if (offset >= all.size() || offset + result.size() >= all.size())
      forget(i);
    return result;
  }

  /// Forgets what nobody has asked for lately.
  void expire(time now) {
    std::erase_if(asked_,
                  [now](const auto& x) { return now - x.second > patience; });
    for (auto i = replies_.begin(); i != replies_.end();) {
      auto next = std::next(i);
      auto most = asked_.contains(i->second.owner) ? long_patience : patience;
      if (now - i->second.asked > most)
        forget(i);
      i = next;
    }
  }

private:
  struct item {
    Owner owner;
    bytes reply;
    time asked;
  };

  using list = std::map<std::uint64_t, item>;

  void forget(typename list::iterator i) {
    bytes_ -= i->second.reply.size();
    replies_.erase(i);
  }

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  list replies_;
  /// When owners asked last.
  std::map<Owner, time> asked_;
};

} // namespace raft::machine
