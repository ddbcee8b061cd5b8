#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/sealed_record.hpp>
#include <raft/lmdb/big_endian.hpp>
#include <raft/persistence/meta.hpp>

#include <array>
#include <filesystem>
#include <utility>

namespace raft::kv {

using persistence::store_errc;
using persistence::store_error;
using persistence::store_identity;

namespace {

/// Nobody votes here: nothing is kept back.
constexpr lmdb::reserved_space_options space_ahead{std::uint64_t{16} << 20, 0};

constexpr std::array table_names{"state", "pairs", "sessions"};

lmdb::open_options checked(const table_options& x, bool writable) {
  if (x.must_exist && !std::filesystem::exists(x.directory + "/data.mdb"))
    throw store_error{store_errc::corrupt,
                      "there is no key-value data in '" + x.directory
                        + "', but the log no longer holds the commands that "
                          "led to it"
                        + lmdb::keep_off};
  if (writable)
    lmdb::check_plain(x.directory, lmdb::plain::directory);
  return {x.directory, x.map_bytes, writable};
}

/// Makes what is in a new one.
void fill(lmdb::transaction& txn, const table_options& x) {
  persistence::make_meta(txn, {engine_format, x.owner});
  for (const auto* name : table_names)
    txn.open_table(name, MDB_CREATE);
  auto state = txn.open_table("state", 0).value();
  txn.put(state, state_key, seal(x.group, state_key, std::string(16, '\0')));
}

std::string text(const store_identity& x) {
  return "peer " + to_text(x.peer) + " of cluster '" + x.cluster
       + "', incarnation " + to_text(x.incarnation);
}

/// Takes changes out of a record of `staged`.
/// @returns whether it consisted of nothing else.
bool take_changes(std::string_view record, overlay& to) {
  auto take = [&record](std::size_t size) {
    auto result = record.substr(0, size);
    record.remove_prefix(result.size());
    return result.size() == size ? std::optional{result} : std::nullopt;
  };
  auto take_text = [&]() -> std::optional<std::string_view> {
    auto length = take(sizeof(std::uint32_t));
    if (!length)
      return std::nullopt;
    return take(lmdb::from_big_endian<std::uint32_t>(*length));
  };
  while (!record.empty()) {
    auto key = take_text();
    auto mark = take(1);
    auto value = mark == "+" ? take_text() : std::nullopt;
    if (!key || (mark != "-" && !value))
      return false;
    if (value)
      to.put(std::string{*key}, std::string{*value});
    else
      to.erase(*key);
  }
  return true;
}

std::uint64_t count_records(const lmdb::transaction& txn, MDB_dbi table) {
  MDB_stat result{};
  lmdb::check(mdb_stat(txn.handle(), table, &result), "mdb_stat");
  return result.ms_entries;
}

} // namespace

std::string pair_key(std::string_view key) {
  std::string result;
  result.reserve(key.size() + 1);
  result += pair_mark;
  result += key;
  return result;
}

std::string encode_change(std::string_view key, const overlay::slot& x) {
  std::string result;
  auto append = [&result](std::string_view text) {
    lmdb::append_big_endian(result, static_cast<std::uint32_t>(text.size()));
    result += text;
  };
  append(key);
  result += x ? '+' : '-';
  if (x)
    append(*x);
  return result;
}

std::string staged_record_name(std::string_view key) {
  return "staged record "
       + std::to_string(lmdb::from_big_endian<std::uint64_t>(key));
}

std::string printable(std::string_view key) {
  constexpr std::size_t chars_max = 64;
  constexpr auto digits = "0123456789abcdef";
  std::string result;
  for (unsigned char c : key) {
    if (result.size() >= chars_max)
      return '"' + result + "\"...";
    if (c == '"' || c == '\\' || c < ' ' || c > '~')
      result += std::string{"\\x"} + digits[c >> 4] + digits[c & 15];
    else
      result += static_cast<char>(c);
  }
  return '"' + result + '"';
}

lmdb_files::lmdb_files(const table_options& options, bool writable)
  : database{checked(options, writable),
             [&options](lmdb::transaction& txn) { fill(txn, options); }},
    group_{options.group} {
  const lmdb::table tables[]{{table_names[0], &state},
                             {table_names[1], &pairs},
                             {table_names[2], &sessions}};
  open_tables(
    tables, [&](const auto& txn) { check_meta(txn, options, writable); },
    [this](auto& txn) {
      staged = txn.open_table(staged_table_name, 0);
      check_counts(txn);
    },
    space_ahead);
}

state_record lmdb_files::read_state(const lmdb::transaction& txn) const {
  auto record = txn.get(state, state_key);
  if (!record)
    corrupt(state_key, "missing");
  auto data = unsealed(state_key, state_key, *record);
  if (data.size() != 16 && data.size() != state_bytes_max)
    corrupt(state_key, "has a strange length");
  auto number = [&data](std::size_t at) {
    return lmdb::from_big_endian<std::uint64_t>(data.substr(at));
  };
  return {{number(0)}, number(8), data.size() > 16 ? number(16) : 0};
}

std::string lmdb_files::sealed_state(const state_record& x) const {
  std::string result;
  lmdb::append_big_endian(result, x.applied.value);
  lmdb::append_big_endian(result, x.keys);
  if (x.staged > 0)
    lmdb::append_big_endian(result, x.staged);
  return seal(group_, state_key, result);
}

std::shared_ptr<const overlay>
lmdb_files::read_staged(const lmdb::transaction& txn) const {
  if (read_state(txn).staged == 0)
    return nullptr;
  auto result = std::make_shared<overlay>();
  lmdb::cursor place{txn, staged.value()};
  for (auto more = place.first(); more; more = place.next()) {
    auto name = staged_record_name(place.key());
    if (!take_changes(unsealed(name, place.key(), place.data()), *result))
      corrupt(name, "does not consist of changes");
  }
  return result;
}

bool lmdb_files::has_pair(const lmdb::transaction& txn,
                          std::string_view key) const {
  return txn.get(pairs, pair_key(key)).has_value();
}

std::uint64_t lmdb_files::count_pairs(const lmdb::transaction& txn) const {
  return count_records(txn, pairs);
}

std::string_view lmdb_files::unsealed(const std::string& name,
                                      std::string_view key,
                                      std::string_view record) const {
  const char* fault = nullptr;
  auto result = unseal(group_, key, record, fault);
  if (!result)
    corrupt(name, fault);
  return *result;
}

void lmdb_files::check_counts(const lmdb::transaction& txn) const {
  auto said = read_state(txn);
  // While changes are staged, some of them are among the pairs and some not.
  auto what = said.staged > 0 ? " staged records" : " pairs";
  auto wanted = said.staged > 0 ? said.staged : said.keys;
  auto found = said.staged > 0 ? (staged ? count_records(txn, *staged) : 0)
                               : count_pairs(txn);
  if (wanted != found)
    corrupt(state_key, "says that there are " + std::to_string(wanted) + what
                         + ", but there are " + std::to_string(found));
}

void lmdb_files::check_meta(const lmdb::transaction& txn,
                            const table_options& options, bool writable) {
  identity_ = persistence::read_meta(*this, txn, engine_format).identity;
  auto anybody = !writable && options.owner == store_identity{};
  if (!anybody && identity_ != options.owner)
    throw store_error{store_errc::foreign,
                      "the key-value data in '" + directory() + "' belongs to "
                        + text(identity_) + ", but the log beside it to "
                        + text(options.owner)
                        + "; bring back the directory that it came with"};
}

} // namespace raft::kv
