// The journal on a disk that loses what was not synced, and that is damaged.

#include <raft/lmdb/store_error.hpp>
#include <raft/persistence/journal.hpp>
#include <raft/simulation/journal_memory.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <optional>
#include <random>

using namespace raft;
using namespace raft::persistence;
using namespace raft::simulation;
namespace data = boost::unit_test::data;

namespace {

constexpr journal_key own_key{0x1234567890, {77}};

/// A body that nobody mistakes for another.
std::string body_for(std::uint64_t sequence, std::size_t bytes) {
  auto result = "record " + std::to_string(sequence) + ' ';
  result.resize(bytes, static_cast<char>('a' + sequence % 26));
  return result;
}

/// A journal that can be opened again.
struct journal_fixture {
  explicit journal_fixture(std::uint32_t segments = 4,
                           std::uint64_t segment_bytes = 4096)
    : files{segments, segment_bytes} {
    open();
  }

  void open(bool writable = true) {
    found.clear();
    uut.emplace(files, key, 0);
    uut->recover(mark, [this](const auto& at, auto body) {
      places[at.sequence] = at.place;
      BOOST_REQUIRE(found.empty() || found.rbegin()->first + 1 == at.sequence);
      found[at.sequence] = body;
    });
    if (writable)
      uut->secure();
  }

  /// Writes the next record, if there is room.
  journal_room add(const std::string& body) {
    auto result = uut->room(body.size());
    if (result == journal_room::found) {
      auto record = begin_journal_record() + body;
      auto at = uut->append(record);
      places[at.sequence] = at.place;
      written[at.sequence] = body;
    }
    return result;
  }

  journal_room add(std::size_t bytes = 300) {
    return add(body_for(uut->last() + 1, bytes));
  }

  /// Everything so far is kept elsewhere, but for the last few.
  void release_all_but(std::uint64_t count) {
    auto at = uut->oldest();
    while (at.sequence + count <= uut->last())
      BOOST_REQUIRE(uut->next(at).has_value());
    mark.applied = at.sequence - 1;
    uut->release(at);
  }

  /// Where a record begins.
  journal_spot spot_of(std::uint64_t sequence) {
    for (std::uint32_t i = 0; i < files.count(); ++i)
      for (std::uint64_t at = 0; at + 512 <= files.filled(i); at += 512) {
        auto x = read_journal_header(
          std::string_view{files.content(i)}.substr(at), key, {i, at});
        if (x && x->sequence == sequence)
          return {i, at};
      }
    BOOST_FAIL("there is no record " << sequence);
    return {};
  }

  /// Opening it must fail, and say this.
  void check_damage(const std::vector<std::string>& parts) {
    try {
      open();
      BOOST_ERROR("no error; expected: " << parts.front());
    } catch (const store_error& e) {
      BOOST_TEST((e.code() == store_errc::corrupt), e.what());
      for (const auto& part : parts)
        BOOST_TEST(std::string{e.what()}.find(part) != std::string::npos,
                   "'" << e.what() << "' does not say '" << part << '\'');
    }
  }

  journal_key key = own_key;
  journal_mark mark;
  journal_memory files;
  std::optional<journal> uut;
  std::map<std::uint64_t, std::string> written;
  std::map<std::uint64_t, std::string> found;
  std::map<std::uint64_t, journal_place> places;
};

/// The process ends in this write, or before this sync, counted from 1.
void end_at(journal_memory& files, std::uint64_t call, std::uint64_t seed) {
  files.before_call = [&files, left = call, seed](auto what) mutable {
    if (what == journal_memory::call::read || --left > 0)
      return;
    if (what == journal_memory::call::sync)
      throw process_ends{};
    files.arm(journal_memory::stop::in_write, seed);
  };
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(journals, journal_fixture)

BOOST_AUTO_TEST_CASE(a_new_one_holds_nothing) {
  BOOST_TEST(found.empty());
  BOOST_TEST(uut->last() == 0u);
  auto at = uut->oldest();
  BOOST_TEST(!uut->next(at).has_value());
}

BOOST_AUTO_TEST_CASE(records_come_back_in_order) {
  for (auto bytes : {1, 300, 464, 465, 2000, 0, 4048, 10})
    BOOST_REQUIRE((add(bytes) == journal_room::found));
  open();
  BOOST_TEST((found == written));
  add();
  open();
  BOOST_TEST((found == written));
  BOOST_TEST(uut->last() == 9u);
}

BOOST_AUTO_TEST_CASE(it_can_be_read_record_by_record) {
  for (auto i = 0; i < 14; ++i)
    add(100 * i);
  auto at = uut->oldest();
  for (const auto& [sequence, body] : written) {
    BOOST_TEST(at.sequence == sequence);
    BOOST_TEST((uut->next(at) == body));
  }
  BOOST_TEST(!uut->next(at).has_value());
  add(7);
  BOOST_TEST((uut->next(at) == written[15]));
}

BOOST_AUTO_TEST_CASE(parts_of_a_record_can_be_read) {
  add(300);
  journal_record first{1, places[1]};
  BOOST_TEST((uut->read(first.part(0, 300)) == written[1]));
  BOOST_TEST((uut->read(first.part(7, 1)) == "1"));
}

// -- room ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_segment_is_not_used_again_before_it_is_released) {
  while (add(1000) == journal_room::found)
    ;
  BOOST_TEST(uut->last() == 8u); // two in each
  BOOST_TEST((uut->room(1000) == journal_room::later));
  BOOST_TEST((uut->room(4000) == journal_room::later));
  BOOST_TEST((uut->room(5000) == journal_room::never));
  auto oldest = places[1];
  release_all_but(7);
  BOOST_TEST((uut->room(1000) == journal_room::later));
  BOOST_TEST(uut->read(oldest).has_value());
  release_all_but(6);
  BOOST_TEST((add(1000) == journal_room::found));
  BOOST_TEST(!uut->read(oldest).has_value());
  BOOST_TEST((add(1000) == journal_room::found));
  BOOST_TEST((uut->room(1000) == journal_room::later));
  written.erase(written.begin(), written.find(3));
  open();
  BOOST_TEST((found == written));
}

BOOST_AUTO_TEST_CASE(a_released_journal_begins_anew_in_the_same_segment) {
  files.disk_bytes = 1024;
  BOOST_TEST((add() == journal_room::found));
  BOOST_TEST((add() == journal_room::found));
  BOOST_TEST((uut->room(1) == journal_room::later));
  BOOST_TEST((uut->room(1000) == journal_room::never));
  auto oldest = places[1];
  release_all_but(0);
  BOOST_TEST(uut->read(oldest).has_value());
  BOOST_TEST((add() == journal_room::found));
  BOOST_TEST(!uut->read(oldest).has_value());
  open();
  BOOST_TEST((found == decltype(found){{3, written[3]}}));
}

BOOST_AUTO_TEST_CASE(a_number_can_be_skipped) {
  add();
  add();
  release_all_but(0);
  mark.applied = uut->skip();
  BOOST_TEST(mark.applied == 3u);
  add();
  auto at = uut->oldest();
  BOOST_TEST((uut->next(at) == written[4]));
  open();
  BOOST_TEST((found == decltype(found){{4, written[4]}}));
}

BOOST_AUTO_TEST_CASE(to_release_is_due_when_the_last_segment_fills_up) {
  auto at = uut->oldest();
  while (uut->last() < 6) {
    BOOST_TEST(!uut->is_due(at));
    add(1000);
  }
  add(1000);
  BOOST_TEST(uut->is_due(at));
  uut->next(at);
  uut->next(at);
  BOOST_TEST(!uut->is_due(at));
  uut->release(at);
  BOOST_TEST(!uut->is_due(at));
}

// -- the end ------------------------------------------------------------------

BOOST_DATA_TEST_CASE(power_failures_at_each_call_lose_nothing_acknowledged,
                     data::xrange(6), seed) {
  // The same history again and again, for each call in it.
  for (std::uint64_t call = 1;; ++call) {
    journal_fixture x;
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    end_at(x.files, call, call + static_cast<std::uint64_t>(seed));
    auto cut = false;
    for (auto steps = 0; steps < 60; ++steps) {
      auto next = x.uut->last() + 1;
      auto body = body_for(next, random() % 3000);
      if (random() % 3 == 0)
        x.release_all_but(random() % 4);
      try {
        if (x.add(body) == journal_room::later) {
          x.release_all_but(0);
          BOOST_REQUIRE((x.add(body) == journal_room::found));
        }
        if (random() % 10 == 0)
          x.open();
      } catch (const process_ends&) {
        cut = true;
        base::random power{call};
        x.files.before_call = {};
        x.files.cut_power(power);
        // It may be there all the same.
        auto acknowledged = x.written.empty() ? 0 : x.written.rbegin()->first;
        x.open();
        BOOST_REQUIRE(x.uut->last() >= acknowledged);
        BOOST_REQUIRE(x.uut->last() <= acknowledged + 1);
        if (x.uut->last() > acknowledged)
          x.written[next] = body;
      }
      for (const auto& [sequence, found] : x.found)
        BOOST_REQUIRE(x.written.at(sequence) == found);
    }
    x.files.before_call = {};
    x.open();
    x.written.erase(x.written.begin(), x.written.upper_bound(x.mark.applied));
    BOOST_REQUIRE((x.found == x.written));
    if (!cut)
      break;
  }
}

BOOST_AUTO_TEST_CASE(a_torn_end_is_dropped_and_written_over) {
  for (std::uint64_t at = 0; at < 1024; at += 100) {
    journal_fixture x;
    x.add(1000);
    x.add(1400); // in another segment
    x.add(900);
    auto torn = x.spot_of(3);
    x.files.flip({torn.segment, torn.offset + at});
    x.open();
    x.written.erase(3);
    // What stands behind the end of the record is not part of it.
    auto padding = at >= journal_header_bytes + 900;
    BOOST_TEST(x.uut->last() == (padding ? 3u : 2u));
    if (padding)
      continue;
    BOOST_TEST((x.found == x.written));
    x.add(10);
    x.add(10);
    x.open();
    BOOST_TEST((x.found == x.written));
    BOOST_TEST(x.uut->last() == 4u);
  }
}

// It was in the memory of the system only, which shows it to the next process.
BOOST_AUTO_TEST_CASE(a_record_whose_sync_failed_is_made_durable_or_not_shown) {
  add();
  files.sync_fails = true;
  BOOST_CHECK_THROW(add(), store_error);
  BOOST_CHECK_THROW(open(), store_error);
  files.sync_fails = false;
  open();
  BOOST_TEST(found.size() == 2u);
  base::random random{1};
  files.cut_power(random);
  open();
  BOOST_TEST(found.size() == 2u);
}

BOOST_AUTO_TEST_CASE(who_only_reads_writes_nothing) {
  add();
  files.before_call = [](journal_memory::call x) {
    BOOST_TEST((x == journal_memory::call::read));
  };
  open(false);
  BOOST_TEST(found.size() == 1u);
}

// -- damage -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(damage_in_the_middle_is_named_and_refused) {
  for (std::uint64_t victim = 1; victim <= 6; ++victim)
    for (std::uint64_t byte : {0, 9, 17, 30, 36, 44, 48, 200, 1047}) {
      journal_fixture x;
      for (auto i = 0; i < 7; ++i)
        x.add(1000);
      auto spot = x.spot_of(victim);
      x.files.flip({spot.segment, spot.offset + byte});
      x.check_damage({"record " + std::to_string(victim) + " of the journal",
                      "'journal." + std::to_string(spot.segment) + "', offset "
                        + std::to_string(spot.offset),
                      "record " + std::to_string(victim + 1) + " follows",
                      "Keep the directory"});
      x.files.flip({spot.segment, spot.offset + byte});
      x.open();
      BOOST_TEST((x.found == x.written));
    }
}

BOOST_AUTO_TEST_CASE(damage_to_several_records_is_no_torn_end) {
  for (auto i = 0; i < 7; ++i)
    add(1000);
  for (std::uint64_t victim : {4, 5, 6}) {
    auto spot = spot_of(victim);
    files.flip({spot.segment, spot.offset + 60});
  }
  check_damage({"record 4 of the journal", "record 7 follows"});
}

// The last two at once: a write never damages two records.
BOOST_AUTO_TEST_CASE(the_beginning_of_a_later_record_is_proof_enough) {
  for (auto i = 0; i < 3; ++i)
    add(1000);
  for (std::uint64_t victim : {2, 3}) {
    auto spot = spot_of(victim);
    files.flip({spot.segment, spot.offset + 60});
  }
  check_damage({"record 2 of the journal", "the beginning of record 3"});
}

BOOST_AUTO_TEST_CASE(a_record_that_was_seen_elsewhere_is_no_torn_end) {
  for (auto i = 0; i < 3; ++i)
    add(1000);
  mark.seen = 3;
  auto spot = spot_of(3);
  files.flip({spot.segment, spot.offset + 100});
  check_damage({"record 3 of the journal", "wrong checksum", "had 3 records"});
  files.flip({spot.segment, spot.offset});
  check_damage({"record 3 of the journal", "is not there", "had 3 records"});
}

BOOST_AUTO_TEST_CASE(a_segment_that_was_emptied_is_found_out) {
  for (auto i = 0; i < 7; ++i)
    add(1000);
  files.replace({1, 0}, std::string(4096, '\0'));
  check_damage({"record 3 of the journal", "record 5 follows"});
}

BOOST_AUTO_TEST_CASE(an_older_table_beside_a_newer_journal_is_found_out) {
  for (auto i = 0; i < 8; ++i)
    add(1000);
  release_all_but(4);
  add(1000);
  mark.applied = 0;
  check_damage({"record 1 of the journal", "record 2 follows"});
}

BOOST_AUTO_TEST_CASE(damage_is_found_when_a_record_is_read_later) {
  add(1000);
  auto at = uut->oldest();
  files.flip({0, 100});
  try {
    uut->next(at);
    BOOST_ERROR("was read");
  } catch (const store_error& e) {
    BOOST_TEST((e.code() == store_errc::corrupt));
  }
}

// -- what is not ours ---------------------------------------------------------

BOOST_AUTO_TEST_CASE(records_of_another_journal_count_for_nothing) {
  for (auto i = 0; i < 3; ++i)
    add();
  for (auto other : {journal_key{own_key.secret + 1, own_key.incarnation},
                     journal_key{own_key.secret, {78}}}) {
    key = other;
    open();
    BOOST_TEST(found.empty());
    BOOST_TEST(uut->last() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_record_counts_in_its_own_place_only) {
  add();
  add();
  for (auto segment : {0U, 1U})
    BOOST_REQUIRE(files.take(segment, 4096));
  // Right behind the second one, and at the beginning of another segment.
  const std::string copy{files.content(0).substr(512, 512)};
  files.replace({0, 1024}, copy);
  files.replace({1, 0}, copy);
  open();
  BOOST_TEST((found == written));
}

// Such as a copy of this file as a value.
BOOST_AUTO_TEST_CASE(what_a_record_holds_is_not_taken_for_records) {
  add();
  // As the second record will hold it: at the place of a third one.
  std::string inner = begin_journal_record() + body_for(3, 100);
  seal_journal_record(inner, key, {0, 1024}, 3);
  std::string outer(512 - journal_header_bytes, 'x');
  BOOST_REQUIRE((add(outer + inner) == journal_room::found));
  open();
  BOOST_TEST((found == written));
  BOOST_TEST(uut->last() == 2u);
}

BOOST_AUTO_TEST_CASE(the_bytes_of_a_record_are_these) {
  auto record = begin_journal_record() + "body";
  seal_journal_record(record, own_key, {2, 512}, 9);
  BOOST_TEST(record.size() == 512u);
  BOOST_TEST(record.substr(0, 8) == "raft jnl");
  BOOST_TEST(record.substr(8, 8) == std::string("\0\0\0\1\0\0\0\4", 8));
  BOOST_TEST(record.substr(16, 8) == std::string("\0\0\0\0\0\0\0\x9", 8));
  BOOST_TEST(record.substr(24, 8) == std::string("\0\0\0\0\0\0\0\x4d", 8));
  BOOST_TEST(record.substr(48, 4) == "body");
  BOOST_TEST(record.substr(52) == std::string(460, '\0'));
}

BOOST_AUTO_TEST_SUITE_END()
