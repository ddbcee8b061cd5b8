#include <raft/consensus/membership_history.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace raft::consensus {

membership_history::membership_history(configurations known)
  : known_{std::move(known)} {
  find_members();
}

const membership& membership_history::at(log_index index) const noexcept {
  const auto& later = known_.later;
  const auto next
    = std::ranges::upper_bound(later, index, {}, &membership::index);
  return next == later.begin() ? known_.founding : *std::prev(next);
}

void membership_history::append(membership x) {
  assert(x.index > current().index);
  known_.later.push_back(std::move(x));
  find_members();
}

bool membership_history::truncate(log_index from) {
  auto& later = known_.later;
  const auto gone = std::ranges::lower_bound(later, from, {}, //
                                             &membership::index);
  if (gone == later.end())
    return false;
  later.erase(gone, later.end());
  find_members();
  return true;
}

void membership_history::reset(const membership& x) {
  known_.later.clear();
  if (x.index)
    known_.later.push_back(x);
  else
    known_.founding = x;
  find_members();
}

configurations membership_history::between(log_index compacted,
                                           log_index last) const {
  auto result = *this;
  result.compact(compacted);
  result.truncate(last.next());
  return result.known_;
}

void membership_history::compact(log_index index) {
  auto& later = known_.later;
  const auto first
    = std::ranges::upper_bound(later, index, {}, &membership::index);
  if (first != later.begin())
    later.erase(later.begin(), std::prev(first));
}

void membership_history::find_members() {
  const auto& x = current();
  members_ = members_of(x);
  voters_ = members_;
  std::erase_if(voters_, [&x](peer_id who) { return !is_voter(x, who); });
}

} // namespace raft::consensus
