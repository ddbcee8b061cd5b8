// What is written to the file of a snapshot is read from it, and a file that
// is not finished is none.

#include "samples.hpp"
#include <raft/lmdb/big_endian.hpp>
#include <raft/machine/durability.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <future>

using namespace raft;
using namespace raft::snapshots;
using namespace raft::test;
namespace fs = std::filesystem;

namespace {

struct file_fixture {
  temporary_directory tmp{fast_place()};
  std::string path = tmp.path("x.snapshot");
  std::string unfinished = path + unfinished_suffix;
};

std::string all_of(machine::state_source& from) {
  return machine::read_rest(from, std::size_t{1} << 30);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_files, file_fixture)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  auto long_session = bytes{sample_state(3 * chunk_data_bytes + 5)};
  auto sessions = sample_sessions();
  sessions.push_back({{99}, long_session});
  for (const auto& records : {session_records{}, sample_sessions(), sessions})
    for (auto size : {std::size_t{0}, std::size_t{1}, chunk_data_bytes - 1,
                      chunk_data_bytes, 3 * chunk_data_bytes + 1}) {
      auto state = sample_state(size);
      auto written = write_sample(path, state, records);
      snapshot_reader uut{path};
      BOOST_TEST((uut.about() == sample_description()));
      BOOST_TEST((uut.counts() == written));
      BOOST_TEST(written.state_bytes == size);
      BOOST_TEST(written.sessions == records.size());
      BOOST_TEST(written.file_bytes == fs::file_size(path));
      BOOST_TEST((uut.sessions() == records));
      BOOST_TEST((all_of(uut) == state));
      char more = 0;
      BOOST_TEST(uut.read(&more, 1) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(it_can_be_written_and_read_in_any_pieces) {
  auto state = sample_state(2 * chunk_data_bytes + 77);
  {
    snapshot_writer out{path, sample_description(), {0, 1000}};
    for (std::size_t i = 0; i < state.size(); i += 1001)
      out.write(std::string_view{state}.substr(i, 1001));
    out.finish();
  }
  snapshot_reader uut{path};
  BOOST_TEST(uut.sessions().empty());
  std::string found;
  char piece[977];
  while (auto n = uut.read(piece, sizeof piece))
    found.append(piece, n);
  BOOST_TEST((found == state));
}

// Backups of before there were changes of members are still read.
BOOST_AUTO_TEST_CASE(a_description_of_format_1_is_still_known) {
  const auto wanted = sample_description();
  std::string old{"\0\0\0\4test", 8};
  for (auto x :
       {wanted.cluster.value, wanted.group.value, wanted.last.index.value,
        wanted.last.term.value, wanted.time_ms, wanted.members.index.value})
    lmdb::append_big_endian(old, x);
  for (const auto* xs : {&wanted.members.voters, &wanted.members.learners}) {
    lmdb::append_big_endian(old, static_cast<std::uint32_t>(xs->size()));
    for (auto x : *xs)
      lmdb::append_big_endian(old, x.value);
  }
  lmdb::append_big_endian(old,
                          static_cast<std::uint32_t>(wanted.format.size()));
  old += wanted.format;
  lmdb::append_big_endian(old, wanted.taken_by.value);
  lmdb::append_big_endian(old, wanted.taken_ms);
  BOOST_TEST((decode_description(old, 1) == wanted));
  BOOST_TEST(!decode_description(old, 2));
}

// Others have such files: a change of these bytes needs a new version.
BOOST_AUTO_TEST_CASE(its_bytes_stay_as_they_are) {
  write_sample(path, "state");
  auto found = content_of(path);
  std::string wanted{"raft snp"};
  lmdb::append_big_endian(wanted, std::uint32_t{2});
  lmdb::append_big_endian(wanted, std::uint32_t{137});
  BOOST_TEST(found.substr(0, 16) == wanted);
  auto description = encode(sample_description());
  BOOST_TEST(description.size() == 137u);
  BOOST_TEST(found.substr(24, 137) == description);
  std::string about{"\0\0\0\4test\x11\x22\x33\x44\x55\x66\x77\x88", 16};
  for (auto x : {3ull, 1234ull, 5ull, 1'700'000'000'000ull, 17ull})
    lmdb::append_big_endian(about, std::uint64_t{x});
  BOOST_TEST(description.starts_with(about));
  // Header with its checksum, two chunks, the end.
  BOOST_TEST(found.substr(169, 13)
             == (std::string{"\1\0\0\0\0\0\0\0\1\0\0\0\x30", 13}));
  BOOST_TEST(found.substr(169 + 13 + 48 + 8, 18)
             == (std::string{"\2\0\0\0\0\0\0\0\2\0\0\0\5state", 18}));
  BOOST_TEST(found.substr(found.size() - end_bytes, 13 + 24)
             == (std::string{"\3\0\0\0\0\0\0\0\3\0\0\0\x20"
                             "\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3"
                             "\0\0\0\0\0\0\0\5",
                             37}));
}

BOOST_AUTO_TEST_CASE(until_it_is_finished_the_file_before_stays) {
  write_sample(path, "old");
  auto before = content_of(path);
  {
    snapshot_writer out{path, sample_description()};
    out.write(sample_state(5 * chunk_data_bytes));
    BOOST_TEST(fs::exists(unfinished));
  }
  BOOST_TEST(!fs::exists(unfinished));
  BOOST_TEST((content_of(path) == before));
  write_sample(path, "new");
  BOOST_TEST(!fs::exists(unfinished));
  snapshot_reader uut{path};
  uut.sessions();
  BOOST_TEST(all_of(uut) == "new");
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_is_in_nobodys_way) {
  set_content(unfinished, std::string(100'000, 'x'));
  set_content(tmp.path("y.snapshot.part"), "x");
  write_sample(path, "new");
  snapshot_reader uut{path};
  verify(uut);
  set_content(unfinished, "x");
  BOOST_TEST(remove_unfinished(tmp.path()) == 2u);
  BOOST_TEST(!fs::exists(unfinished));
  BOOST_TEST(fs::exists(path));
  BOOST_TEST(remove_unfinished(tmp.path()) == 0u);
  BOOST_TEST(remove_unfinished(tmp.path("none")) == 0u);
}

BOOST_AUTO_TEST_CASE(two_do_not_write_the_same_file) {
  snapshot_writer out{path, sample_description()};
  out.write("mine");
  BOOST_CHECK_EXCEPTION(write_sample(path, "yours"), snapshot_error,
                        [](const auto& e) {
                          return std::string{e.what()}.find("by somebody else")
                              != std::string::npos;
                        });
  out.finish();
  snapshot_reader uut{path};
  uut.sessions();
  BOOST_TEST(all_of(uut) == "mine");
}

BOOST_AUTO_TEST_CASE(two_files_of_the_same_state_are_told_apart) {
  auto x = write_sample(path, "state");
  auto y = write_sample(tmp.path("y"), "state");
  BOOST_TEST(x.file_bytes == y.file_bytes);
  BOOST_TEST(x.checksum != y.checksum);
}

BOOST_AUTO_TEST_CASE(it_is_written_at_a_rate) {
  constexpr std::uint64_t rate = 2 << 20;
  auto began = std::chrono::steady_clock::now();
  snapshot_writer out{
    path, sample_description(), {std::make_shared<rate_limit>(rate)}};
  out.write(sample_state(9 * chunk_data_bytes));
  out.finish();
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  BOOST_TEST(took.count() >= 8. * chunk_data_bytes / rate);
}

BOOST_AUTO_TEST_CASE(who_waits_for_the_rate_can_be_hurried_or_end) {
  auto state = sample_state(9 * chunk_data_bytes);
  for (auto gives_up : {false, true}) {
    // An hour for each chunk.
    auto rate = std::make_shared<rate_limit>(chunk_data_bytes / 3600);
    snapshot_writer out{path, sample_description(), {rate}};
    auto writing = std::async(std::launch::async, [&] {
      out.write(state);
      out.finish();
    });
    if (gives_up) {
      rate->give_up();
      BOOST_CHECK_THROW(writing.get(), machine::given_up);
      BOOST_TEST(!fs::exists(path + ".2"));
    } else {
      rate->hurry();
      writing.get();
      fs::rename(path, path + ".1");
    }
  }
  BOOST_TEST(!fs::exists(path));
  BOOST_TEST(!fs::exists(unfinished));
}

BOOST_AUTO_TEST_CASE(where_nothing_can_be_written_it_says_so) {
  BOOST_CHECK_EXCEPTION(
    write_sample(tmp.path("none/x"), ""), snapshot_error, [](const auto& e) {
      return e.code() == fault::no_access
          && std::string{e.what()}.find("cannot make") != std::string::npos;
    });
  // Not through a link that somebody put there.
  fs::create_symlink(tmp.path("elsewhere"), unfinished);
  BOOST_CHECK_THROW(write_sample(path, ""), snapshot_error);
  BOOST_TEST(!fs::exists(tmp.path("elsewhere")));
}

BOOST_AUTO_TEST_SUITE_END()
