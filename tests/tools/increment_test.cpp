// Files of the entries behind a backup, and what is made of them.

#include <raft/kv/command.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/tests/cluster/restorable.hpp>
#include <raft/tests/snapshots/samples.hpp>
#include <raft/tools/lib/backup.hpp>
#include <raft/tools/lib/increment.hpp>
#include <raft/tools/lib/merge_backups.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <sstream>
#include <vector>

using namespace raft;
using namespace raft::test;
using namespace raft::tools;

namespace fs = std::filesystem;

namespace {

/// The first one opens a session, others put keys.
entry entry_at(std::uint64_t index) {
  entry result;
  result.term = {4};
  result.index = {index};
  result.time_ms = 1'700'000'000'000 + index;
  result.kind = index == 1 ? entry_kind::open_session : entry_kind::command;
  if (index > 1) {
    result.tag = {{1}, index, index};
    result.data = bytes{kv::encode(kv::command{kv::put{
      "key" + std::to_string(index % 100), "value" + std::to_string(index)}})};
  }
  return result;
}

struct increments_fixture {
  temporary_directory tmp{fast_place()};
  std::string backup = tmp.path("x.snapshot");
  std::string first = tmp.path("a.increment");
  std::string second = tmp.path("b.increment");
  std::string merged = tmp.path("m.snapshot");
  /// Has what is in the last file that was written.
  cluster::original source;
  std::ostringstream out;

  /// Of what comes up to an entry.
  void write(const std::string& path, std::uint64_t last) {
    const auto after = source.last();
    std::vector<entry> more;
    while (source.last().index.value < last) {
      more.push_back(entry_at(source.last().index.value + 1));
      source.apply(more.back());
    }
    increment_writer to{path, source.about(), after};
    for (const auto& x : more)
      to.add(x);
    to.finish();
  }

  /// A backup up to entry 50, and two increments, up to 200 and 5000.
  void write_all() {
    while (source.last().index.value < 50)
      source.apply(entry_at(source.last().index.value + 1));
    source.write(backup);
    write(first, 200);
    write(second, 5000);
  }

  verdict merge(const std::vector<std::string>& parts) {
    return merge_backups(parts, merged, false, out);
  }

  /// The merging has come to nothing, for that reason.
  void check_refused(const std::vector<std::string>& parts, exit_code code,
                     const std::string& why) {
    auto found = merge(parts);
    BOOST_TEST((found.code == code), found.message);
    BOOST_TEST(found.message.find(why) != std::string::npos, found.message);
    BOOST_TEST(!fs::exists(merged));
    BOOST_TEST(files() == 3);
  }

  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator{tmp.path("")}, {});
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(increments, increments_fixture)

BOOST_AUTO_TEST_CASE(all_entries_come_back) {
  write(first, 300);
  increment_reader in{first};
  BOOST_TEST((in.after() == log_position{}));
  BOOST_TEST((in.about().last == source.last()));
  for (std::uint64_t i = 1; i <= 300; ++i)
    BOOST_TEST((in.next() == entry_at(i)));
  BOOST_TEST(!in.next());
}

BOOST_AUTO_TEST_CASE(there_may_be_none) {
  write_all();
  const auto empty = tmp.path("c.increment");
  write(empty, 5000);
  BOOST_TEST((verify_backup(empty, out).code == exit_code::ok));
  BOOST_TEST(out.str().find("behind      5000@4\nentries     0\n")
             != std::string::npos);
  BOOST_TEST((merge({backup, first, second, empty}).code == exit_code::ok));
}

BOOST_AUTO_TEST_CASE(a_gap_is_not_written) {
  increment_writer to{first, source.about(), {{7}, {4}}};
  to.add(entry_at(8));
  BOOST_CHECK_THROW(to.add(entry_at(10)), std::logic_error);
  BOOST_CHECK_THROW(to.add(entry_at(8)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_merged_backup_has_all_of_it) {
  write_all();
  auto found = merge({backup, first, second});
  BOOST_REQUIRE_MESSAGE(found.code == exit_code::ok, found.message);
  BOOST_TEST(files() == 4);
  std::ostringstream text;
  BOOST_TEST((verify_backup(merged, text).code == exit_code::ok));
  const auto wanted = source.digest();
  BOOST_TEST(text.str().find(fmt::format("pairs       {}, digest {:016x}\n",
                                         wanted.keys, wanted.hash))
             != std::string::npos);
  BOOST_TEST(text.str().find("last entry  5000@4,") != std::string::npos);
  BOOST_TEST(text.str().find("sessions    1\n") != std::string::npos);
  // A file that is there stays, unless it is said otherwise.
  BOOST_TEST((merge({backup}).code == exit_code::usage));
  BOOST_TEST(
    (merge_backups({backup, first}, merged, true, out).code == exit_code::ok));
}

BOOST_AUTO_TEST_CASE(what_does_not_follow_is_refused) {
  write_all();
  check_refused({backup, second}, exit_code::no,
                "goes on behind entry 200@4, and what is before it ends with "
                "50@4");
  check_refused({backup, first, first}, exit_code::no, "in their order");
  check_refused({first, second}, exit_code::no, "has a state of 'entries 1'");
  check_refused({backup, backup}, exit_code::no, "is no increment");
  check_refused({tmp.path("none"), first}, exit_code::usage, "cannot open");
}

BOOST_AUTO_TEST_CASE(what_is_of_another_cluster_is_refused) {
  write_all();
  auto about = source.about();
  about.cluster = {78};
  about.last = {{200}, {4}};
  fs::remove(first);
  increment_writer to{first, about, {{50}, {4}}};
  for (std::uint64_t i = 51; i <= 200; ++i)
    to.add(entry_at(i));
  to.finish();
  check_refused({backup, first}, exit_code::no, "is of another cluster");
}

BOOST_AUTO_TEST_CASE(damage_is_found_wherever_it_is) {
  write_all();
  const auto sound = content_of(second);
  for (auto at : {sound.size() / 2, sound.size() - 100, std::size_t{40}}) {
    auto data = sound;
    data[at] ^= 1;
    set_content(second, data);
    BOOST_TEST((verify_backup(second, out).code == exit_code::no));
    check_refused({backup, first, second}, exit_code::no, "damaged");
  }
}

// Checksums do not help against a program that writes nonsense.
BOOST_AUTO_TEST_CASE(what_are_no_entries_is_refused) {
  auto about = source.about();
  about.format = increment_format;
  about.last = {{1}, {4}};
  snapshots::snapshot_writer to{first, about};
  to.write_sessions({});
  to.write(std::string(16, '\0') + std::string(4, '\xff'));
  to.finish();
  auto found = verify_backup(first, out);
  BOOST_TEST((found.code == exit_code::no));
  BOOST_TEST(found.message.find("longer than an entry can be")
             != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
