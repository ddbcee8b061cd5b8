#include <raft/base/random.hpp>
#include <raft/persistence/journaled_log.hpp>
#include <raft/simulation/journal_memory.hpp>
#include <raft/simulation/journaled_disk.hpp>
#include <raft/simulation/memory_tables.hpp>
#include <raft/simulation/recorded_disk.hpp>

#include <exception>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace raft::simulation {

namespace {

using persistence::journal_spot;
using persistence::journaled_log;
using persistence::store_error;

/// Of the simulated peers.
constexpr group_id own_group{1};

constexpr auto whole = std::numeric_limits<std::uint64_t>::max();

std::string shown(const hard_state& x) {
  return "term " + to_text(x.term) + " with a vote for " + to_text(x.vote);
}

[[noreturn]] void differs(const std::string& what, const std::string& found,
                          const std::string& expected) {
  throw violation{"the journal and the tables have " + what + ' ' + found
                  + " instead of " + expected};
}

/// What is wrong, without what people can do about it.
[[noreturn]] void complain(const std::exception& e) {
  std::string text{e.what()};
  throw violation{"the journal: " + text.substr(0, text.find(". "))};
}

void compare(const durable_state& found, const durable_state& expected) {
  if (found.hard != expected.hard)
    differs("the state", shown(found.hard), shown(expected.hard));
  if (found.compacted != expected.compacted)
    differs("a log after", to_text(found.compacted),
            to_text(expected.compacted));
  if (found.last != expected.last)
    differs("a log up to", to_text(found.last), to_text(expected.last));
  if (found.members != expected.members)
    differs("the members of", to_text(found.members.current().index),
            to_text(expected.members.current().index));
  if (found.term_starts != expected.term_starts)
    throw violation{"the journal and the tables have other terms in the log"};
  if (found.last_time_ms != expected.last_time_ms)
    differs("a log that ends at", std::to_string(found.last_time_ms) + " ms",
            std::to_string(expected.last_time_ms) + " ms");
  if (found.installing != expected.installing)
    differs("a snapshot under way,", to_text(found.installing),
            to_text(expected.installing));
  if (found != expected)
    throw violation{"the journal and the tables have another cluster id"};
}

void compare(std::span<const entry> found, std::span<const entry> expected) {
  if (found.size() != expected.size())
    differs("found", std::to_string(found.size()) + " entries",
            std::to_string(expected.size()));
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != expected[i])
      throw violation{"the journal and the tables have another entry "
                      + to_text(expected[i].index)};
}

/// A record on the disk.
struct record_place {
  std::uint64_t sequence = 0;
  journal_spot spot;
  std::uint32_t bytes = 0;
};

/// Records that nobody may take for a torn end.
std::vector<record_place> provable(const journal_memory& files,
                                   const persistence::journal_mark& mark,
                                   incarnation_id incarnation,
                                   std::uint64_t last) {
  using namespace persistence;
  const journal_key key{mark.secret, incarnation};
  std::vector<record_place> result;
  for (std::uint32_t i = 0; i < files.count(); ++i)
    for (std::uint64_t at = 0; at < files.filled(i); at += journal_block) {
      auto data = files.content(i).substr(at);
      auto header = read_journal_header(data, key, {i, at});
      if (!header || header->sequence <= mark.applied
          || (header->sequence >= last && header->sequence > mark.seen))
        continue;
      auto body = data.substr(journal_header_bytes, header->body_bytes);
      if (is_sound(*header, body, key))
        result.push_back({header->sequence,
                          {i, at},
                          static_cast<std::uint32_t>(journal_header_bytes)
                            + header->body_bytes});
    }
  return result;
}

} // namespace

struct journaled_disk::parts {
  parts(incarnation_id of, std::uint64_t seed) : incarnation{of}, random{seed} {
    // nop
  }

  parts(const parts& x)
    : incarnation{x.incarnation},
      random{x.random},
      files{x.files},
      tables{x.tables},
      torn_before{x.files.torn()},
      writes_before{x.tables.writes()} {
    // nop
  }

  void open(journaled_log& x);
  void try_damage();
  memory_tables::stops stops_at_end(bool writes, bool kept);
  void end_amid(const persist* under_way, bool kept);

  incarnation_id incarnation;
  base::random random;
  journal_memory files;
  memory_tables tables;
  std::optional<journaled_log> process;
  counters counts; // but those of `files` and `tables`
  std::uint64_t torn_before = 0;
  std::uint64_t writes_before = 0;
};

// -- the disk -----------------------------------------------------------------

journaled_disk::journaled_disk(incarnation_id incarnation,
                               const durable_state& state, std::uint64_t seed)
  : parts_{std::make_unique<parts>(incarnation, seed)} {
  preset(state, {});
}

journaled_disk::journaled_disk(const journaled_disk& other)
  : parts_{std::make_unique<parts>(*other.parts_)} {
  // nop
}

journaled_disk::journaled_disk(journaled_disk&&) noexcept = default;

journaled_disk& journaled_disk::operator=(journaled_disk other) noexcept {
  parts_ = std::move(other.parts_);
  return *this;
}

journaled_disk::~journaled_disk() = default;

void journaled_disk::preset(const durable_state& state,
                            std::span<const entry> entries) {
  auto& x = *parts_;
  x.process.reset();
  // What was there is gone.
  x.files = {};
  x.tables = {};
  x.torn_before = x.writes_before = 0;
  x.tables.preset(own_group, state, entries);
}

// -- a process ----------------------------------------------------------------

void journaled_disk::parts::open(journaled_log& x) {
  auto is_new = x.begin().segments == 0;
  if (is_new) {
    auto segments = static_cast<std::uint32_t>(random.between(2, 4));
    files = {segments, std::uint64_t{4096} << random.below(5)};
    x.make(files, random.next());
  } else {
    x.recover(files);
  }
}

void journaled_disk::start(const durable_state& expected,
                           std::span<const entry> entries) {
  auto& x = *parts_;
  x.process.emplace(x.tables, x.incarnation, 0);
  auto& log = *x.process;
  try {
    x.open(log);
    compare(log.load(own_group), expected);
    compare(log.read(own_group, expected.compacted.index.next(),
                     expected.last.index, whole),
            entries);
    constexpr auto often = 100; // per mille
    if (x.random.per_mille(often))
      x.try_damage();
    log.secure();
    log.note(x.files.count());
  } catch (const store_error& e) {
    complain(e);
  }
}

void journaled_disk::parts::try_damage() {
  auto at = provable(files, *tables.journal(), incarnation, process->last());
  if (at.empty())
    return;
  auto& victim = at[random.below(at.size())];
  victim.spot.offset += random.below(victim.bytes);
  files.flip(victim.spot);
  auto name = "record " + std::to_string(victim.sequence) + " of the journal";
  journaled_log next{tables, incarnation, 0};
  std::string found = "nothing";
  try {
    open(next);
  } catch (const store_error& e) {
    if (e.code() == persistence::store_errc::corrupt)
      found = e.what();
  }
  if (found.find(name) == std::string::npos)
    throw violation{"a process starts though " + name
                    + " is damaged; it complains of " + found};
  files.flip(victim.spot);
  ++counts.records_damaged;
}

void journaled_disk::write(const persist& x) {
  auto& log = *parts_->process;
  auto& random = parts_->random;
  try {
    auto last = log.last();
    log.commit({&x, 1});
    if (parts_->tables.journal()->applied > last)
      ++parts_->counts.long_batches;
    // Another thread does that, at any time.
    constexpr auto soon = 500; // per mille
    constexpr auto early = 10;
    if (random.per_mille(log.is_due() ? soon : early))
      log.move_oldest();
  } catch (const store_error& e) {
    complain(e);
  } catch (const std::logic_error& e) {
    complain(e);
  }
}

void journaled_disk::check_read(const read_entries& x,
                                const entries_read& expected) const {
  if (!parts_->process)
    return;
  try {
    compare(parts_->process->read(x.group, x.first, x.last, x.bytes_max),
            expected.entries);
  } catch (const store_error& e) {
    complain(e);
  }
}

void journaled_disk::conclude() {
  if (parts_->process)
    parts_->process->conclude();
}

// -- its end ------------------------------------------------------------------

/// Draws where it ends.
/// @param writes Whether it writes a batch, and not only moves records.
memory_tables::stops journaled_disk::parts::stops_at_end(bool writes,
                                                         bool kept) {
  using stop = memory_tables::stop;
  memory_tables::stops result;
  result.sequence = process->last() + 1;
  constexpr stop all[] = {stop::nowhere, stop::before, stop::after};
  if (!writes || !kept)
    result.moving = all[random.below(3)];
  if (writes)
    result.batch = !kept                ? stop::before
                 : random.below(2) == 0 ? stop::after
                                        : stop::nowhere;
  return result;
}

void journaled_disk::parts::end_amid(const persist* under_way, bool kept) {
  using stop = journal_memory::stop;
  auto where = !kept                ? stop::in_write
             : random.below(2) == 0 ? stop::before_sync
                                    : stop::nowhere;
  tables.arm(stops_at_end(under_way != nullptr, kept));
  if (under_way != nullptr)
    files.arm(where, random.next());
  try {
    if (under_way != nullptr)
      process->commit({under_way, 1});
    else
      process->move_oldest();
  } catch (const process_ends&) {
    // As it should be, or it ends between two steps.
  }
  files.arm(stop::nowhere, 0);
  tables.arm({});
}

void journaled_disk::end(const persist* under_way, bool kept) {
  auto& x = *parts_;
  if (!x.process)
    return;
  constexpr auto while_moving = 300; // per mille
  if (under_way != nullptr || x.random.per_mille(while_moving))
    x.end_amid(under_way, kept);
  x.process.reset();
  if (x.random.below(2) == 0)
    return;
  // What must be there is there.
  if (under_way != nullptr && kept)
    x.files.settle();
  x.counts.power_cuts += x.files.cut_power(x.random) ? 1 : 0;
}

counters journaled_disk::take_counts() {
  auto& x = *parts_;
  auto torn = x.files.torn();
  auto writes = x.tables.writes();
  auto result = std::exchange(x.counts, {});
  result.records_torn = torn - std::exchange(x.torn_before, torn);
  result.moves_to_tables = writes - std::exchange(x.writes_before, writes);
  return result;
}

} // namespace raft::simulation
