#include <raft/client/state/fetches.hpp>

#include <algorithm>
#include <utility>

namespace raft::client {

namespace {

/// What a peer says of a reply's length is believed so far, in bytes.
constexpr std::uint64_t reserved_max = 64 << 20;

} // namespace

void fetches::begin(key which, peer_id from, executed answer) {
  auto& x = all_[which];
  x.from = from;
  x.answer = std::move(answer);
  // Address space only: memory follows what comes.
  x.data.reserve(std::min<std::uint64_t>(x.answer.held_bytes, reserved_max));
}

std::vector<fetches::request> fetches::next() {
  std::vector<request> result;
  // One piece of each reply, as long as there are any.
  for (std::size_t idle = 0;
       under_way_ < under_way_max && idle < all_.size();) {
    auto i = all_.upper_bound(turn_);
    if (i == all_.end())
      i = all_.begin();
    turn_ = i->first;
    auto& x = i->second;
    if (x.asked >= x.answer.held_bytes) {
      ++idle;
      continue;
    }
    idle = 0;
    result.push_back({i->first, x.from, x.answer.held, x.asked});
    x.asked += reply_piece_bytes;
    ++under_way_;
  }
  return result;
}

std::optional<executed> fetches::take(const request& what, const bytes& piece) {
  --under_way_;
  auto i = all_.find(what.which);
  if (i == all_.end())
    return std::nullopt;
  auto& x = i->second;
  auto size = x.answer.held_bytes;
  if (piece.empty() || what.offset != x.data.size()
      || piece.size() > size - what.offset
      || (piece.size() < reply_piece_bytes
          && piece.size() < size - what.offset)) {
    all_.erase(i);
    return std::nullopt;
  }
  x.data += piece.view();
  if (x.data.size() < size)
    return std::nullopt;
  auto result = std::move(x.answer);
  result.reply = bytes{std::move(x.data)};
  result.held = result.held_bytes = 0;
  all_.erase(i);
  return result;
}

std::optional<fetches::request> fetches::drop(key which) {
  auto i = all_.find(which);
  if (i == all_.end())
    return std::nullopt;
  request result{which, i->second.from, i->second.answer.held,
                 i->second.answer.held_bytes};
  all_.erase(i);
  return result;
}

} // namespace raft::client
