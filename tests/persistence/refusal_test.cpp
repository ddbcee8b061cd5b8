// A directory that cannot be used as it is: each reason has an error of its
// own, and not a byte of the directory changes.

#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/persistence/store_fixture.hpp>
#include <raft/tests/support/child_process.hpp>
#include <raft/tests/support/tree.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

/// A store with some entries, closed.
struct refusal_fixture : any_store {
  refusal_fixture() : any_store{"lmdb"} {
    commit(*this, batch{}.term(3, 1).fill(1, 30, 2).members(
                    {{0}, {{1}, {2}, {3}}, {}}));
    close();
  }

  std::string file(const char* name = "data.mdb") const {
    return options().directory + '/' + name;
  }

  void change(const char* table,
              const std::function<void(saboteur&)>& how) const {
    saboteur x{options(), table};
    how(x);
    x.done();
  }

  /// Opening and loading must fail, and leave everything as it was.
  void check(store_errc code, const std::string& part,
             const lmdb_options& how) const {
    auto before = files_below(how.directory);
    for (auto writable : {true, false}) {
      auto wanted = how;
      wanted.writable = writable;
      try {
        open_again(wanted)->load({1});
        BOOST_ERROR("no error; expected: " << part);
      } catch (const store_error& e) {
        BOOST_TEST(to_text(e.code()) == to_text(code), e.what());
        BOOST_TEST((std::string{e.what()}.find(part) != std::string::npos),
                   e.what());
      }
    }
    BOOST_TEST((files_below(how.directory) == before));
  }

  /// What is said to who opens the store; empty if it can be used.
  std::string complaint(bool writable) const {
    auto how = options();
    how.writable = writable;
    try {
      open_again(how)->load({1});
      return {};
    } catch (const store_error& e) {
      return e.what();
    }
  }

  /// Lets another user reach the files.
  void open_to_all(fs::perms files) const {
    fs::path directory{options().directory};
    fs::permissions(directory.parent_path(), fs::perms{0755});
    fs::permissions(directory, fs::perms{0777});
    for (const auto& x : fs::directory_iterator{directory})
      fs::permissions(x, files);
  }

  /// Runs something as another user, if this is root, who may do everything.
  static bool as_nobody(const std::function<bool()>& what) {
    child_process child{[&](int out) {
      if (geteuid() != 0 || seteuid(65534) == 0)
        send_number(out, what());
    }};
    return child.receive_number() == 1u;
  }

  void check(store_errc code, const std::string& part) const {
    check(code, part, options());
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(refusals, refusal_fixture)

BOOST_DATA_TEST_CASE(another_cluster, data::make(disk_kinds), kind) {
  use(kind);
  close();
  auto other = options();
  other.cluster = "prod";
  check(store_errc::foreign, "not to peer 1 of cluster 'prod'", other);
}

BOOST_DATA_TEST_CASE(another_peer, data::make(disk_kinds), kind) {
  use(kind);
  close();
  auto other = options();
  other.peer = {2};
  check(store_errc::foreign,
        "belongs to peer 1 of cluster 'test', not to peer 2", other);
}

BOOST_DATA_TEST_CASE(a_newer_format, data::make(disk_kinds), kind) {
  use(kind);
  close();
  change("meta", [](saboteur& x) {
    x.put("format", encode({}, store_header{journal_format + 1}));
  });
  check(store_errc::newer_format, "has format 4, this program knows 3");
}

BOOST_DATA_TEST_CASE(a_bad_checksum, data::make(disk_kinds), kind) {
  use(kind);
  close();
  change("hard_state", [](saboteur& x) { x.flip(group_key({1}), 5); });
  check(store_errc::corrupt, "record 'hard_state 1'");
}

BOOST_DATA_TEST_CASE(a_file_that_was_emptied, data::make(disk_kinds), kind) {
  use(kind);
  close();
  fs::resize_file(file(), 0);
  check(store_errc::corrupt, "is empty");
}

BOOST_DATA_TEST_CASE(a_file_cut_short, data::make(disk_kinds), kind) {
  use(kind);
  close();
  fs::resize_file(file(), 3 * 4096);
  check(store_errc::corrupt, "was cut short");
}

BOOST_DATA_TEST_CASE(a_file_of_zeros, data::make(disk_kinds), kind) {
  use(kind);
  close();
  auto size = fs::file_size(file());
  fs::resize_file(file(), 0);
  fs::resize_file(file(), size);
  check(store_errc::corrupt, "damaged or no store");
}

// The lock file remembers that there was one.
BOOST_DATA_TEST_CASE(a_file_that_has_vanished, data::make(disk_kinds), kind) {
  use(kind);
  close();
  fs::remove(file());
  auto before = files_below(options().directory);
  try {
    open_again(options());
    BOOST_ERROR("a new store was made in its place");
  } catch (const store_error& e) {
    BOOST_TEST((e.code() == store_errc::corrupt));
    BOOST_TEST(
      (std::string{e.what()}.find("data.mdb' is missing") != std::string::npos),
      e.what());
  }
  BOOST_TEST((files_below(options().directory) == before));
}

BOOST_DATA_TEST_CASE(a_directory_in_use, data::make(disk_kinds), kind) {
  use(kind);
  close();
  child_process child{[this](int out) {
    auto held = open_again(options());
    send_number(out, 1);
    pause();
  }};
  BOOST_REQUIRE(child.receive_number() == 1u);
  auto before = files_below(options().directory);
  try {
    open_again(options());
    BOOST_ERROR("opened twice");
  } catch (const store_error& e) {
    BOOST_TEST((e.code() == store_errc::in_use));
  }
  BOOST_TEST((files_below(options().directory) == before));
}

// Whatever raftd makes in its directory: it must not write elsewhere.
BOOST_DATA_TEST_CASE(a_link_in_the_place_of_a_file,
                     data::make(disk_kinds)
                       * data::make({"raft.lock", "lock.mdb", "data.mdb"}),
                     kind, name) {
  use(kind);
  close();
  auto place = file(name);
  auto target = file("of others");
  auto refused = "'" + place + "' is a symbolic link";
  std::ofstream{target} << "precious";
  fs::remove(place);
  fs::create_symlink(target, place);
  BOOST_TEST(complaint(true).starts_with(refused));
  BOOST_TEST(files_below(options().directory)["of others"] == "precious");
  // Nor one that leads to nothing: the target would be made.
  fs::remove(target);
  BOOST_TEST(complaint(true).starts_with(refused));
  BOOST_TEST(!fs::exists(target));
}

BOOST_DATA_TEST_CASE(who_only_reads_writes_through_no_link,
                     data::make(disk_kinds), kind) {
  use(kind);
  close();
  fs::remove(file("lock.mdb"));
  std::ofstream{file("of others")} << "precious";
  fs::create_symlink(file("of others"), file("lock.mdb"));
  BOOST_TEST(complaint(false).starts_with("'" + file("lock.mdb")
                                          + "' is a symbolic link"));
  BOOST_TEST(files_below(options().directory)["of others"] == "precious");
}

BOOST_DATA_TEST_CASE(something_else_in_the_place_of_a_file,
                     data::make(disk_kinds)
                       * data::make({"raft.lock", "lock.mdb", "data.mdb"}),
                     kind, name) {
  use(kind);
  close();
  auto place = file(name);
  fs::remove(place);
  BOOST_REQUIRE(mkfifo(place.c_str(), 0600) == 0);
  auto said = complaint(true);
  BOOST_TEST(said.starts_with("'" + place + "' is no regular file"), said);
  fs::remove(place);
}

BOOST_DATA_TEST_CASE(a_file_of_another_user,
                     data::make(disk_kinds)
                       * data::make({"raft.lock", "lock.mdb", "data.mdb"}),
                     kind, name) {
  use(kind);
  close();
  open_to_all(fs::perms{0666});
  fs::permissions(file(name), fs::perms{0400});
  auto wanted = "cannot open '" + file(name)
              + "': Permission denied; it belongs to user ";
  BOOST_TEST(as_nobody([&] { return complaint(true).starts_with(wanted); }));
}

BOOST_DATA_TEST_CASE(a_directory_that_is_read_only_can_be_read,
                     data::make(disk_kinds), kind) {
  use(kind);
  close();
  open_to_all(fs::perms{0444});
  fs::permissions(options().directory, fs::perms{0555});
  BOOST_TEST(as_nobody([&] { return complaint(false).empty(); }));
  // Not beside a process that writes: what is read could be overwritten.
  fs::permissions(options().directory, fs::perms{0755});
  lmdb::file_descriptor held{
    ::open(file("raft.lock").c_str(), O_RDONLY | O_CLOEXEC)};
  BOOST_REQUIRE(::flock(held.get(), LOCK_EX | LOCK_NB) == 0);
  BOOST_TEST(as_nobody([&] {
    return complaint(false).starts_with("reading beside a process that writes "
                                        "needs write access to '"
                                        + file("lock.mdb"));
  }));
}

// What a power failure leaves while a store is made is no store.
BOOST_DATA_TEST_CASE(a_store_that_was_never_finished_is_made_anew,
                     data::make(disk_kinds), kind) {
  use(kind);
  close();
  any_store unfinished{kind};
  unfinished.close();
  auto directory = unfinished.options().directory;
  fs::remove_all(directory);
  fs::create_directories(directory + "/new");
  std::ofstream{directory + "/new/data.mdb"} << "half";
  std::ofstream{directory + '/' + lmdb::lock_file_name} << "";
  unfinished.reopen();
  BOOST_TEST(log_of(unfinished).empty());
  BOOST_TEST(!fs::exists(directory + "/new"));
}

BOOST_AUTO_TEST_SUITE_END()
