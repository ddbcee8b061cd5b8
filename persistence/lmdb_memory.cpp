#include <raft/persistence/lmdb_memory.hpp>
#include <raft/persistence/lmdb_reader.hpp>
#include <raft/persistence/start_mark.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace raft::persistence {

namespace {

constexpr const char* starts_key = "starts";
constexpr const char* mark_key = "mark";
constexpr const char* peer_prefix = "peer";
constexpr std::size_t peer_key_bytes = 12;

std::string peer_key(peer_id peer) {
  std::string result = peer_prefix;
  lmdb::append_big_endian(result, peer.value);
  return result;
}

} // namespace

std::string cluster_key(group_id group) {
  std::string result = "cluster";
  lmdb::append_big_endian(result, group.value);
  return result;
}

std::string install_key(group_id group) {
  std::string result = "install";
  lmdb::append_big_endian(result, group.value);
  return result;
}

lmdb_memory::lmdb_memory(lmdb_database& db, std::string directory,
                         bool writable)
  : db_{&db}, directory_{std::move(directory)} {
  try {
    load(writable);
  } catch (const lmdb::error& e) {
    lmdb::rethrow(e, directory_);
  }
}

void lmdb_memory::load(bool all) {
  auto txn = db_->begin_read();
  if (auto data = txn.get(db_->meta, starts_key))
    chain_ = db_->decoded<start_chain>({}, *data, "meta starts");
  lmdb::cursor place{txn, db_->meta};
  auto more = place.at_or_above(peer_prefix);
  for (; more && place.key().starts_with(peer_prefix); more = place.next()) {
    auto x = db_->decoded<acquaintance>({}, place.data(), "meta peer");
    if (peer_key(x.peer) != place.key())
      db_->corrupt("meta peer " + to_text(x.peer), "belongs to another peer");
    others_.push_back(x);
  }
  if (!all)
    return;
  // Directories of older programs have none.
  if (auto data = txn.get(db_->meta, mark_key))
    restored_
      = !has_mark(directory_, db_->decoded<file_mark>({}, *data, "meta mark"));
  // Damage is found before anything is changed.
  lmdb_reader reader{*db_, txn};
  for (auto group : reader.groups())
    reader.load(group);
}

void lmdb_memory::begin_start() {
  chain_ = with_new_start(chain_, others_, restored_, {draw_number()});
  auto mark = restored_ ? std::nullopt : make_mark(directory_);
  try {
    auto txn = db_->begin_write();
    lmdb::page_estimate pages{txn};
    estimate(pages, 0);
    db_->space().before_changes(pages.total(), true);
    txn.put(db_->meta, starts_key, encode({}, chain_));
    if (mark)
      txn.put(db_->meta, mark_key, encode({}, *mark));
    // An older program would make promises in a start that it does not note.
    db_->raise_format(txn, store_format);
    txn.commit();
    db_->space().after_commit();
  } catch (const lmdb::error& e) {
    lmdb::rethrow(e, directory_);
  }
  if (mark)
    place_mark(directory_);
}

store_memory lmdb_memory::known() const {
  std::lock_guard guard{mutex_};
  return {chain_.starts, others_, restored_};
}

void lmdb_memory::estimate(lmdb::page_estimate& pages,
                           std::size_t peers) const {
  constexpr std::size_t small = 64;
  auto replace = [&](std::size_t key_bytes, std::size_t bytes) {
    pages.place(db_->meta);
    pages.put(db_->meta, key_bytes, bytes);
    pages.erase(db_->meta, key_bytes, bytes);
  };
  replace(peer_key_bytes, small + 8 * (starts_kept + chain_.starts.size()));
  replace(peer_key_bytes, small); // the mark
  replace(peer_key_bytes, small); // the format
  for (std::size_t i = 0; i < peers; ++i)
    replace(peer_key_bytes, small);
}

void lmdb_memory::write(lmdb::transaction& txn, const remember& what) {
  for (const auto& x : what.whom)
    txn.put(db_->meta, peer_key(x.peer), encode({}, x));
  if (!what.settled)
    return;
  auto chain = chain_;
  chain.last = start_state::runs;
  txn.put(db_->meta, starts_key, encode({}, chain));
  auto mark = make_mark(directory_);
  if (!mark)
    throw store_error{store_errc::no_space,
                      "no file can be made in '" + directory_
                        + "': nothing was written; make room on the disk"};
  txn.put(db_->meta, mark_key, encode({}, *mark));
}

void lmdb_memory::wrote(const remember& what) {
  if (what.settled)
    place_mark(directory_);
  std::lock_guard guard{mutex_};
  for (const auto& x : what.whom) {
    auto at = std::lower_bound(
      others_.begin(), others_.end(), x,
      [](const auto& a, const auto& b) { return a.peer < b.peer; });
    if (at != others_.end() && at->peer == x.peer)
      *at = x;
    else
      others_.insert(at, x);
  }
  if (what.settled) {
    restored_ = false;
    chain_.last = start_state::runs;
  }
}

void lmdb_memory::write_end(lmdb::transaction& txn) {
  auto chain = chain_;
  if (chain.last == start_state::runs)
    chain.last = start_state::concluded;
  txn.put(db_->meta, starts_key, encode({}, chain));
}

} // namespace raft::persistence
