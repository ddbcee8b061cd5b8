#include <raft/kv/dump.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/sealed_record.hpp>
#include <raft/lmdb/big_endian.hpp>
#include <raft/lmdb/database.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <string_view>

namespace raft::kv {

namespace {

/// How many records are read before the transaction ends.
constexpr std::size_t records_per_step = 10'000;

/// What comes before the name of a record that is.
constexpr std::string_view damaged = "DAMAGED";

table_options to_open(const dump_options& options) {
  table_options result;
  result.directory = options.directory;
  result.group = options.group;
  return result;
}

std::string_view without_mark(std::string_view key) {
  return key.substr(std::min<std::size_t>(1, key.size()));
}

class dumper {
public:
  dumper(const dump_options& options, std::ostream& out)
    : options_{options}, out_{out}, files_{to_open(options), false} {
    // nop
  }

  std::uint64_t run() {
    show_summary();
    if (options_.verify) {
      verify(files_.sessions, [](std::string_view key) {
        auto id = lmdb::from_big_endian<std::uint64_t>(key);
        return "session " + std::to_string(id);
      });
      verify(files_.pairs, [](std::string_view key) {
        return "key " + printable(without_mark(key));
      });
      if (files_.staged)
        verify(*files_.staged, staged_record_name);
      out_ << "\nRead " << records_ << " records: ";
      if (damages_ == 0)
        out_ << "all sound.\n";
      else
        out_ << damages_ << " damaged.\n";
    }
    return damages_;
  }

private:
  void show_summary() {
    auto txn = files_.begin_read();
    auto state = files_.read_state(txn);
    MDB_stat sessions{};
    lmdb::check(mdb_stat(txn.handle(), files_.sessions, &sessions), "mdb_stat");
    // One of the records is the clock.
    auto open = std::max<std::size_t>(sessions.ms_entries, 1) - 1;
    out_ << "\nKey-value data of group " << to_text(options_.group)
         << "\n  state         after entry " << to_text(state.applied)
         << "\n  pairs         " << state.keys << "\n  sessions      " << open
         << '\n';
    if (state.staged > 0)
      out_ << "  staged        " << state.staged
           << " records of changes, on their way to the pairs\n";
  }

  template <class Name>
  void verify(MDB_dbi table, Name name) {
    std::string next;
    auto more = true;
    while (more) {
      auto txn = files_.begin_read();
      lmdb::cursor place{txn, table};
      more = next.empty() ? place.first() : place.at_or_above(next);
      for (std::size_t n = 0; more && n < records_per_step; ++n) {
        check(name, place.key(), place.data());
        more = place.next();
      }
      if (more)
        next = place.key();
    }
  }

  template <class Name>
  void check(Name name, std::string_view key, std::string_view record) {
    ++records_;
    const char* fault = nullptr;
    if (unseal(options_.group, key, record, fault))
      return;
    ++damages_;
    out_ << "  " << damaged << "       " << name(key) << ": " << fault << '\n';
  }

  dump_options options_;
  std::ostream& out_;
  lmdb_files files_;
  std::uint64_t records_ = 0;
  std::uint64_t damages_ = 0;
};

} // namespace

std::vector<group_id> engines_in(const std::string& data_directory) {
  const std::string prefix = "kv-";
  std::vector<group_id> result;
  std::error_code error;
  for (std::filesystem::directory_iterator i{data_directory, error}, end;
       !error && i != end; i.increment(error)) {
    auto name = i->path().filename().string();
    group_id group;
    auto last = name.data() + name.size();
    if (name.starts_with(prefix)
        && std::from_chars(name.data() + prefix.size(), last, group.value).ptr
             == last
        && engine_directory({}, group) == "/" + name)
      result.push_back(group);
  }
  std::sort(result.begin(), result.end());
  return result;
}

log_index applied_in(const std::string& directory, group_id group) {
  if (!std::filesystem::exists(directory + "/data.mdb"))
    return {};
  try {
    lmdb_files files{to_open({directory, group, false}), false};
    auto txn = files.begin_read();
    return files.read_state(txn).applied;
  } catch (const lmdb::error& e) {
    lmdb::rethrow(e, directory);
  }
}

std::string damage_of(const std::string& data_directory,
                      const machine::machine_context& context) {
  using persistence::store_errc;
  table_options where;
  where.directory = engine_directory(data_directory, context.group);
  where.owner = {context.cluster, context.peer, context.incarnation};
  where.group = context.group;
  where.must_exist = context.compacted > log_index{};
  if (!where.must_exist && !std::filesystem::exists(where.directory))
    return {};
  std::ostringstream report;
  try {
    // Compares whose it is, which those that show it do not.
    lmdb_files{where, false};
    dump({where.directory, context.group, true}, report);
  } catch (const persistence::store_error& e) {
    if (e.code() != store_errc::corrupt && e.code() != store_errc::foreign)
      throw;
    return e.what();
  } catch (const lmdb::error& e) {
    lmdb::rethrow(e, where.directory);
  }
  const auto text = report.str();
  const auto begin = text.find(damaged);
  if (begin == std::string::npos)
    return {};
  const auto from = text.find_first_not_of(' ', begin + damaged.size());
  return text.substr(from, text.find('\n', from) - from);
}

std::uint64_t dump(const dump_options& options, std::ostream& out) {
  try {
    return dumper{options, out}.run();
  } catch (const lmdb::error& e) {
    lmdb::rethrow(e, options.directory);
  }
}

} // namespace raft::kv
