// Changes records behind the back of a store.

#pragma once

#include <raft/lmdb/lmdb.hpp>
#include <raft/persistence/store.hpp>

#include <stdexcept>
#include <string>

namespace raft::test {

/// Works on one table of a store that is closed.
class saboteur {
public:
  saboteur(const persistence::lmdb_options& victim, const char* table)
    : env_{victim.directory, std::uint64_t{1} << 30, 16, 0},
      txn_{env_, 0},
      table_{txn_.open_table(table, 0).value()} {
    // nop
  }

  /// Flips one bit of a byte of a record.
  void flip(const std::string& key, std::size_t byte) {
    std::string data{txn_.get(table_, key).value()};
    data.at(byte) = static_cast<char>(data[byte] ^ 0x10);
    txn_.put(table_, key, data);
  }

  void copy(const std::string& from, const std::string& to) {
    std::string data{txn_.get(table_, from).value()};
    txn_.put(table_, to, data);
  }

  void put(const std::string& key, const std::string& data) {
    txn_.put(table_, key, data);
  }

  void erase(const std::string& key) {
    lmdb::cursor place{txn_, table_};
    if (!place.at_or_above(key) || place.key() != key)
      throw std::logic_error{"there is no such record"};
    place.erase();
  }

  void done() {
    txn_.commit();
  }

private:
  lmdb::environment env_;
  lmdb::transaction txn_;
  MDB_dbi table_;
};

} // namespace raft::test
