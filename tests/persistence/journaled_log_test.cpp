// A journal and its tables on disks in memory: what happens when records are
// moved in the middle of a commit, when there is no room, and when a process
// ends while it opens them.

#include "steps.hpp"
#include <raft/persistence/journaled_log.hpp>
#include <raft/simulation/journal_memory.hpp>
#include <raft/simulation/memory_tables.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

using namespace raft;
using namespace raft::persistence;
using namespace raft::simulation;
using namespace raft::test;
namespace data = boost::unit_test::data;

namespace {

constexpr incarnation_id own_incarnation{77};
constexpr auto whole = ~std::uint64_t{0};

using disk_call = journal_memory::call;
using moment = memory_tables::stop;

/// A log whose processes come and go, and what must be there.
struct logged {
  explicit logged(std::uint32_t segments = 3,
                  std::uint64_t segment_bytes = 32 << 10)
    : files{segments, segment_bytes} {
    open();
  }

  /// A process begins.
  void open() {
    uut.emplace(tables, own_incarnation, 0);
    if (uut->begin().segments == 0)
      uut->make(files, 7);
    else
      uut->recover(files);
    uut->secure();
    uut->note(files.count());
  }

  /// Commits what comes next.
  void commit() {
    const auto next = make_step(*model, step + 1, little);
    uut->commit(next);
    acknowledge(next);
  }

  void acknowledge(const std::vector<persist>& x) {
    model->commit(x);
    ++step;
  }

  /// Whether the log is what the model holds.
  bool agrees() const {
    for (std::uint64_t group = 1; group <= groups; ++group) {
      const auto expected = model->load({group});
      const auto first = expected.compacted.index.next();
      if (uut->load({group}) != expected
          || uut->read({group}, first, expected.last.index, whole)
               != model->read({group}, first, expected.last.index, whole))
        return false;
    }
    return true;
  }

  /// The process has ended, and the power has failed. What was under way may
  /// be there or not.
  void open_after_end(const std::vector<persist>& under_way, base::random& x) {
    forget_hooks();
    uut.reset();
    files.cut_power(x);
    open();
    if (agrees())
      return;
    BOOST_REQUIRE(!under_way.empty());
    acknowledge(under_way);
    BOOST_REQUIRE(agrees());
  }

  void forget_hooks() {
    files.before_call = {};
    tables.at_write = {};
    files.arm(journal_memory::stop::nowhere, 0);
  }

  bool little = true;
  journal_memory files;
  memory_tables tables;
  std::optional<journaled_log> uut;
  std::unique_ptr<store> model
    = make_memory_store({"test", {1}, own_incarnation});
  std::uint64_t step = 0;
};

/// Calls `f` when it was asked so often; `f` is not asked while it runs.
class at_count {
public:
  at_count(std::uint64_t count, std::function<void()> f)
    : left_{count}, f_{std::move(f)} {
    // nop
  }

  void operator()() {
    if (left_ > 0 && --left_ == 0) {
      was_ = true;
      f_();
    }
  }

  bool was() const noexcept {
    return was_;
  }

private:
  std::uint64_t left_;
  std::function<void()> f_;
  bool was_ = false;
};

/// Has `asked` be asked at each write and sync of the journal, and before and
/// after each transaction of the tables.
void ask_at_each_change(logged& x, at_count& asked) {
  x.files.before_call = [&](disk_call what) {
    if (what != disk_call::read)
      asked();
  };
  x.tables.at_write = [&](moment) { asked(); };
}

} // namespace

BOOST_AUTO_TEST_SUITE(journaled_logs)

// -- two threads --------------------------------------------------------------

// A commit waits for nobody while it writes and syncs its record.
BOOST_DATA_TEST_CASE(records_are_moved_at_each_moment_of_a_commit,
                     data::make({false, true}), ends) {
  base::random random{5};
  for (std::uint64_t call = 1; call <= 120; ++call) {
    logged x;
    at_count move{call, [&] {
                    x.uut->move_oldest();
                    if (ends)
                      throw process_ends{};
                  }};
    x.files.before_call = [&](disk_call what) {
      if (what != disk_call::read)
        move();
    };
    std::vector<persist> next;
    try {
      for (auto i = 0; i < 60; ++i) {
        next = make_step(*x.model, x.step + 1, true);
        x.commit();
        BOOST_REQUIRE(x.agrees());
      }
      BOOST_REQUIRE(!ends);
      next.clear();
    } catch (const process_ends&) {
      // As it should be.
    }
    BOOST_REQUIRE(move.was());
    x.open_after_end(next, random);
    for (auto i = 0; i < 10; ++i)
      x.commit();
    BOOST_REQUIRE(x.agrees());
  }
}

// Who moves reads records, plans, writes to the tables, and releases what was
// moved; another thread commits meanwhile.
BOOST_DATA_TEST_CASE(commits_come_at_each_moment_of_a_move,
                     data::make({false, true}), ends) {
  base::random random{6};
  auto moments = 0;
  for (std::uint64_t call = 1;; ++call) {
    logged x{4, 64 << 10};
    for (auto i = 0; i < 12; ++i)
      x.commit();
    at_count commit{call, [&] {
                      const auto hook = std::exchange(x.files.before_call, {});
                      x.commit();
                      x.commit();
                      if (ends)
                        throw process_ends{};
                      x.files.before_call = hook;
                    }};
    x.files.before_call = [&](disk_call) { commit(); };
    x.tables.at_write = [&](moment) { commit(); };
    try {
      x.uut->move_oldest();
    } catch (const process_ends&) {
      // As it should be.
    }
    if (!commit.was())
      break;
    ++moments;
    if (!ends)
      BOOST_REQUIRE(x.agrees());
    x.open_after_end({}, random);
    for (auto i = 0; i < 10; ++i)
      x.commit();
    BOOST_REQUIRE(x.agrees());
  }
  BOOST_TEST(moments > 10);
}

// -- no room ------------------------------------------------------------------

BOOST_DATA_TEST_CASE(a_journal_without_room_writes_to_its_tables,
                     data::make({0, 4 << 10, 12 << 10, 40 << 10}), disk_bytes) {
  logged x;
  x.little = false;
  x.files.disk_bytes = static_cast<std::uint64_t>(disk_bytes);
  base::random random{7};
  for (auto i = 0; i < 150; ++i) {
    x.commit();
    BOOST_REQUIRE(x.agrees());
    if (i % 7 == 0)
      x.open_after_end({}, random);
    if (i == 75)
      x.files.disk_bytes *= 2;
  }
  BOOST_TEST(x.tables.writes() > 20u);
}

BOOST_AUTO_TEST_CASE(a_commit_that_finds_no_room_changes_nothing) {
  base::random random{8};
  auto refused = 0;
  for (std::uint64_t refusals = 1; refusals < 12; ++refusals)
    for (auto disk_bytes : {0, 12 << 10, 1 << 20}) {
      logged x;
      x.files.disk_bytes = static_cast<std::uint64_t>(disk_bytes);
      for (auto i = 0; i < 40; ++i) {
        x.tables.refusals = i % 3 == 0 ? refusals : 0;
        try {
          x.commit();
        } catch (const store_error& e) {
          BOOST_REQUIRE((e.code() == store_errc::no_space));
          ++refused;
        }
        BOOST_REQUIRE(x.agrees());
        x.tables.refusals = 0;
        if (i % 5 == 0)
          x.open_after_end({}, random);
      }
    }
  BOOST_TEST(refused > 100);
}

// -- the end ------------------------------------------------------------------

// In a commit, or in what is moved for it.
BOOST_DATA_TEST_CASE(a_process_may_end_at_each_change, data::xrange(3), room) {
  const std::uint64_t disks[] = {1 << 20, 40 << 10, 8 << 10};
  base::random random{9};
  for (std::uint64_t call = 1;; ++call) {
    logged x{3, 16 << 10};
    x.little = false;
    x.files.disk_bytes = disks[room];
    at_count end{call, [] { throw process_ends{}; }};
    ask_at_each_change(x, end);
    std::vector<persist> next;
    try {
      for (auto i = 0; i < 40; ++i) {
        next = make_step(*x.model, x.step + 1, false);
        x.commit();
        next.clear();
        x.uut->move_if_due();
      }
    } catch (const process_ends&) {
      // As it should be.
    }
    if (!end.was())
      break;
    x.open_after_end(next, random);
    for (auto i = 0; i < 5; ++i)
      x.commit();
    BOOST_REQUIRE(x.agrees());
  }
}

// A process ends in a commit; the one after it ends at each moment at which it
// changes something while it opens what is there; whatever a third one has
// opened stays, also if the power fails.
BOOST_DATA_TEST_CASE(a_process_may_end_while_it_opens, data::xrange(8), seed) {
  auto moments = 0;
  for (std::uint64_t call = 1;; ++call) {
    base::random random{static_cast<std::uint64_t>(seed)};
    logged x;
    for (auto i = 0; i < 3 + seed; ++i)
      x.commit();
    // In the memory of the system only.
    const auto next = make_step(*x.model, x.step + 1, true);
    x.files.arm(journal_memory::stop::before_sync, call);
    BOOST_REQUIRE_THROW(x.uut->commit(next), process_ends);
    at_count end{call, [] { throw process_ends{}; }};
    ask_at_each_change(x, end);
    auto opened = false;
    try {
      x.open();
      opened = true;
    } catch (const process_ends&) {
      // As it should be.
    }
    if (opened) {
      // It relies on the record.
      BOOST_REQUIRE(!x.agrees());
      x.acknowledge(next);
      x.open_after_end({}, random);
      break;
    }
    ++moments;
    if (random.below(2) == 0)
      x.files.cut_power(random);
    x.forget_hooks();
    x.open();
    if (!x.agrees())
      x.acknowledge(next);
    BOOST_REQUIRE(x.agrees());
    x.open_after_end({}, random);
    x.commit();
    x.open_after_end({}, random);
  }
  // To write the last record once more and sync it, and the mark.
  BOOST_TEST(moments == 4);
}

BOOST_AUTO_TEST_SUITE_END()
