// What peers were told in their last terms, so that it can come again.

#pragma once

#include <raft/base/random.hpp>
#include <raft/simulation/peer_message.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace raft::simulation {

using base::random;

/// A message between peers, and the number that observers know it by.
struct parcel_under_way {
  std::shared_ptr<const peer_message> message;
  std::uint64_t number = 0;
  /// The directory in whose place it was sent, see `host`. A connection leads
  /// to one process, and no process finds another directory.
  std::uint64_t directory = 0;
};

/// Keeps, for each way between two peers, the last messages of each of the last
/// terms: those that can still be on their way when their term is over.
class replayed_messages {
public:
  /// @param term Which the message speaks in.
  void remember(peer_id from, peer_id to, term_number term,
                const parcel_under_way& x) {
    auto& terms = ways_[to][from];
    auto& last = terms[term];
    last.push_back(x);
    if (last.size() > messages_max)
      last.pop_front();
    if (terms.size() > terms_max)
      terms.erase(terms.begin());
  }

  /// Draws one of those that went to a peer; nothing if there is none.
  std::optional<parcel_under_way> draw(peer_id to, random& source) const {
    auto ways = ways_.find(to);
    if (ways == ways_.end())
      return std::nullopt;
    const auto& last = any(any(ways->second, source).second, source).second;
    return last[source.below(last.size())];
  }

private:
  static constexpr std::size_t messages_max = 4;
  static constexpr std::size_t terms_max = 4;

  template <class Map>
  static const typename Map::value_type& any(const Map& x, random& source) {
    return *std::next(x.begin(),
                      static_cast<std::ptrdiff_t>(source.below(x.size())));
  }

  using of_way = std::map<term_number, std::deque<parcel_under_way>>;
  std::map<peer_id, std::map<peer_id, of_way>> ways_; // to, from
};

} // namespace raft::simulation
