// Disks that are full: commands are refused, nothing is lost, votes go on, and
// commands do, too, as soon as there is room again.

#include <raft/tests/persistence/steps.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

/// Lets no file of this process become longer. Can be raised again.
void limit_file_size(std::uint64_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
    throw std::runtime_error{"cannot limit the size of files"};
}

void require(bool condition, const char* what) {
  if (!condition)
    throw std::runtime_error{what};
}

/// @returns whether there was room for it.
bool has_room_for(const any_store& to, const persist& x) {
  try {
    commit(to, x);
    return true;
  } catch (const store_error& e) {
    if (e.code() != store_errc::no_space)
      throw;
    return false;
  }
}

std::uint64_t file_size(const any_store& x) {
  return fs::file_size(x.options().directory + "/data.mdb");
}

/// Adds entries until there is no room for more.
/// @returns the last one.
std::uint64_t fill_disk(const any_store& x) {
  auto state = x->load({1});
  auto last = state.last.index.value;
  auto term = state.hard.term.value;
  auto vote = state.hard.vote.value;
  while (has_room_for(
    x, batch{}.term(term, vote).fill(last + 1, last + 10, term, 1000)))
    last += 10;
  return last;
}

} // namespace

BOOST_AUTO_TEST_SUITE(full_disk)

// The file may be just as long as the store has asked for. So a commit that
// wants one page more than was estimated fails for good.
BOOST_DATA_TEST_CASE(a_commit_never_meets_the_full_disk, data::make(disk_kinds),
                     kind) {
  for (std::uint64_t seed : {1, 2, 3}) {
    constexpr std::uint64_t steps = 250;
    any_store disk{kind};
    disk.reserved_space = {0, 0};
    disk.close();
    child_process child{[&](int out) {
      disk.reopen();
      std::mt19937_64 random{seed};
      std::uint64_t refusals = 0;
      auto limit = file_size(disk);
      limit_file_size(limit);
      for (std::uint64_t step = 1; step <= steps;)
        try {
          disk->commit(make_step(*disk, step));
          ++step;
        } catch (const store_error& e) {
          if (e.code() != store_errc::no_space)
            throw;
          require(step_of(*disk) == step - 1, "something was written");
          ++refusals;
          limit += random() % 50'000;
          limit_file_size(limit);
        }
      send_number(out, refusals);
    }};
    auto refusals = child.receive_number();
    BOOST_REQUIRE(child.wait() == 0);
    BOOST_TEST(refusals.value() > 20u);
    disk.reopen();
    BOOST_REQUIRE(step_of(*disk) == steps);
    auto model = make_memory_store({"test", {1}, {77}});
    check_same(*model, disk);
  }
}

BOOST_DATA_TEST_CASE(commands_are_refused_and_votes_go_on,
                     data::make(disk_kinds), kind) {
  any_store disk{kind};
  disk.reserved_space = {0, 2 << 20};
  disk.close();
  child_process child{[&](int) {
    disk.reopen();
    commit(disk, batch{}.fill(1, 2000, 1, 1000));
    limit_file_size(file_size(disk));
    auto last = fill_disk(disk);
    require(disk->load({1}).last.index.value == last, "a refusal wrote");
    // Commands may use what pages become free, but no others.
    auto refused_at = last;
    for (std::uint64_t term = 2; term <= 1000; ++term) {
      commit(disk, batch{}.term(term, 1));
      last = fill_disk(disk);
    }
    require(last < refused_at + 500, "commands took the reserve");
    // What a new leader does: cut off what nobody else has, begin its term.
    auto x = batch{}.truncate(last - 20).add(last - 20, 1001, "");
    auto empty = static_cast<persist>(x);
    empty.batch.entries[0].kind = entry_kind::empty;
    commit(disk, empty);
    disk.reopen();
    require(disk->load({1}).last == log_position{{last - 20}, {1001}},
            "the empty entry is not there");
    // Room on the disk, and it goes on.
    limit_file_size(file_size(disk) + (8 << 20));
    require(fill_disk(disk) > last + 100, "does not go on");
  }};
  BOOST_REQUIRE(child.wait() == 0);
}

BOOST_DATA_TEST_CASE(compaction_makes_room_as_well, data::make(disk_kinds),
                     kind) {
  any_store disk{kind};
  disk.reserved_space = {0, 2 << 20};
  disk.close();
  child_process child{[&](int) {
    disk.reopen();
    commit(disk, batch{}.fill(1, 2000, 1, 1000));
    limit_file_size(file_size(disk));
    auto full = fill_disk(disk);
    commit(disk, batch{}.term(1).compact(full - 10, 1));
    // Each commit erases a part of what is compacted.
    for (std::uint64_t term = 2; term < 20; ++term)
      commit(disk, batch{}.term(term));
    auto last = fill_disk(disk);
    require(last > full + 1000, "free pages are not used");
    require(disk->load({1}).last.index.value == last, "lost");
  }};
  BOOST_REQUIRE(child.wait() == 0);
}

// Without other commits that would erase it piece by piece.
BOOST_DATA_TEST_CASE(what_is_compacted_makes_room_for_the_next_commit,
                     data::make(disk_kinds), kind) {
  for (std::size_t bytes : {100, 1000, 100'000}) {
    any_store disk{kind};
    disk.reserved_space = {0, 2 << 20};
    disk.close();
    child_process child{[&](int) {
      disk.reopen();
      limit_file_size(12 << 20);
      std::uint64_t last = 0;
      std::uint64_t term = 1;
      auto fill = [&] {
        while (has_room_for(
          disk, batch{}.term(term, 1).fill(last + 1, last + 10, term, bytes)))
          last += 10;
      };
      fill();
      for (; term <= 5;) {
        auto full = last;
        commit(disk, batch{}.term(term, 1).compact(last - 5, term));
        // Votes go on all the time.
        commit(disk, batch{}.term(++term, 1));
        fill();
        require(last > full + (5 << 20) / (bytes + 200), "not all is used");
      }
      disk.reopen();
      require(disk->load({1}).last.index.value == last, "lost");
    }};
    BOOST_TEST_CONTEXT(bytes << " bytes")
    BOOST_REQUIRE(child.wait() == 0);
  }
}

// LMDB lets the transaction after the next one have what a commit freed. If it
// freed all there was, nothing follows by itself. And after some rounds no room
// is left behind the pages that were ever in use: values need neighbours among
// those that are free.
BOOST_DATA_TEST_CASE(what_one_commit_has_freed_is_there_for_the_next,
                     data::make(disk_kinds), kind) {
  any_store disk{kind};
  disk.reserved_space = {0, 1 << 20};
  disk.close();
  child_process child{[&](int) {
    disk.reopen();
    limit_file_size(3 << 20);
    auto add = [&](std::uint64_t index) {
      return has_room_for(disk,
                          batch{}.term(1, 1).fill(index, index, 1, 32000));
    };
    std::uint64_t last = 0;
    for (auto rounds = 0; rounds < 20; ++rounds) {
      while (add(last + 1))
        ++last;
      commit(disk, batch{}.term(1, 1).compact(last, 1));
      require(add(last + 1), "it is full with nothing in it");
      ++last;
    }
  }};
  BOOST_REQUIRE(child.wait() == 0);
}

BOOST_DATA_TEST_CASE(the_message_says_what_to_do, data::make(disk_kinds),
                     kind) {
  any_store disk{kind};
  disk.close();
  child_process child{[&](int) {
    disk.reopen();
    limit_file_size(file_size(disk));
    fill_disk(disk);
    try {
      commit(disk, batch{}.fill(disk->load({1}).last.index.value + 1, 1000, 1,
                                10'000));
      require(false, "was not refused");
    } catch (const store_error& e) {
      auto has = [&](const std::string& part) {
        return std::string{e.what()}.find(part) != std::string::npos;
      };
      require(has(disk.options().directory), "no directory");
      require(has("lacks") && has("bytes"), "no size");
      require(has("make room on the disk"), "no cure");
    }
  }};
  BOOST_REQUIRE(child.wait() == 0);
}

BOOST_DATA_TEST_CASE(a_new_store_on_a_full_disk_is_refused,
                     data::make(disk_kinds), kind) {
  temporary_directory tmp;
  child_process child{[&](int) {
    limit_file_size(8192);
    lmdb_options options{tmp.path("data"), "test", {1}};
    try {
      open_store(kind, options, {});
      require(false, "was not refused");
    } catch (const store_error& e) {
      require(e.code() == store_errc::no_space, e.what());
    }
    limit_file_size(RLIM_INFINITY);
    options.reserved_space = {0, 0};
    open_store(kind, options, {});
  }};
  BOOST_REQUIRE(child.wait() == 0);
}

BOOST_DATA_TEST_CASE(room_is_taken_ahead_in_the_background,
                     data::make(disk_kinds), kind) {
  any_store disk{kind};
  disk.reserved_space = {3 << 20, 1 << 20};
  disk.reopen();
  commit(disk, batch{}.add(1, 1));
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (file_size(disk) < 4 << 20)
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
  // No holes: LMDB has written a few pages of it, we have written all.
  lmdb::file_descriptor file{
    open((disk.options().directory + "/data.mdb").c_str(), O_RDONLY)};
  BOOST_TEST(lseek(file.get(), 0, SEEK_HOLE) >= 4 << 20);
}

BOOST_DATA_TEST_CASE(holes_are_filled, data::make(disk_kinds), kind) {
  any_store disk{kind};
  commit(disk, batch{}.fill(1, 100, 1, 1000));
  disk.close();
  auto path = disk.options().directory + "/data.mdb";
  auto size = static_cast<off_t>(file_size(disk));
  fs::resize_file(path, file_size(disk) + (1 << 20));
  lmdb::file_descriptor file{open(path.c_str(), O_RDONLY)};
  if (lseek(file.get(), 0, SEEK_HOLE) > size) {
    std::cerr << "skipped holes_are_filled: no holes in files at " << path
              << '\n';
    return;
  }
  disk.reopen();
  BOOST_TEST(lseek(file.get(), 0, SEEK_HOLE) >= size + (1 << 20));
  BOOST_TEST(log_of(disk).size() == 100u);
}

// A file system of its own, which takes root.
BOOST_DATA_TEST_CASE(a_file_system_is_full_and_gets_larger,
                     data::make(disk_kinds), kind) {
  constexpr std::uint64_t not_allowed = 1;
  temporary_directory tmp;
  child_process child{[&](int out) {
    auto alone = unshare(CLONE_NEWNS) == 0
              && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
              && mount("tmpfs", tmp.path().c_str(), "tmpfs", 0, "size=4m") == 0;
    if (!alone) {
      send_number(out, not_allowed);
      return;
    }
    any_store disk{kind, tmp.path()};
    disk.reserved_space = {1 << 20, 256 << 10};
    disk.reopen();
    commit(disk, batch{}.term(1));
    auto last = fill_disk(disk);
    require(last > 100, "refuses too early");
    for (std::uint64_t term = 2; term <= 300; ++term)
      commit(disk, batch{}.term(term));
    require(mount("none", tmp.path().c_str(), nullptr, MS_REMOUNT, "size=8m")
              == 0,
            "cannot remount");
    require(fill_disk(disk) > last + 100, "does not go on");
    disk.reopen();
    require(log_of(disk).size() > last + 100, "lost");
  }};
  auto skipped = child.receive_number();
  BOOST_REQUIRE(child.wait() == 0);
  if (skipped)
    std::cerr << "skipped a_file_system_is_full_and_gets_larger: mounting is "
                 "not allowed here\n";
}

BOOST_AUTO_TEST_SUITE_END()
