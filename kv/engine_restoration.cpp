#include <raft/kv/engine_restoration.hpp>
#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/lmdb_view.hpp>
#include <raft/kv/lmdb_writer.hpp>
#include <raft/kv/pair_hasher.hpp>
#include <raft/kv/pair_stream.hpp>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace raft::kv {

namespace fs = std::filesystem;

namespace {

/// How much one transaction takes, but for the last pair.
constexpr std::size_t transaction_pairs = 20'000;
constexpr std::size_t transaction_bytes = 4 << 20;

class engine_restoration final : public machine::restoration {
public:
  explicit engine_restoration(table_options options)
    : options_{std::move(options)} {
    // nop
  }

  ~engine_restoration() override {
    if (began_ && !built_)
      remove_restoration(options_.directory);
  }

  std::string state_format() const override {
    return kv::state_format;
  }

  void build(const machine::checkpointed_state& what,
             machine::state_source& from) override {
    built_ = false;
    if (!what.applied)
      throw machine::bad_state{"a state without an entry cannot be restored"};
    began_ = true;
    lmdb::make_directory(options_.directory);
    remove_restoration(options_.directory);
    {
      lmdb_files files{beside(), true};
      lmdb_writer writer{files, options_.portions};
      auto read = read_pairs(writer, from);
      writer.complete(what.applied, what.sessions);
      if (encode(digest_of(files)) != encode(read))
        throw std::runtime_error{"what was restored to '" + files.directory()
                                 + "' is not what was read; check memory and "
                                   "disk, and try again"};
    }
    built_ = true;
  }

  bool find(log_index applied) override {
    auto directory = restoration_directory(options_.directory);
    if (!fs::exists(directory + "/data.mdb"))
      return false;
    try {
      lmdb_files files{beside(), false};
      auto txn = files.begin_read();
      built_ = files.read_state(txn).applied == applied;
    } catch (const persistence::store_error&) {
      built_ = false; // It has not come to its end.
    } catch (const lmdb::error&) {
      built_ = false;
    }
    return built_;
  }

  void install() override {
    if (!built_)
      throw std::logic_error{"there is nothing to install"};
    const auto& directory = options_.directory;
    lmdb::directory_claim claim{directory, false};
    // Whoever reads the old data still has the list of readers that this is.
    auto readers = directory + "/lock.mdb";
    if (std::remove(readers.c_str()) != 0 && errno != ENOENT)
      fail("remove", readers);
    auto data = directory + "/data.mdb";
    auto next = restoration_directory(directory) + "/data.mdb";
    if (std::rename(next.c_str(), data.c_str()) != 0)
      fail("make", data);
    lmdb::sync_directory(directory);
    built_ = false;
  }

private:
  table_options beside() const {
    auto result = options_;
    result.directory = restoration_directory(options_.directory);
    result.must_exist = false;
    return result;
  }

  static digest read_pairs(lmdb_writer& to, machine::state_source& from) {
    pair_reader in{from};
    pair_hasher hash;
    std::vector<std::pair<std::string, std::string>> some;
    std::size_t bytes = 0;
    while (in.next()) {
      hash.add(in.key(), in.value());
      some.emplace_back(in.key(), in.value());
      bytes += in.key().size() + in.value().size();
      if (some.size() < transaction_pairs && bytes < transaction_bytes)
        continue;
      to.append(some);
      some.clear();
      bytes = 0;
    }
    machine::expect_end(from);
    if (!some.empty())
      to.append(some);
    return hash.finish();
  }

  static digest digest_of(const lmdb_files& files) {
    try {
      lmdb_view view{files.begin_read(), nullptr};
      pair_hasher hash;
      auto next = pair_key({});
      auto add = [&](std::string_view key, std::string_view value) {
        hash.add(key, value);
        return true;
      };
      while (view.step(files, next, add, {}))
        ;
      return hash.finish();
    } catch (const lmdb::error& e) {
      files.rethrow(e);
    }
  }

  [[noreturn]] static void fail(const char* verb, const std::string& path) {
    auto reason = std::generic_category().message(errno);
    throw persistence::store_error{persistence::store_errc::no_access,
                                   std::string{"cannot "} + verb + " '" + path
                                     + "': " + reason
                                     + "; check its permissions and the disk"};
  }

  table_options options_;
  bool began_ = false;
  bool built_ = false;
};

} // namespace

std::string restoration_directory(const std::string& engine_directory) {
  return engine_directory + "/restored";
}

std::unique_ptr<machine::restoration>
make_engine_restoration(const table_options& options) {
  return std::make_unique<engine_restoration>(options);
}

void remove_restoration(const std::string& engine_directory) {
  std::error_code ignored; // What is in the way is found when it is made.
  fs::remove_all(restoration_directory(engine_directory), ignored);
}

} // namespace raft::kv
