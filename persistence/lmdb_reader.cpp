#include <raft/persistence/lmdb_memory.hpp>
#include <raft/persistence/lmdb_reader.hpp>

namespace raft::persistence {

durable_state lmdb_reader::load(group_id group) const {
  durable_state result;
  result.hard = hard(group);
  auto members = txn_->get(db_->members, group_key(group));
  if (members)
    result.members = db_->decoded<configurations>(
      group, *members, record_name("members", group));
  result.compacted = compacted(group);
  result.last = last(group, result.compacted);
  if (auto data = txn_->get(db_->meta, cluster_key(group)))
    result.cluster
      = db_->decoded<cluster_id>(group, *data, record_name("cluster", group));
  result.installing = installing(group);
  load_terms(group, result);
  result.last_time_ms = compaction(group).time_ms;
  if (result.last.index > result.compacted.index)
    load_last(group, result);
  return result;
}

std::vector<entry> lmdb_reader::read(group_id group, log_index first,
                                     log_index last,
                                     std::uint64_t bytes_max) const {
  std::vector<entry> result;
  if (first <= compacted(group).index)
    return result;
  lmdb::cursor place{*txn_, db_->log};
  auto more = place.at_or_above(log_key(group, first));
  std::uint64_t bytes = 0;
  for (auto expected = first;
       more && expected <= last && group_of(place.key()) == group;
       more = place.next(), ++expected) {
    if (index_of(place.key()) != expected)
      db_->corrupt(record_name("log", group, expected), "missing");
    auto x = entry_at(place, group);
    bytes += cost(x);
    if (!result.empty() && bytes > bytes_max)
      break;
    result.push_back(std::move(x));
  }
  return result;
}

std::vector<group_id> lmdb_reader::groups() const {
  std::vector<group_id> result;
  lmdb::cursor place{*txn_, db_->hard_state_table};
  // Every batch writes a hard state.
  for (auto more = place.first(); more; more = place.next())
    result.push_back(group_of(place.key()));
  return result;
}

std::optional<journal_mark> lmdb_reader::journal() const {
  auto data = txn_->get(db_->meta, journal_key_name);
  if (!data)
    return std::nullopt;
  return db_->decoded<journal_mark>({}, *data, "meta journal");
}

bool lmdb_reader::knows(group_id group) const {
  return txn_->get(db_->hard_state_table, group_key(group)).has_value();
}

group_summary lmdb_reader::summary(group_id group) const {
  group_summary result;
  result.hard = hard(group);
  result.compacted = compacted(group);
  result.last = last(group, result.compacted);
  return result;
}

log_position lmdb_reader::compacted(group_id group) const {
  return compaction(group).where;
}

compaction_point lmdb_reader::compaction(group_id group) const {
  auto data = txn_->get(db_->compaction, group_key(group));
  if (!data)
    return {};
  return db_->decoded<compaction_point>(group, *data,
                                        record_name("compaction", group));
}

snapshot_head lmdb_reader::installing(group_id group) const {
  auto data = txn_->get(db_->meta, install_key(group));
  if (!data)
    return {};
  return db_->decoded<snapshot_head>(group, *data,
                                     record_name("install", group));
}

std::uint64_t lmdb_reader::time_at(group_id group, log_index index) const {
  entry result;
  if (auto data = txn_->get(db_->log, log_key(group, index)))
    decode(group, *data, result);
  return result.time_ms;
}

log_position lmdb_reader::term_start(group_id group, log_index index) const {
  lmdb::cursor place{*txn_, db_->term_starts};
  auto name = record_name("term_starts", group, index);
  if (!place.at_or_below(log_key(group, index))
      || group_of(place.key()) != group)
    db_->corrupt(name, "missing");
  auto result = db_->decoded<log_position>(group, place.data(), name);
  if (result.index != index_of(place.key()))
    db_->corrupt(name, "belongs to another index");
  return result;
}

hard_state lmdb_reader::hard(group_id group) const {
  auto data = txn_->get(db_->hard_state_table, group_key(group));
  if (!data)
    return {};
  return db_->decoded<hard_state>(group, *data,
                                  record_name("hard_state", group));
}

log_position lmdb_reader::last(group_id group,
                               const log_position& compacted) const {
  lmdb::cursor place{*txn_, db_->log};
  if (!place.at_or_below(log_key(group, last_index))
      || group_of(place.key()) != group
      || index_of(place.key()) <= compacted.index)
    return compacted;
  auto index = index_of(place.key());
  return {index, term_start(group, index).term};
}

entry lmdb_reader::entry_at(const lmdb::cursor& place, group_id group) const {
  auto index = index_of(place.key());
  auto name = record_name("log", group, index);
  auto result = db_->decoded<entry>(group, place.data(), name);
  if (result.index != index)
    db_->corrupt(name, "belongs to another index");
  return result;
}

/// Loads where the terms begin, and checks it against the entries there.
void lmdb_reader::load_terms(group_id group, durable_state& state) const {
  lmdb::cursor starts{*txn_, db_->term_starts};
  lmdb::cursor entries{*txn_, db_->log};
  auto& known = state.term_starts;
  auto more = starts.at_or_above(log_key(group, {}));
  for (; more && group_of(starts.key()) == group; more = starts.next()) {
    auto index = index_of(starts.key());
    auto name = record_name("term_starts", group, index);
    auto start = db_->decoded<log_position>(group, starts.data(), name);
    if (start.index != index)
      db_->corrupt(name, "belongs to another index");
    if (known.empty() ? index != state.compacted.index.next()
                      : start.term <= known.back().term)
      db_->corrupt(name, "does not fit what is before it");
    if (index > state.last.index)
      db_->corrupt(name, "lies beyond the end of the log");
    if (!entries.at_or_above(log_key(group, index))
        || entries.key() != starts.key())
      db_->corrupt(record_name("log", group, index), "missing");
    auto first = entry_at(entries, group);
    if (first.term != start.term)
      db_->corrupt(name, "has another term than the entry");
    // Only the first entry of a term can hold one.
    if (!state.proposed && (state.proposed = cluster_in(first)))
      state.proposed_at = index;
    known.push_back(start);
  }
}

void lmdb_reader::load_last(group_id group, durable_state& state) const {
  lmdb::cursor place{*txn_, db_->log};
  place.at_or_below(log_key(group, state.last.index));
  auto last = entry_at(place, group);
  if (last.term != state.last.term)
    db_->corrupt(record_name("log", group, last.index),
                 "has another term than its place in term_starts");
  if (last.term > state.hard.term)
    db_->corrupt(record_name("hard_state", group),
                 "its term is below that of the last entry");
  state.last_time_ms = last.time_ms;
}

} // namespace raft::persistence
