#include <raft/base/random.hpp>
#include <raft/consensus/read_queue.hpp>

#include <algorithm>

namespace raft::consensus {

namespace {

/// Somewhere far from where any other process of this peer begins, and with
/// room above.
read_number first_number(std::uint64_t seed, std::uint64_t part) {
  return {(base::random{~seed}.next() >> 2) + (part << 62) + 1};
}

} // namespace

read_queue::read_queue(std::uint64_t seed, std::uint64_t part)
  : last_{first_number(seed, part)},
    strict_{last_},
    asked_{last_},
    confirmed_{last_} {
  // nop
}

read_number read_queue::begin(bool by_lease) noexcept {
  ++size_;
  ++last_;
  if (!by_lease)
    strict_ = last_;
  return last_;
}

void read_queue::asked(peer_id whom, term_number term, instant now) noexcept {
  if (all_answered_)
    first_asked_at_ = now;
  all_answered_ = false;
  asked_ = last_;
  whom_ = whom;
  term_ = term;
  asked_at_ = now;
}

bool read_queue::confirmed(read_number last, log_index index) {
  if (last <= confirmed_ || last > asked_)
    return false;
  if (!waiting_.empty())
    index = std::max(index, waiting_.back().index);
  waiting_.push_back({{confirmed_.next(), last}, index, first_asked_at_});
  confirmed_ = last;
  all_answered_ = confirmed_ == asked_;
  return true;
}

std::optional<read_queue::range> read_queue::take_granted(log_index applied) {
  std::optional<range> result;
  while (!waiting_.empty() && waiting_.front().index <= applied) {
    const auto next = waiting_.front().which;
    // Those that were refused lie between two ranges.
    if (result && result->last.next() != next.first)
      break;
    size_ -= next.last.next() - next.first;
    fresh_at_ = waiting_.front().asked_at;
    result = range{result ? result->first : next.first, next.last};
    waiting_.pop_front();
  }
  return result;
}

std::optional<read_queue::range> read_queue::take_unconfirmed() {
  if (!has_unconfirmed())
    return std::nullopt;
  const range result{confirmed_.next(), last_};
  size_ -= last_ - confirmed_;
  confirmed_ = asked_ = last_;
  return result;
}

} // namespace raft::consensus
