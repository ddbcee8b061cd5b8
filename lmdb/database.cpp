#include <raft/lmdb/database.hpp>
#include <raft/lmdb/lock_file.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace raft::lmdb {

namespace fs = std::filesystem;

namespace {

constexpr unsigned tables_max = 16;

/// Some tables of one page each, the table of tables, the list of free pages.
constexpr page_need pages_of_new_environment{16};

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

std::string prepare_directory(const open_options& options) {
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

/// How to open the environment. Readers register in the lock file, so that a
/// process that writes leaves alone what they read. Where there is no lock
/// file, nobody writes, and none is made. Where it cannot be written, as in a
/// directory that is read-only, they cannot register: that is no harm as long
/// as nobody writes.
unsigned open_flags(const open_options& options) {
  if (options.writable)
    return 0;
  auto lock_file = lmdb::lock_file(options.directory);
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
void check_length(const environment& env, const std::string& directory) {
  MDB_envinfo info{};
  MDB_stat stat{};
  check(mdb_env_info(env.handle(), &info), "mdb_env_info");
  check(mdb_env_stat(env.handle(), &stat), "mdb_env_stat");
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

environment open_any(const open_options& options);

/// Makes an environment and what is in it, in a directory of its own.
void make_in(const open_options& options,
             const std::function<void(transaction&)>& fill) {
  auto env = open_any(options);
  reserved_space space{env, options.directory, {0, 0}};
  space.before_changes(pages_of_new_environment, true);
  transaction txn{env, 0};
  fill(txn);
  txn.commit();
  space.after_commit();
}

void make_environment(const open_options& options,
                      const std::function<void(transaction&)>& fill) {
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
  } catch (const error& e) {
    rethrow(e, unfinished.directory);
  }
  if (std::rename(data_file(unfinished.directory).c_str(), file.c_str()) != 0)
    throw store_error{store_errc::no_access,
                      "cannot make '" + file
                        + "': " + std::generic_category().message(errno)
                        + "; check its permissions and the disk"};
  sync_directory(options.directory);
}

environment open_any(const open_options& options) {
  auto map_bytes
    = options.map_bytes != 0 ? options.map_bytes : default_map_bytes;
  try {
    environment result{options.directory, map_bytes, tables_max,
                       open_flags(options)};
    check_length(result, options.directory);
    return result;
  } catch (const error& e) {
    if (e.code() == ENOMEM)
      throw store_error{store_errc::no_access,
                        "cannot reserve " + std::to_string(map_bytes)
                          + " bytes of address space for '" + options.directory
                          + "'; set a smaller map or raise the limit (ulimit "
                            "-v)"};
    rethrow(e, options.directory);
  }
}

environment open_environment(const open_options& options) {
  // LMDB would take it for a new one.
  auto file = data_file(options.directory);
  if (length_of(file) == 0)
    throw store_error{store_errc::corrupt,
                      "'" + file + "' is empty" + keep_off};
  return open_any(options);
}

environment made_and_opened(const open_options& options,
                            const std::function<void(transaction&)>& fill) {
  if (options.writable)
    make_environment(options, fill);
  return open_environment(options);
}

} // namespace

void rethrow(const error& e, const std::string& directory) {
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

database::database(const open_options& options,
                   const std::function<void(transaction&)>& fill)
  : directory_{prepare_directory(options)},
    writable_{options.writable},
    claim_{directory_, !options.writable},
    env_{made_and_opened(options, fill)} {
  // nop
}

database::~database() = default;

void refuse_damage(const std::string& record, const std::string& directory,
                   const std::string& reason) {
  throw store_error{store_errc::corrupt, "record '" + record + "' in '"
                                           + directory + "': " + reason
                                           + keep_off};
}

void database::corrupt(const std::string& record,
                       const std::string& reason) const {
  refuse_damage(record, directory_, reason);
}

void database::rethrow(const error& e) const {
  lmdb::rethrow(e, directory_);
}

void database::check_format(std::uint32_t found, std::uint32_t known) const {
  if (found > known)
    throw store_error{store_errc::newer_format,
                      "'" + directory_ + "' has format " + std::to_string(found)
                        + ", this program knows " + std::to_string(known)
                        + "; use a newer program"};
}

void database::open_meta(transaction& txn) {
  auto known = txn.open_table("meta", 0);
  auto unnamed = txn.open_table(nullptr, 0);
  if (!known && unnamed && cursor{txn, *unnamed}.first())
    corrupt("meta", "the data file belongs to another program");
  if (!known)
    corrupt("meta", "nothing was ever written here");
  meta = *known;
}

void database::open_tables(std::span<const table> tables,
                           const look& check_meta, const look& check,
                           const reserved_space_options& space_taken) {
  try {
    auto txn = writable_ ? begin_write() : begin_read();
    open_meta(txn);
    check_meta(txn);
    for (const auto& x : tables) {
      // Once it was made, nothing may be missing.
      auto opened = txn.open_table(x.name, 0);
      if (!opened)
        corrupt(x.name, "missing");
      *x.number = *opened;
    }
    check(txn);
    txn.commit();
  } catch (const error& e) {
    rethrow(e);
  }
  if (!writable_)
    return;
  sync_directory(directory_);
  sign(directory_);
  space_.emplace(env_, directory_, space_taken);
}

} // namespace raft::lmdb
