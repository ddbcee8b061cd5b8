#include <raft/scenarios/commit_record.hpp>
#include <raft/scenarios/failure.hpp>

#include <algorithm>
#include <string>

namespace raft::scenarios {

namespace {

constexpr std::size_t shown_max = 40;

std::string shown(const entry& x) {
  auto data = std::string{x.data.view().substr(0, shown_max)};
  return to_text(x.index) + "@" + to_text(x.term) + " \"" + data + "\"";
}

} // namespace

commit_record::commit_record(std::size_t peers) : peers_(peers) {
  // nop
}

void commit_record::started(peer_number who) {
  peers_.at(who).delivered = {};
}

void commit_record::delivered(peer_number who, const entry& x) {
  auto& from = peers_.at(who);
  auto name = "peer " + to_text(id_of(who));
  if (x.index != from.delivered.next())
    throw scenario_failure{name + " to deliver entry "
                             + to_text(from.delivered.next()) + " next",
                           "entry " + shown(x)};
  if (x.index > last())
    log_.resize(x.index.value);
  auto& known = log_[x.index.value - 1];
  if (!known)
    known = x;
  else if (*known != x)
    throw scenario_failure{"all peers to commit the same entry "
                             + shown(*known),
                           name + " delivers " + shown(x)};
  from.delivered = x.index;
  from.reached = std::max(from.reached, x.index);
}

void commit_record::skipped(peer_number who, log_index next) {
  auto& from = peers_.at(who);
  from.delivered = log_index{next.value - 1};
  from.reached = std::max(from.reached, from.delivered);
  log_.resize(std::max<std::size_t>(log_.size(), from.delivered.value));
  ++snapshots_;
}

log_index commit_record::next_of(peer_number who) const {
  return peers_.at(who).delivered.next();
}

std::size_t commit_record::count(log_index where) const {
  return static_cast<std::size_t>(
    std::count_if(peers_.begin(), peers_.end(),
                  [&](const peer& x) { return x.reached >= where; }));
}

const entry* commit_record::at(log_index where) const {
  if (where.value == 0 || where > last())
    return nullptr;
  const auto& x = log_[where.value - 1];
  return x ? &*x : nullptr;
}

log_index commit_record::last() const {
  return log_index{log_.size()};
}

log_index commit_record::last_of(peer_number who) const {
  return peers_.at(who).reached;
}

std::size_t commit_record::commands_up_to(log_index where) const {
  return static_cast<std::size_t>(std::count_if(
    log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(where.value),
    [](const auto& x) { return x && x->kind == entry_kind::command; }));
}

std::size_t commit_record::commands() const {
  return commands_up_to(last());
}

} // namespace raft::scenarios
