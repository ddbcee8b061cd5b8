#include <raft/lmdb/store_error.hpp>
#include <raft/persistence/journaled_log.hpp>
#include <raft/persistence/lmdb_database.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace raft::persistence {

namespace {

/// How much is moved to the tables in one transaction, in bytes of records.
constexpr std::size_t bytes_per_step = 256 << 10;
/// How many records, if they hold little that is wanted.
constexpr std::size_t records_per_move = 10'000;

} // namespace

log_tables::~log_tables() = default;

void log_tables::corrupt(const std::string& record,
                         const std::string& why) const {
  lmdb::refuse_damage(record, directory(), why);
}

journaled_log::journaled_log(log_tables& tables, incarnation_id incarnation,
                             std::uint64_t ahead)
  : tables_{&tables},
    incarnation_{incarnation},
    ahead_{ahead},
    logs_{tables.page_bytes()} {
  // nop
}

// -- opening ------------------------------------------------------------------

const journal_mark& journaled_log::begin() {
  tables_->look([this](const table_view& x) {
    mark_ = x.journal().value_or(journal_mark{});
    logs_.load(x);
  });
  return mark_;
}

void journaled_log::recover(journal_files& files) {
  open(files);
  journal_->recover(mark_,
                    [this](const auto& at, auto body) { replay(at, body); });
}

void journaled_log::make(journal_files& files, std::uint64_t secret) {
  mark_.secret = secret;
  open(files);
}

void journaled_log::open(journal_files& files) {
  journal_.emplace(files, journal_key{mark_.secret, incarnation_}, ahead_);
}

void journaled_log::replay(const journal_record& at, std::string_view body) {
  batches_of_record batches;
  auto fault = decode(body, batches);
  auto fits = fault == record_fault::none && logs_.apply(batches, &at);
  if (!fits)
    tables_->corrupt("journal " + std::to_string(at.sequence),
                     fault == record_fault::none
                       ? "does not follow what is before it"
                       : to_text(fault));
}

void journaled_log::note(std::uint32_t segments) {
  mark_.seen = journal_->last();
  mark_.segments = segments;
  tables_->write(mark_);
}

// -- committing ---------------------------------------------------------------

void journaled_log::commit(std::span<const persist> batches) {
  logs_.check(batches);
  auto record = begin_journal_record();
  batches_of_record all;
  auto asked_for = false;
  for (const auto& x : batches) {
    all.push_back(append_batch(record, x, time_of_compacted(x)));
    asked_for = asked_for || std::ranges::any_of(x.batch.entries, needs_space);
  }
  if (asked_for)
    assure_room(all);
  if (!find_room(record.size() - journal_header_bytes)) {
    write_to_tables(record.substr(journal_header_bytes), all, !asked_for);
    return;
  }
  auto at = journal_->append(record);
  apply(all, &at);
}

/// The time of the entry that a batch compacts to; 0 if it is not there.
std::uint64_t journaled_log::time_of_compacted(const persist& x) const {
  if (x.batch.install.last.index)
    return x.batch.install.time_ms;
  auto point = x.batch.compacted.index;
  const auto& entries = x.batch.entries;
  if (!point)
    return 0;
  if (!entries.empty() && point >= entries.front().index)
    return point <= entries.back().index
           ? entries[point - entries.front().index].time_ms
           : 0;
  if (x.batch.truncate_from && point >= x.batch.truncate_from)
    return 0;
  try {
    auto found = read(x.group, point, point, 0);
    return found.empty() ? 0 : found.front().time_ms;
  } catch (const store_error&) {
    return 0; // damaged, and dropped now
  }
}

/// Sees to it that all that clients asked for finds room in the tables when its
/// segment is due, and that terms and votes do, too.
void journaled_log::assure_room(const batches_of_record& batches) {
  auto assure = [&] { tables_->assure(logs_.promised_with(batches)); };
  std::vector<group_id> groups;
  for (const auto& x : batches)
    groups.push_back(x.head.group);
  try {
    assure();
    return;
  } catch (const store_error& e) {
    if (e.code() != store_errc::no_space)
      throw;
  }
  // What is moved takes less than was promised to it, and what is compacted
  // makes room.
  std::lock_guard guard{moving_};
  move_all();
  for (;;)
    try {
      assure();
      return;
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space || !tables_->make_room(groups))
        throw;
    }
}

/// @returns whether the journal can hold a record at all.
bool journaled_log::find_room(std::uint64_t body_bytes) {
  for (;;)
    switch (journal_->room(body_bytes)) {
      case journal_room::found:
        return true;
      case journal_room::never:
        return false;
      case journal_room::later: {
        std::lock_guard guard{moving_};
        move_some();
      }
    }
}

/// Writes what no segment can hold.
void journaled_log::write_to_tables(std::string body,
                                    const batches_of_record& batches,
                                    bool may_use_reserve) {
  std::lock_guard guard{moving_};
  move_all();
  journal_step step{[&](group_id group) {
    auto result = logs_.compaction(group);
    for (const auto& x : batches) {
      const auto& to = x.head.compacted;
      if (x.head.group == group && to.where.index > result.where.index)
        result = {to.where, std::max(result.time_ms, to.time_ms)};
    }
    return result;
  }};
  step.add(std::move(body));
  auto next = mark_;
  next.applied = next.seen = journal_->last() + 1;
  write(step, next, may_use_reserve);
  journal_->skip();
  apply(batches, nullptr);
}

void journaled_log::apply(const batches_of_record& batches,
                          const journal_record* at) {
  if (!logs_.apply(batches, at))
    throw std::logic_error{"a batch that was checked does not fit"};
}

void journaled_log::conclude() {
  std::lock_guard guard{moving_};
  mark_.seen = journal_->last();
  tables_->conclude(&mark_);
}

// -- moving records to the tables ---------------------------------------------

bool journaled_log::move_if_due() {
  std::lock_guard guard{moving_};
  auto result = is_due();
  if (result)
    move_some();
  return result;
}

void journaled_log::move_oldest() {
  std::lock_guard guard{moving_};
  move_some();
}

/// Moves the oldest records.
/// @pre The caller holds `moving_`.
void journaled_log::move(std::size_t bytes_max) {
  auto at = journal_->oldest();
  journal_step step{[this](group_id group) { return logs_.compaction(group); }};
  for (std::size_t n = 0; n < records_per_move && step.bytes() < bytes_max;
       ++n) {
    auto behind = at;
    auto body = journal_->next(behind);
    // What is in a later segment may never have to be moved.
    if (!body || (n > 0 && behind.use != at.use))
      break;
    at = behind;
    step.add(std::move(*body));
  }
  auto next = mark_;
  next.applied = at.sequence - 1;
  next.seen = journal_->last();
  write(step, next, true);
  logs_.moved(at);
  journal_->release(at);
}

/// @throws store_error `no_space` among others.
void journaled_log::write(const journal_step& step, const journal_mark& mark,
                          bool may_use_reserve) {
  for (;;)
    try {
      tables_->write([&](const table_view& x) { return step.writes(x); }, mark,
                     may_use_reserve);
      mark_ = mark;
      return;
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space
          || !tables_->make_room(step.groups()))
        throw;
    }
}

/// Moves less at once where the disk has no room for more.
/// @pre The caller holds `moving_`.
void journaled_log::move_some() {
  for (auto bytes = bytes_per_step;; bytes /= 8)
    try {
      move(bytes);
      return;
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space || bytes < 8)
        throw;
    }
}

/// @pre The caller holds `moving_`.
void journaled_log::move_all() {
  while (journal_->oldest().sequence <= journal_->last())
    move_some();
}

// -- reading ------------------------------------------------------------------

std::vector<entry> journaled_log::read(group_id group, log_index first,
                                       log_index last,
                                       std::uint64_t bytes_max) const {
  // Each time, something was moved, compacted or truncated meanwhile.
  constexpr auto tries = 1000;
  for (auto i = 0; i < tries; ++i) {
    auto plan = logs_.plan_to_read(group, first, last, bytes_max);
    if (auto result = try_to_read(group, plan, bytes_max))
      return std::move(*result);
  }
  tables_->corrupt(record_name("log", group, first), "not where it should be");
}

durable_state journaled_log::load(group_id group) const {
  for (;;) {
    auto known = logs_.known(group);
    auto& state = known.state;
    auto whole = true;
    if (known.must_read_last) {
      auto last = read(group, state.last.index, state.last.index, 0);
      whole = !last.empty();
      if (whole)
        state.last_time_ms = last.front().time_ms;
    }
    if (known.must_find_proposed) {
      state.proposed = {};
      state.proposed_at = {};
      for (const auto& start : state.term_starts) {
        auto first = read(group, start.index, start.index, 0);
        whole = whole && !first.empty();
        if (whole && !state.proposed
            && (state.proposed = cluster_in(first.front())))
          state.proposed_at = start.index;
      }
    }
    if (whole && logs_.is_current(group, known.version))
      return std::move(state);
  }
}

/// @returns nothing if it must be tried again.
std::optional<std::vector<entry>>
journaled_log::try_to_read(group_id group, const indexed_log::plan& plan,
                           std::uint64_t bytes_max) const {
  std::vector<entry> result;
  std::uint64_t bytes = 0;
  auto next = plan.first;
  auto sound = true;
  auto enough = false;
  if (next <= plan.last && next < plan.journal_from) {
    auto to = std::min(plan.last, plan.journal_from.previous());
    tables_->look([&](const table_view& x) {
      result = x.read(group, next, to, bytes_max);
    });
    for (const auto& x : result)
      bytes += cost(x);
    next = next + result.size();
    sound = !result.empty();
    enough = next <= to;
  }
  for (const auto& place : plan.places) {
    if (!sound || enough)
      break;
    auto data = journal_->read(place);
    sound = data.has_value();
    if (!sound)
      break;
    auto x = decoded(group, next, *data);
    bytes += cost(x);
    enough = !result.empty() && bytes > bytes_max;
    if (enough)
      break;
    result.push_back(std::move(x));
    ++next;
  }
  if (!sound || !logs_.is_current(group, plan.version))
    return std::nullopt;
  return result;
}

entry journaled_log::decoded(group_id group, log_index index,
                             std::string_view data) const {
  entry result;
  auto fault = decode(group, data, result);
  if (fault == record_fault::none && result.index != index)
    tables_->corrupt(record_name("journal", group, index),
                     "belongs to another index");
  if (fault != record_fault::none)
    tables_->corrupt(record_name("journal", group, index), to_text(fault));
  return result;
}

} // namespace raft::persistence
