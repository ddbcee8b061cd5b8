// The table on the disk.

#include <raft/kv/command.hpp>
#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/sealed_record.hpp>
#include <raft/persistence/big_endian.hpp>
#include <raft/persistence/lmdb_room.hpp>

#include <atomic>
#include <type_traits>

namespace raft::kv {

namespace lmdb = persistence::lmdb;

namespace {

/// A visit ends its transaction after so many pairs or bytes and goes on in
/// another: LMDB can not use pages again that a reader may see.
constexpr std::size_t step_pairs_max = 10'000;
constexpr std::size_t step_bytes_max = 4 << 20;

std::string pair_key(std::string_view key) {
  std::string result;
  result.reserve(key.size() + 1);
  result += pair_mark;
  result += key;
  return result;
}

std::string session_key(session_id id) {
  std::string result;
  persistence::append_big_endian(result, id.value);
  return result;
}

class lmdb_table : public table {
public:
  explicit lmdb_table(const table_options& options) : files_{options, true} {
    // nop
  }

  contents load() const override {
    return reading([this](const lmdb::transaction& txn) {
      auto state = files_.read_state(txn);
      contents result{{state.applied, {}}, state.keys};
      lmdb::cursor place{txn, files_.sessions};
      for (auto more = place.first(); more; more = place.next()) {
        auto id = persistence::from_big_endian<std::uint64_t>(place.key());
        auto data = files_.unsealed("session " + std::to_string(id),
                                    place.key(), place.data());
        result.state.sessions.push_back({{id}, bytes{data}});
      }
      return result;
    });
  }

  bool contains(std::string_view key) const override {
    if (key.size() > key_bytes_max)
      return false;
    return reading([&](const lmdb::transaction& txn) {
      return txn.get(files_.pairs, pair_key(key)).has_value();
    });
  }

  std::optional<std::string> get(std::string_view key) const override {
    if (key.size() > key_bytes_max)
      return std::nullopt;
    return reading(
      [&](const lmdb::transaction& txn) -> std::optional<std::string> {
        auto record = txn.get(files_.pairs, pair_key(key));
        if (!record)
          return std::nullopt;
        return std::string{value_of(pair_key(key), *record)};
      });
  }

  void visit(std::string_view first, const visitor& f) const override {
    auto next = pair_key(first);
    while (reading([&](const auto& txn) { return step(txn, next, f); }))
      ;
  }

  void write(const update& x) override;

private:
  template <class F>
  std::invoke_result_t<F, const lmdb::transaction&> reading(F f) const {
    try {
      return f(files_.begin_read());
    } catch (const lmdb::error& e) {
      files_.rethrow(e);
    }
  }

  /// Visits some pairs.
  /// @param next The first key to visit, then the one to go on with.
  /// @returns whether there may be more to visit.
  bool step(const lmdb::transaction& txn, std::string& next,
            const visitor& f) const {
    lmdb::cursor place{txn, files_.pairs};
    std::size_t pairs = 0;
    std::size_t bytes = 0;
    for (auto more = place.at_or_above(next); more; more = place.next()) {
      if (pairs == step_pairs_max || bytes >= step_bytes_max) {
        next = place.key();
        return true;
      }
      auto value = value_of(place.key(), place.data());
      if (!f(place.key().substr(1), value))
        return false;
      ++pairs;
      bytes += place.data().size();
    }
    return false;
  }

  /// @param key As in the table.
  std::string_view value_of(std::string_view key,
                            std::string_view record) const {
    const char* fault = nullptr;
    auto result = unseal(files_.group(), key, record, fault);
    if (!result)
      files_.corrupt("key " + printable(key.substr(1)), fault);
    return *result;
  }

  void put_all(lmdb::transaction& txn, const update& x) const;
  void take_room(const lmdb::transaction& txn, const update& x);
  [[noreturn]] void fail(const lmdb::error& e, bool committing);

  lmdb_files files_;
  std::atomic<bool> failed_ = false;
};

void lmdb_table::write(const update& x) {
  if (failed_)
    throw persistence::store_error{persistence::store_errc::write_failed,
                                   "an earlier write has failed; restart"};
  auto committing = false;
  try {
    auto txn = files_.begin_write();
    take_room(txn, x);
    put_all(txn, x);
    committing = true;
    txn.commit();
    files_.room().after_commit();
  } catch (const lmdb::error& e) {
    fail(e, committing);
  }
}

void lmdb_table::put_all(lmdb::transaction& txn, const update& x) const {
  auto erase = [&txn](MDB_dbi table, const std::string& key) {
    lmdb::cursor place{txn, table};
    if (place.at_or_above(key) && place.key() == key)
      place.erase();
  };
  for (const auto& [key, value] : x.changes) {
    auto full_key = pair_key(key);
    if (value)
      txn.put(files_.pairs, full_key, seal(files_.group(), full_key, *value));
    else
      erase(files_.pairs, full_key);
  }
  for (const auto& session : x.sessions) {
    auto key = session_key(session.id);
    if (session.data.empty())
      erase(files_.sessions, key);
    else
      txn.put(files_.sessions, key,
              seal(files_.group(), key, session.data.view()));
  }
  std::string state;
  persistence::append_big_endian(state, x.applied.value);
  persistence::append_big_endian(state, x.keys);
  txn.put(files_.state, state_key, seal(files_.group(), state_key, state));
  // A difference would be a bug of ours; better none of it than all of it.
  if (files_.count_pairs(txn) != x.keys)
    throw std::logic_error{"the engine counted " + std::to_string(x.keys)
                           + " pairs, the table holds "
                           + std::to_string(files_.count_pairs(txn))};
}

/// Sees to it that the commit will not meet a full disk.
void lmdb_table::take_room(const lmdb::transaction& txn, const update& x) {
  persistence::page_estimate pages{txn};
  auto add = [&](MDB_dbi table, const std::string& key,
                 std::optional<std::size_t> bytes) {
    pages.place(table);
    if (auto old = txn.get(table, key))
      pages.erase(table, key.size(), old->size());
    if (bytes)
      pages.put(table, key.size(), *bytes + seal_bytes);
  };
  for (const auto& [key, value] : x.changes)
    add(files_.pairs, pair_key(key),
        value ? std::optional{value->size()} : std::nullopt);
  for (const auto& session : x.sessions)
    add(files_.sessions, session_key(session.id), session.data.size());
  add(files_.state, state_key, 16);
  try {
    files_.room().before_changes(pages.total(), false);
  } catch (const persistence::store_error& e) {
    if (e.code() == persistence::store_errc::no_space)
      throw machine::no_room{e.what()};
    throw;
  }
}

void lmdb_table::fail(const lmdb::error& e, bool committing) {
  if (!committing
      && (e.code() == MDB_MAP_FULL || persistence::means_full(e.code())))
    throw machine::no_room{std::string{"saving the key-value data: "}
                           + e.what()};
  failed_ = true;
  throw persistence::store_error{
    persistence::store_errc::write_failed,
    std::string{"saving the key-value data failed: "} + e.what()
      + ". What the disk holds is known after a restart"};
}

} // namespace

std::shared_ptr<table> open_lmdb_table(const table_options& options) {
  return std::make_shared<lmdb_table>(options);
}

} // namespace raft::kv
