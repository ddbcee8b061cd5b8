// What a store remembers of its own starts, of other peers, and of its files.

#include <raft/persistence/lmdb_memory.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/persistence/store_fixture.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

/// A store on the disk, whose directory can be copied and taken back.
struct memory_fixture : any_store {
  memory_fixture() : any_store{"lmdb"} {
    // nop
  }

  std::string directory() const {
    return options().directory;
  }

  std::string backup() const {
    return directory() + ".copy";
  }

  /// @param in_order Whether the process ends so, or as if it was killed.
  void end(bool in_order) {
    if (in_order)
      (*this)->conclude();
    close();
  }

  void make_backup() const {
    fs::remove_all(backup());
    fs::copy(directory(), backup(), fs::copy_options::recursive);
  }

  void bring_back() {
    close();
    fs::remove_all(directory());
    fs::rename(backup(), directory());
    reopen();
  }

  std::vector<start_id> starts() const {
    return (*this)->memory().starts;
  }
};

acquaintance peer(std::uint64_t id, std::uint64_t start,
                  std::uint64_t ours = 0) {
  return {{id}, {100 + id}, {start}, {ours}};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(memories, memory_fixture)

BOOST_DATA_TEST_CASE(each_start_is_noted, data::make(disk_kinds), kind) {
  use(kind);
  auto first = starts();
  BOOST_TEST(first.size() == 2u);
  reopen();
  auto second = starts();
  BOOST_TEST(second.size() == 3u);
  BOOST_TEST((second[0] == first[0]));
  BOOST_TEST((second[1] != first[0]));
  close();
  auto how = options();
  how.writable = false;
  BOOST_TEST((open_again(how)->memory().starts == second));
  BOOST_TEST((open_again(how)->memory().starts == second));
}

BOOST_DATA_TEST_CASE(other_peers_are_remembered, data::make(disk_kinds), kind) {
  use(kind);
  (*this)->remember({{peer(3, 30), peer(2, 20)}, false});
  (*this)->remember({{peer(2, 21, 7)}, false});
  std::vector wanted{peer(2, 21, 7), peer(3, 30)};
  BOOST_TEST(((*this)->memory().others == wanted));
  reopen();
  BOOST_TEST(((*this)->memory().others == wanted));
}

BOOST_DATA_TEST_CASE(the_cluster_id_is_kept, data::make(disk_kinds), kind) {
  use(kind);
  batch x{1};
  x.term(1).fill(1, 2, 1);
  persist with_id = x;
  with_id.batch.cluster = {77};
  commit(*this, with_id);
  commit(*this, batch{}.term(2));
  reopen();
  BOOST_TEST(((*this)->load({1}).cluster == cluster_id{77}));
  BOOST_TEST(((*this)->load({2}).cluster == cluster_id{}));
}

BOOST_DATA_TEST_CASE(a_cluster_id_in_the_log_is_found, data::make(disk_kinds),
                     kind) {
  use(kind);
  persist x = batch{1}.term(5).fill(1, 2, 3).fill(3, 4, 4).fill(5, 6, 5);
  auto& entries = x.batch.entries;
  for (auto i : {2, 4}) {
    entries[i].kind = entry_kind::empty;
    entries[i].data = to_bytes(cluster_id{70u + i});
  }
  {
    any_store y{kind};
    commit(y, x);
    y.reopen();
    BOOST_TEST((y->load({1}).proposed == cluster_id{72}));
    BOOST_TEST((y->load({1}).proposed_at == log_index{3}));
    BOOST_TEST((y->load({1}).cluster == cluster_id{}));
  }
}

BOOST_DATA_TEST_CASE(a_copy_is_told_from_the_original, data::make(disk_kinds),
                     kind) {
  use(kind);
  end(true);
  make_backup();
  reopen();
  BOOST_TEST(!(*this)->memory().restored);
  bring_back();
  BOOST_TEST((*this)->memory().restored);
  // A restart does not make it another one.
  reopen();
  BOOST_TEST((*this)->memory().restored);
  (*this)->remember({{}, true});
  BOOST_TEST(!(*this)->memory().restored);
  reopen();
  BOOST_TEST(!(*this)->memory().restored);
}

BOOST_DATA_TEST_CASE(a_directory_may_be_renamed, data::make(disk_kinds), kind) {
  use(kind);
  close();
  fs::rename(directory(), backup());
  bring_back();
  BOOST_TEST(!(*this)->memory().restored);
}

BOOST_DATA_TEST_CASE(a_copy_written_into_the_same_files_is_told_apart,
                     data::make(disk_kinds), kind) {
  use(kind);
  end(true);
  make_backup();
  reopen();
  close();
  for (const auto* name : {"data.mdb", "raft.mark", "raft.lock"})
    fs::copy_file(backup() + '/' + name, directory() + '/' + name,
                  fs::copy_options::overwrite_existing);
  reopen();
  BOOST_TEST((*this)->memory().restored);
}

BOOST_DATA_TEST_CASE(a_mark_that_is_gone_counts_as_a_copy,
                     data::make(disk_kinds), kind) {
  use(kind);
  close();
  fs::remove(directory() + "/raft.mark");
  reopen();
  BOOST_TEST((*this)->memory().restored);
}

// A crash may come between the record of a mark and its name.
BOOST_DATA_TEST_CASE(a_mark_without_its_name_is_found, data::make(disk_kinds),
                     kind) {
  use(kind);
  close();
  fs::rename(directory() + "/raft.mark", directory() + "/raft.mark.new");
  reopen();
  BOOST_TEST(!(*this)->memory().restored);
  // Or before the record.
  close();
  std::ofstream{directory() + "/raft.mark.new"};
  reopen();
  BOOST_TEST(!(*this)->memory().restored);
}

// What its last start promised after the copy was made is not in it.
BOOST_DATA_TEST_CASE(the_last_start_of_a_copy_counts_if_it_ended_in_order,
                     data::make(disk_kinds), kind) {
  use(kind);
  for (auto in_order : {true, false}) {
    any_store::reopen();
    auto before = starts();
    end(in_order);
    make_backup();
    bring_back();
    auto now = starts();
    BOOST_TEST(now.size() == before.size() + (in_order ? 1 : 0));
    BOOST_TEST((now[before.size() - 1] == before.back()) == in_order);
    // The starts since have promised nothing so far.
    reopen();
    BOOST_TEST(starts().size() == now.size() + 1);
    (*this)->remember({{}, true});
  }
}

// The version before knew neither starts nor marks.
BOOST_DATA_TEST_CASE(a_store_of_format_1_opens_and_becomes_one_of_today,
                     data::make(disk_kinds), kind) {
  use(kind);
  auto& x = *this;
  commit(x, batch{}.fill(1, 3, 1).term(2, 1));
  x.close();
  {
    saboteur y{x.options(), "meta"};
    y.put("format", encode({}, store_header{1}));
    y.erase("starts");
    y.erase("mark");
    y.done();
  }
  std::filesystem::remove(x.options().directory + "/raft.mark");
  auto to_read = x.options();
  to_read.writable = false;
  BOOST_TEST(open_again(to_read)->memory().starts.empty());
  x.reopen();
  BOOST_TEST(x->load({1}).last.index == log_index{3});
  BOOST_TEST(x->memory().starts.size() == 1u);
  BOOST_TEST(!x->memory().restored);
  x.reopen();
  BOOST_TEST(x->memory().starts.size() == 2u);
  BOOST_TEST(!x->memory().restored);
}

// Another peer remembers a start, and this one ended before it knew that. Then
// it starts again and again while the other one is away.
BOOST_AUTO_TEST_CASE(a_start_of_a_half_done_handshake_is_kept_for_long) {
  start_chain chain;
  for (std::uint64_t i = 1; i <= 4000; ++i)
    chain = with_new_start(std::move(chain), {peer(2, 0, 3)}, false, {i});
  BOOST_TEST((chain.starts[10] == start_id{11}));
  BOOST_TEST(chain.starts.size() == 4000u);
}

BOOST_AUTO_TEST_CASE(old_starts_go_but_not_those_that_somebody_saw_last) {
  start_chain chain;
  constexpr std::uint64_t last = starts_kept + 1000;
  for (std::uint64_t i = 1; i <= last; ++i)
    chain = with_new_start(std::move(chain), {peer(2, 0, 3), peer(3, 0, 500)},
                           false, {i});
  BOOST_TEST(chain.starts.size() == starts_kept + 2);
  BOOST_TEST((chain.starts[0] == start_id{3}));
  BOOST_TEST((chain.starts[1] == start_id{500}));
  BOOST_TEST((chain.starts[2] == start_id{1001}));
  BOOST_TEST((chain.starts.back() == start_id{last}));
}

BOOST_AUTO_TEST_SUITE_END()
