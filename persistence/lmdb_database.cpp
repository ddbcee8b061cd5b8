#include <raft/persistence/lmdb_database.hpp>
#include <raft/persistence/lock_file.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/random.h>
#include <system_error>
#include <unistd.h>

namespace raft::persistence {

namespace fs = std::filesystem;

namespace {

constexpr const char* format_key = "format";
constexpr const char* identity_key = "identity";
constexpr unsigned tables_max = 16;

/// Some tables of one page each, the table of tables, the list of free pages.
constexpr page_need pages_of_new_environment{16, 0};

constexpr std::array table_names{"meta",       "hard_state", "members",
                                 "compaction", "log",        "term_starts"};

std::string data_file(const std::string& directory) {
  return directory + "/data.mdb";
}

std::string lock_file(const std::string& directory) {
  return directory + "/lock.mdb";
}

// Sanitizers keep a shadow of all address space; a terabyte is too much.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr auto default_map_bytes = std::uint64_t{1} << 30;
#elif defined(__has_feature)
#  if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
constexpr auto default_map_bytes = std::uint64_t{1} << 30;
#  else
constexpr auto default_map_bytes = std::uint64_t{1} << 40;
#  endif
#else
constexpr auto default_map_bytes = std::uint64_t{1} << 40;
#endif

} // namespace

std::uint64_t draw_number() {
  std::uint64_t result = 0;
  while (result == 0)
    if (getrandom(&result, sizeof result, 0)
        != static_cast<ssize_t>(sizeof result))
      throw store_error{store_errc::no_access,
                        "the system gives no random numbers (getrandom)"};
  return result;
}

std::string prepare_directory(const lmdb_options& options) {
  if (options.writable)
    make_directory(options.directory);
  else if (!fs::exists(data_file(options.directory)))
    throw store_error{store_errc::no_access,
                      "there is no store in '" + options.directory
                        + "'; name the directory that holds data.mdb"};
  auto data = data_file(options.directory);
  auto lock = lock_file(options.directory);
  check_plain(lock, plain::file);
  check_access(data, options.writable);
  if (options.writable) {
    check_plain(data, plain::file);
    check_access(lock, true);
  }
  return options.directory;
}

namespace {

/// How to open the environment. Readers register in the lock file, so that a
/// process that writes leaves alone what they read. Where there is no lock
/// file, nobody writes, and none is made. Where it cannot be written, as in a
/// directory that is read-only, they cannot register: that is no harm as long
/// as nobody writes.
unsigned open_flags(const lmdb_options& options) {
  if (options.writable)
    return 0;
  auto lock_file = persistence::lock_file(options.directory);
  if (access(lock_file.c_str(), F_OK) != 0)
    return MDB_RDONLY | MDB_NOLOCK;
  if (faccessat(AT_FDCWD, lock_file.c_str(), R_OK | W_OK, AT_EACCESS) != 0) {
    if (!is_claimed(options.directory))
      return MDB_RDONLY | MDB_NOLOCK;
    throw store_error{store_errc::no_access,
                      "reading beside a process that writes needs write access "
                      "to '"
                        + lock_file + "'; run as the owner of the directory"};
  }
  return MDB_RDONLY;
}

std::uint64_t length_of(const std::string& file) {
  std::error_code error;
  auto result = fs::file_size(file, error);
  if (error)
    throw store_error{store_errc::no_access, "cannot read the size of '" + file
                                               + "': " + error.message()};
  return result;
}

/// Reading beyond the end of a file that was cut short would kill the process.
/// The room of every page is on the disk before the page is used.
void check_length(const lmdb::environment& env, const std::string& directory) {
  MDB_envinfo info{};
  MDB_stat stat{};
  lmdb::check(mdb_env_info(env.handle(), &info), "mdb_env_info");
  lmdb::check(mdb_env_stat(env.handle(), &stat), "mdb_env_stat");
  auto needed = (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
  auto found = length_of(data_file(directory));
  if (found < needed)
    throw store_error{store_errc::corrupt,
                      "'" + data_file(directory) + "' was cut short: it has "
                        + std::to_string(found) + " bytes of "
                        + std::to_string(needed) + keep_off};
}

/// A directory that is gone with this object.
class scratch_directory {
public:
  explicit scratch_directory(std::string path) : path_{std::move(path)} {
    remove();
    make_directory(path_);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() {
    remove();
  }

private:
  void remove() const {
    std::error_code ignored; // what is in the way is found when it is made
    fs::remove_all(path_, ignored);
  }

  std::string path_;
};

lmdb::environment open_any(const lmdb_options& options);

/// Makes an environment and what is in it, in a directory of its own.
void make_in(const lmdb_options& options,
             const std::function<void(lmdb::transaction&)>& fill) {
  auto env = open_any(options);
  lmdb_reserved_space space{env, options.directory, {0, 0}};
  space.before_changes(pages_of_new_environment, true);
  lmdb::transaction txn{env, 0};
  fill(txn);
  txn.commit();
  space.after_commit();
}

} // namespace

void make_environment(const lmdb_options& options,
                      const std::function<void(lmdb::transaction&)>& fill) {
  auto file = data_file(options.directory);
  if (fs::exists(file))
    return;
  if (had_data(options.directory))
    throw store_error{store_errc::corrupt,
                      "'" + file + "' is missing, but '" + lock_file_name
                        + "' beside it says that there was one. Bring it back"
                        + keep_off};
  auto unfinished = options;
  unfinished.directory += "/new";
  scratch_directory scratch{unfinished.directory};
  try {
    make_in(unfinished, fill);
  } catch (const lmdb::error& e) {
    rethrow(e, unfinished.directory);
  }
  if (std::rename(data_file(unfinished.directory).c_str(), file.c_str()) != 0)
    throw store_error{store_errc::no_access,
                      "cannot make '" + file
                        + "': " + std::generic_category().message(errno)
                        + "; check its permissions and the disk"};
  sync_directory(options.directory);
}

namespace {

lmdb::environment open_any(const lmdb_options& options) {
  auto map_bytes
    = options.map_bytes != 0 ? options.map_bytes : default_map_bytes;
  try {
    lmdb::environment result{options.directory, map_bytes, tables_max,
                             open_flags(options)};
    check_length(result, options.directory);
    return result;
  } catch (const lmdb::error& e) {
    if (e.code() == ENOMEM)
      throw store_error{store_errc::no_access,
                        "cannot reserve " + std::to_string(map_bytes)
                          + " bytes of address space for '" + options.directory
                          + "'; set a smaller map or raise the limit (ulimit "
                            "-v)"};
    rethrow(e, options.directory);
  }
}

} // namespace

lmdb::environment open_environment(const lmdb_options& options) {
  // LMDB would take it for a new one.
  auto file = data_file(options.directory);
  if (length_of(file) == 0)
    throw store_error{store_errc::corrupt,
                      "'" + file + "' is empty" + keep_off};
  return open_any(options);
}

namespace {

lmdb::environment made_and_opened(const lmdb_options& options) {
  if (options.writable)
    make_environment(options, [&](lmdb::transaction& txn) {
      for (const auto* name : table_names)
        txn.open_table(name, MDB_CREATE);
      auto meta = txn.open_table("meta", 0).value();
      store_identity identity{options.cluster, options.peer, {draw_number()}};
      txn.put(meta, format_key, encode(group_id{}, store_header{}));
      txn.put(meta, identity_key, encode(group_id{}, identity));
    });
  return open_environment(options);
}

} // namespace

std::string record_name(const char* table, group_id group) {
  return std::string{table} + ' ' + to_text(group);
}

std::string record_name(const char* table, group_id group, log_index index) {
  return record_name(table, group) + '/' + to_text(index);
}

void rethrow(const lmdb::error& e, const std::string& directory) {
  auto where = " ('" + directory + "')";
  switch (e.code()) {
    case MDB_VERSION_MISMATCH:
      throw store_error{store_errc::newer_format,
                        std::string{e.what()} + where
                          + ": written by another version of LMDB; use that "
                            "one"};
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_VALSIZE:
      throw store_error{store_errc::corrupt,
                        std::string{e.what()} + where
                          + ": the data file is damaged or no store"
                          + keep_off};
    default:
      throw store_error{means_full(e.code()) ? store_errc::no_space
                                             : store_errc::no_access,
                        std::string{e.what()} + where
                          + ": check permissions, limits and the disk"};
  }
}

lmdb_database::lmdb_database(const lmdb_options& options)
  : directory_{prepare_directory(options)},
    claim_{directory_, !options.writable},
    env_{made_and_opened(options)} {
  try {
    open_tables(options);
  } catch (const lmdb::error& e) {
    rethrow(e, directory_);
  }
  if (!options.writable)
    return;
  sync_directory(directory_);
  sign(directory_);
  space_.emplace(env_, directory_, options.reserved_space);
}

void lmdb_database::corrupt(const std::string& record,
                            const std::string& reason) const {
  throw store_error{store_errc::corrupt, "record '" + record + "' in '"
                                           + directory_ + "': " + reason
                                           + keep_off};
}

void lmdb_database::open_tables(const lmdb_options& options) {
  auto txn = options.writable ? begin_write() : begin_read();
  auto known = txn.open_table("meta", 0);
  auto unnamed = txn.open_table(nullptr, 0);
  if (!known && unnamed && lmdb::cursor{txn, *unnamed}.first())
    corrupt("meta", "the data file belongs to another program");
  if (!known)
    corrupt("meta", "nothing was ever written here");
  meta = *known;
  check_meta(txn, options);
  std::array tables{&meta, &hard_state_table, &members, &compaction,
                    &log,  &term_starts};
  for (std::size_t i = 0; i < tables.size(); ++i) {
    // Once it was made, nothing may be missing.
    auto opened = txn.open_table(table_names[i], 0);
    if (!opened)
      corrupt(table_names[i], "missing");
    *tables[i] = *opened;
  }
  txn.commit();
}

void lmdb_database::raise_format(lmdb::transaction& txn) const {
  if (format_ < store_format)
    txn.put(meta, format_key, encode(group_id{}, store_header{}));
}

void lmdb_database::check_meta(const lmdb::transaction& txn,
                               const lmdb_options& options) {
  auto format = txn.get(meta, format_key);
  if (!format)
    corrupt("meta format", "missing");
  auto header = decoded<store_header>({}, *format, "meta format");
  if (header.format > store_format)
    throw store_error{store_errc::newer_format,
                      "'" + directory_ + "' has format "
                        + std::to_string(header.format)
                        + ", this program knows " + std::to_string(store_format)
                        + "; use a newer program"};
  format_ = header.format;
  auto identity = txn.get(meta, identity_key);
  if (!identity)
    corrupt("meta identity", "missing");
  identity_ = decoded<store_identity>({}, *identity, "meta identity");
  auto anybody = !options.writable && options.cluster.empty() && !options.peer;
  if (anybody
      || (identity_.cluster == options.cluster
          && identity_.peer == options.peer))
    return;
  throw store_error{store_errc::foreign,
                    "'" + directory_ + "' belongs to peer "
                      + to_text(identity_.peer) + " of cluster '"
                      + identity_.cluster + "', not to peer "
                      + to_text(options.peer) + " of cluster '"
                      + options.cluster + "'; check directory and identity"};
}

} // namespace raft::persistence
