#include <raft/lmdb/lmdb.hpp>

#include <cassert>
#include <unistd.h>

namespace raft::lmdb {

namespace {

constexpr mdb_mode_t file_mode = 0640;

MDB_val to_val(std::string_view x) {
  // LMDB only reads what goes in; its type just cannot say so.
  return {x.size(), const_cast<char*>(x.data())};
}

} // namespace

error::error(int code, const char* call)
  : std::runtime_error{std::string{call} + ": " + mdb_strerror(code)},
    code_{code} {
  // nop
}

std::uint64_t machine_memory() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES))
       * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void check(int code, const char* call) {
  if (code != MDB_SUCCESS)
    throw error{code, call};
}

environment::environment(const std::string& directory, std::uint64_t map_bytes,
                         unsigned tables_max, unsigned flags) {
  MDB_env* env = nullptr;
  check(mdb_env_create(&env), "mdb_env_create");
  env_.reset(env);
  check(mdb_env_set_mapsize(env, map_bytes), "mdb_env_set_mapsize");
  check(mdb_env_set_maxdbs(env, tables_max), "mdb_env_set_maxdbs");
  check(mdb_env_open(env, directory.c_str(), flags | MDB_NOTLS, file_mode),
        "mdb_env_open");
}

transaction::transaction(const environment& env, unsigned flags)
  : txn_{nullptr} {
  check(mdb_txn_begin(env.handle(), nullptr, flags, &txn_), "mdb_txn_begin");
  if ((flags & MDB_RDONLY) == 0)
    writer_ = std::this_thread::get_id();
}

transaction::~transaction() {
  if (txn_ != nullptr)
    mdb_txn_abort(end());
}

MDB_txn* transaction::end() {
  assert(writer_ == std::thread::id{} || writer_ == std::this_thread::get_id());
  return std::exchange(txn_, nullptr);
}

std::optional<MDB_dbi> transaction::open_table(const char* name,
                                               unsigned flags) {
  MDB_dbi result = 0;
  auto code = mdb_dbi_open(txn_, name, flags, &result);
  if (code == MDB_NOTFOUND)
    return std::nullopt;
  check(code, "mdb_dbi_open");
  return result;
}

std::optional<std::string_view> transaction::get(MDB_dbi table,
                                                 std::string_view key) const {
  auto key_val = to_val(key);
  MDB_val data{0, nullptr};
  auto code = mdb_get(txn_, table, &key_val, &data);
  if (code == MDB_NOTFOUND)
    return std::nullopt;
  check(code, "mdb_get");
  return std::string_view{static_cast<const char*>(data.mv_data), data.mv_size};
}

void transaction::put(MDB_dbi table, std::string_view key,
                      std::string_view data, unsigned flags) {
  auto key_val = to_val(key);
  auto data_val = to_val(data);
  check(mdb_put(txn_, table, &key_val, &data_val, flags), "mdb_put");
}

void transaction::empty_table(MDB_dbi table) {
  check(mdb_drop(txn_, table, 0), "mdb_drop");
}

void transaction::commit() {
  // LMDB frees the transaction whether or not it could be committed.
  check(mdb_txn_commit(end()), "mdb_txn_commit");
}

cursor::cursor(const transaction& txn, MDB_dbi table) {
  check(mdb_cursor_open(txn.handle(), table, &cursor_), "mdb_cursor_open");
}

cursor::~cursor() {
  mdb_cursor_close(cursor_);
}

bool cursor::at_or_above(std::string_view key) {
  key_ = to_val(key);
  return move(MDB_SET_RANGE);
}

bool cursor::at_or_below(std::string_view key) {
  if (!at_or_above(key))
    return last();
  return this->key() == key || previous();
}

void cursor::erase() {
  check(mdb_cursor_del(cursor_, 0), "mdb_cursor_del");
}

bool cursor::move(MDB_cursor_op operation) {
  auto code = mdb_cursor_get(cursor_, &key_, &data_, operation);
  if (code == MDB_NOTFOUND)
    return false;
  check(code, "mdb_cursor_get");
  return true;
}

} // namespace raft::lmdb
