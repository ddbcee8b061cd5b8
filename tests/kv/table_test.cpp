// What every table promises, and what the one on the disk notices.

#include "table_fixture.hpp"
#include <raft/kv/command.hpp>
#include <raft/kv/dump.hpp>
#include <raft/tests/persistence/saboteur.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <sstream>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;
using persistence::store_errc;
using persistence::store_error;

namespace {

const std::vector<std::string> kinds{"memory", "lmdb"};

/// Opens the table and returns the error that this gives.
std::pair<store_errc, std::string> complaint(any_table& x) {
  try {
    x.reopen();
    all_of(*x);
  } catch (const store_error& e) {
    return {e.code(), e.what()};
  }
  return {store_errc::no_space, "no complaint"};
}

bool mentions(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

persistence::lmdb_options victim(const any_table& x) {
  persistence::lmdb_options result;
  result.directory = x.options.directory;
  return result;
}

/// How many pages its file has in use.
std::uint64_t used_pages(any_table& x) {
  x.close();
  MDB_envinfo info{};
  {
    lmdb::environment env{x.options.directory, 1 << 30, 16, 0};
    lmdb::check(mdb_env_info(env.handle(), &info), "mdb_env_info");
  }
  x.reopen();
  return std::uint64_t{info.me_last_pgno} + 1;
}

/// A table with two pairs.
struct small_table : any_table {
  small_table() : any_table{"lmdb"} {
    overlay changes;
    changes.put("color", "blue");
    changes.put("shape", "round");
    write(**this, {9}, changes, 2, {{{5}, bytes{"five"}}});
    close();
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(tables)

BOOST_DATA_TEST_CASE(a_new_one_is_empty, kinds, kind) {
  any_table uut{kind};
  auto found = uut->load();
  BOOST_TEST(found.keys == 0u);
  BOOST_TEST(found.state.applied.value == 0u);
  BOOST_TEST(found.state.sessions.empty());
  BOOST_TEST(!uut->contains(""));
  BOOST_TEST(!uut->get("a").has_value());
  BOOST_TEST(all_of(*uut).empty());
}

BOOST_DATA_TEST_CASE(what_was_written_is_there_also_after_a_restart, kinds,
                     kind) {
  any_table uut{kind};
  overlay changes;
  auto longest = std::string(key_bytes_max, '\xff');
  auto large = std::string(value_bytes_max, 'x');
  changes.put("", "empty");
  changes.put("a", std::string("\0b", 2));
  changes.put(std::string("a\0", 2), "");
  changes.put(longest, large);
  write(*uut, {7}, changes, 4, {{{0}, bytes{"c"}}, {{3}, bytes{"s"}}});
  for (auto round = 0; round < 2; ++round) {
    auto found = uut->load();
    BOOST_TEST(found.keys == 4u);
    BOOST_TEST(found.state.applied.value == 7u);
    BOOST_TEST(
      (found.state.sessions == records{{{0}, bytes{"c"}}, {{3}, bytes{"s"}}}));
    BOOST_TEST((all_of(*uut)
                == pair_list{{"", "empty"},
                             {"a", std::string("\0b", 2)},
                             {std::string("a\0", 2), ""},
                             {longest, large}}));
    BOOST_TEST((uut->get("") == "empty"));
    BOOST_TEST((uut->get(longest) == large));
    BOOST_TEST(uut->contains("a"));
    BOOST_TEST(!uut->contains("b"));
    BOOST_TEST(!uut->contains(longest + "x"));
    BOOST_TEST(!uut->get(longest + "x").has_value());
    uut.reopen();
  }
}

BOOST_DATA_TEST_CASE(changes_replace_and_erase, kinds, kind) {
  any_table uut{kind};
  overlay first;
  for (auto key : {"a", "b", "c"})
    first.put(key, "1");
  write(*uut, {1}, first, 3, {{{1}, bytes{"1"}}, {{2}, bytes{"2"}}});
  overlay second;
  second.erase("a");
  second.erase("never there");
  second.put("b", "2");
  write(*uut, {2}, second, 2, {{{1}, {}}, {{3}, bytes{"3"}}, {{4}, {}}});
  BOOST_TEST((all_of(*uut) == pair_list{{"b", "2"}, {"c", "1"}}));
  auto found = uut->load();
  BOOST_TEST(found.keys == 2u);
  BOOST_TEST(
    (found.state.sessions == records{{{2}, bytes{"2"}}, {{3}, bytes{"3"}}}));
}

BOOST_DATA_TEST_CASE(visits_begin_and_end_where_they_should, kinds, kind) {
  any_table uut{kind};
  overlay changes;
  for (auto key : {"a", "b", "c"})
    changes.put(key, "");
  write(*uut, {1}, changes, 3);
  BOOST_TEST(all_of(*uut, "b").size() == 2u);
  BOOST_TEST(all_of(*uut, std::string("a\0", 2)).size() == 2u);
  BOOST_TEST(all_of(*uut, "", 1).size() == 1u);
  BOOST_TEST(all_of(*uut, std::string(2 * key_bytes_max, 'b')).size() == 1u);
  BOOST_TEST(all_of(*uut, "d").empty());
}

BOOST_DATA_TEST_CASE(long_visits_leave_nothing_out, kinds, kind) {
  any_table uut{kind};
  overlay changes;
  for (auto i = 0; i < 25'000; ++i)
    changes.put(std::to_string(i), std::string(i % 100 == 0 ? 60'000 : 3, 'x'));
  write(*uut, {1}, changes, 25'000);
  auto found = all_of(*uut);
  BOOST_REQUIRE(found.size() == 25'000u);
  BOOST_TEST(std::equal(found.begin(), found.end(), changes.begin(),
                        [](auto& x, auto& y) { return x.first == y.key; }));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(tables_on_the_disk)

// LMDB cannot use pages again that a reader may still see.
BOOST_AUTO_TEST_CASE(a_long_visit_lets_pages_go) {
  constexpr std::size_t pairs = 15'000;
  constexpr std::size_t writes = 40;
  constexpr std::size_t value_pages = 50;
  any_table uut{"lmdb"};
  overlay changes;
  for (std::size_t i = 0; i < pairs; ++i)
    changes.put(std::to_string(i), "x");
  write(*uut, {1}, changes, pairs);
  auto before = used_pages(uut);
  std::uint64_t applied = 1;
  auto overwrite = [&] {
    for (std::size_t i = 0; i < writes; ++i) {
      overlay change;
      change.put("0", std::string(value_pages * 4096, 'x'));
      write(*uut, {++applied}, change, pairs);
    }
  };
  std::size_t seen = 0;
  uut->visit("", [&](std::string_view, std::string_view) {
    ++seen;
    if (seen == 1 || seen == pairs - 1)
      overwrite();
    return true;
  });
  BOOST_TEST(seen == pairs);
  // What the first ones freed has served the last ones.
  BOOST_TEST(used_pages(uut) < before + writes * value_pages * 3 / 2);
}

BOOST_AUTO_TEST_CASE(it_is_prompt_while_its_pairs_are_in_the_cache) {
  any_table uut{"lmdb"};
  BOOST_TEST(uut->is_prompt());
  uut.options.cached_bytes_max = 1 << 20;
  uut.reopen();
  overlay changes;
  changes.put("short", std::string(1 << 19, 'x'));
  write(*uut, {1}, changes, 1);
  BOOST_TEST(uut->is_prompt());
  changes.put("long", std::string(1 << 19, 'x'));
  write(*uut, {2}, changes, 2);
  BOOST_TEST(!uut->is_prompt());
  uut.reopen();
  BOOST_TEST(!uut->is_prompt());
}

BOOST_AUTO_TEST_CASE(a_damaged_pair_is_named) {
  small_table uut;
  saboteur x{victim(uut), "pairs"};
  x.flip("kcolor", 2);
  x.done();
  auto [code, text] = complaint(uut);
  BOOST_TEST((code == store_errc::corrupt));
  BOOST_TEST(mentions(text, "key \"color\""), text);
  BOOST_CHECK_THROW(uut->get("color"), store_error);
  BOOST_TEST((uut->get("shape") == "round"));
}

BOOST_AUTO_TEST_CASE(a_pair_in_another_ones_place_is_found_out) {
  small_table uut;
  saboteur x{victim(uut), "pairs"};
  x.copy("kcolor", "kshape");
  x.done();
  BOOST_TEST(mentions(complaint(uut).second, "key \"shape\""));
}

BOOST_AUTO_TEST_CASE(a_pair_that_vanished_is_missed) {
  small_table uut;
  saboteur x{victim(uut), "pairs"};
  x.erase("kcolor");
  x.done();
  auto [code, text] = complaint(uut);
  BOOST_TEST((code == store_errc::corrupt));
  BOOST_TEST(mentions(text, "2 pairs, but there are 1"), text);
}

BOOST_AUTO_TEST_CASE(a_damaged_state_is_an_error) {
  small_table uut;
  saboteur x{victim(uut), "state"};
  x.flip("state", 3);
  x.done();
  BOOST_TEST((complaint(uut).first == store_errc::corrupt));
}

BOOST_AUTO_TEST_CASE(a_damaged_session_is_named) {
  small_table uut;
  saboteur x{victim(uut), "sessions"};
  x.flip(std::string("\0\0\0\0\0\0\0\5", 8), 1);
  x.done();
  uut.reopen();
  BOOST_CHECK_EXCEPTION(uut->load(), store_error, [](auto& e) {
    return mentions(e.what(), "session 5");
  });
}

BOOST_AUTO_TEST_CASE(only_its_own_peer_may_open_it) {
  small_table uut;
  auto mine = uut.options.owner;
  for (const auto& other : {persistence::store_identity{"else", {1}, {77}},
                            persistence::store_identity{"test", {2}, {77}},
                            persistence::store_identity{"test", {1}, {78}}}) {
    uut.options.owner = other;
    BOOST_TEST((complaint(uut).first == store_errc::foreign));
  }
  uut.options.owner = mine;
  BOOST_TEST(complaint(uut).second == "no complaint");
}

BOOST_AUTO_TEST_CASE(another_groups_data_is_found_out) {
  small_table uut;
  uut.options.group = {2};
  BOOST_TEST((complaint(uut).first == store_errc::corrupt));
}

BOOST_AUTO_TEST_CASE(it_can_be_open_only_once) {
  small_table uut;
  uut.reopen();
  BOOST_CHECK_EXCEPTION(open_lmdb_table(uut.options), store_error,
                        [](auto& e) { return e.code() == store_errc::in_use; });
}

BOOST_AUTO_TEST_CASE(one_that_must_be_there_is_not_made) {
  small_table uut;
  uut.options.must_exist = true;
  BOOST_TEST(complaint(uut).second == "no complaint");
  uut.close();
  std::filesystem::remove_all(uut.options.directory);
  auto [code, text] = complaint(uut);
  BOOST_TEST((code == store_errc::corrupt));
  BOOST_TEST(mentions(text, "there is no key-value data"), text);
  BOOST_TEST(!std::filesystem::exists(uut.options.directory));
}

BOOST_AUTO_TEST_CASE(it_can_be_shown_and_checked) {
  small_table uut;
  auto show = [&uut](bool verify) {
    std::ostringstream out;
    auto damages = dump({uut.options.directory, {1}, verify}, out);
    return std::pair{damages, out.str()};
  };
  auto [damages, text] = show(false);
  BOOST_TEST(damages == 0u);
  BOOST_TEST(mentions(text, "after entry 9"), text);
  BOOST_TEST(mentions(text, "pairs         2"), text);
  std::tie(damages, text) = show(true);
  BOOST_TEST(damages == 0u);
  BOOST_TEST(mentions(text, "Read 3 records: all sound."), text);
  for (auto [table, key] :
       {std::pair{"pairs", std::string{"kshape"}},
        std::pair{"sessions", std::string("\0\0\0\0\0\0\0\5", 8)}}) {
    saboteur x{victim(uut), table};
    x.flip(key, 1);
    x.done();
  }
  std::tie(damages, text) = show(true);
  BOOST_TEST(damages == 2u);
  BOOST_TEST(mentions(text, "DAMAGED       key \"shape\": wrong checksum"),
             text);
  BOOST_TEST(mentions(text, "DAMAGED       session 5"), text);
  auto parent = std::filesystem::path{uut.options.directory}.parent_path();
  BOOST_TEST((engines_in(parent.string()) == std::vector<group_id>{{1}}));
}

BOOST_AUTO_TEST_CASE(a_visit_sees_changes_wherever_they_are) {
  any_table uut{"lmdb"};
  uut.options.portions = {2, 1000};
  uut.reopen();
  overlay first;
  for (auto key : {"a", "c", "e", "g", "i"})
    first.put(key, "1");
  write(*uut, {1}, first, 5);
  overlay second;
  for (auto key : {"b", "c", "h", "x"})
    second.put(key, "2");
  for (auto key : {"a", "g", "z"})
    second.erase(key);
  write(*uut, {2}, second, 6);
  const pair_list wanted{{"b", "2"}, {"c", "2"}, {"e", "1"},
                         {"h", "2"}, {"i", "1"}, {"x", "2"}};
  BOOST_TEST((all_of(*uut) == wanted));
  uut.reopen();
  BOOST_TEST((all_of(*uut) == wanted));
}

BOOST_AUTO_TEST_CASE(a_full_map_refuses_and_loses_nothing) {
  any_table uut{"lmdb"};
  uut.options.map_bytes = 1 << 20;
  uut.reopen();
  overlay small;
  small.put("a", "1");
  write(*uut, {1}, small, 1);
  overlay large;
  large.put("b", std::string(2 << 20, 'x'));
  BOOST_CHECK_THROW(write(*uut, {2}, large, 2), machine::no_space);
  BOOST_TEST(uut->load().state.applied.value == 1u);
  write(*uut, {3}, small, 1);
  BOOST_TEST(uut->load().state.applied.value == 3u);
  uut.options.map_bytes = 0;
  uut.reopen();
  write(*uut, {4}, large, 2);
  BOOST_TEST(uut->load().keys == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
