#include <raft/transport/places.hpp>

#include <algorithm>

namespace raft::transport {

std::optional<place_id> places::enter(place_id x, moment now) {
  std::optional<place_id> result;
  if (open_ >= bounds_.open_max && kept_ >= bounds_.kept) {
    result = dispensable();
    if (result)
      leave(*result);
  }
  auto where = open_ < bounds_.open_max ? kind::open : kind::kept;
  all_[x] = {where, false, now};
  ++count(where);
  return result;
}

std::optional<place_id> places::dispensable() const {
  // The ids grow, so the first is the oldest.
  auto in_handshake = std::find_if(all_.begin(), all_.end(), [](auto& x) {
    return x.second.where != kind::member && !x.second.introduced;
  });
  if (in_handshake != all_.end())
    return in_handshake->first;
  auto newcomer = std::find_if(all_.begin(), all_.end(), [](auto& x) {
    return x.second.where == kind::kept;
  });
  if (newcomer != all_.end())
    return newcomer->first;
  return std::nullopt;
}

void places::introduced(place_id x) {
  if (auto i = all_.find(x); i != all_.end())
    i->second.introduced = true;
}

void places::keep(place_id x) {
  auto i = all_.find(x);
  if (i == all_.end() || i->second.where == kind::member)
    return;
  --count(i->second.where);
  i->second.where = kind::member;
  ++members_;
}

void places::leave(place_id x) {
  auto i = all_.find(x);
  if (i == all_.end())
    return;
  --count(i->second.where);
  all_.erase(i);
}

std::vector<place_id> places::overdue(moment now) {
  std::vector<place_id> result;
  for (auto& [id, x] : all_) {
    if (x.where == kind::kept && x.introduced && open_ < bounds_.open_max) {
      --kept_;
      ++open_;
      x.where = kind::open;
    }
    if (waits(x) && deadline(x) <= now)
      result.push_back(id);
  }
  return result;
}

std::optional<moment> places::next() const {
  std::optional<moment> result;
  for (auto& [id, x] : all_)
    if (waits(x) && (!result || deadline(x) < *result))
      result = deadline(x);
  return result;
}

bool places::is_member(place_id x) const {
  auto i = all_.find(x);
  return i != all_.end() && i->second.where == kind::member;
}

std::size_t& places::count(kind x) {
  return x == kind::open ? open_ : x == kind::kept ? kept_ : members_;
}

moment places::deadline(const place& x) const {
  return x.since + bounds_.patience;
}

bool places::waits(const place& x) const {
  return x.where != kind::member && (!x.introduced || x.where == kind::kept);
}

} // namespace raft::transport
