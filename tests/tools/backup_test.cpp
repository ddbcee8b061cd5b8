// What raftctl says of files of snapshots.

#include <raft/kv/kv_machine.hpp>
#include <raft/machine/executor.hpp>
#include <raft/snapshots/snapshot_job.hpp>
#include <raft/tests/snapshots/samples.hpp>
#include <raft/tools/lib/backup.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <sstream>

using namespace raft;
using namespace raft::test;
using namespace raft::tools;

namespace {

struct backup_fixture {
  temporary_directory tmp{fast_place()};
  std::string file = tmp.path("x.snapshot");
  std::ostringstream out;

  /// Of a key-value machine with two pairs and a session.
  /// @returns the digest of its state.
  static kv::digest write_file(const std::string& path) {
    auto inner = std::make_unique<kv::kv_machine>();
    const auto& state = *inner;
    machine::executor uut{std::move(inner)};
    uut.apply({{5}, {1}, entry_kind::open_session, 1'700'000'000'000, {}, {}});
    uut.apply(
      {{5},
       {2},
       entry_kind::command,
       1'700'000'000'123,
       {{1}, 1, 0},
       kv::encode(kv::command{kv::put_many{{{"a", "1"}, {"b", "2"}}}})});
    auto about = sample_description();
    about.last = {{2}, {5}};
    snapshots::snapshot_job{path, about, *uut.begin_snapshot()}.run();
    return state.compute_digest();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(backups, backup_fixture)

BOOST_AUTO_TEST_CASE(a_sound_file_is_shown) {
  auto wanted = write_file(file);
  auto found = verify_backup(file, out);
  BOOST_TEST((found.code == exit_code::ok), found.message);
  auto text = out.str();
  auto end = text.rfind("sound       all ");
  BOOST_REQUIRE(end != std::string::npos);
  BOOST_TEST(
    text.substr(0, end)
    == "cluster     'test', id 1234605616436508552\n"
       "group       3\n"
       "last entry  2@5, of 2023-11-14 22:13:20.123\n"
       "members     voters 1 2 3; learners 4\n"
       "taken       by peer 2, 2023-11-14 22:13:20.001\n"
       "sessions    1\n"
       "state       key-value 1, 32 bytes\n"
         + fmt::format("pairs       2, digest {:016x}\n", wanted.hash));
  BOOST_TEST(text.find(" bytes in 2 chunks, checksum ", end)
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(states_of_other_machines_are_checked_as_well) {
  write_sample(file, sample_state(200'000));
  BOOST_TEST((verify_backup(file, out).code == exit_code::ok));
  BOOST_TEST(out.str().find("state       sample 1, 200000 bytes\nsound ")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(damage_is_a_no) {
  write_file(file);
  auto data = content_of(file);
  data[data.size() - 80] ^= 1;
  set_content(file, data);
  auto found = verify_backup(file, out);
  BOOST_TEST((found.code == exit_code::no));
  BOOST_TEST(found.message.find("is damaged: chunk 2 of 2")
             != std::string::npos);
  BOOST_TEST(out.str().find("sound") == std::string::npos);
  set_content(file, data.substr(0, data.size() / 2));
  BOOST_TEST((verify_backup(file, out).code == exit_code::no));
}

BOOST_AUTO_TEST_CASE(what_is_no_snapshot_cannot_be_used) {
  set_content(file, "key\tvalue\n");
  BOOST_TEST((verify_backup(file, out).code == exit_code::usage));
  BOOST_TEST((verify_backup(tmp.path("none"), out).code == exit_code::usage));
  BOOST_TEST(out.str().empty());
}

BOOST_AUTO_TEST_SUITE_END()
