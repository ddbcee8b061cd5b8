#include <raft/persistence/dump.hpp>
#include <raft/persistence/dump_text.hpp>
#include <raft/persistence/journal_view.hpp>
#include <raft/persistence/lmdb_memory.hpp>
#include <raft/persistence/lmdb_reader.hpp>

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace raft::persistence {

namespace {

/// How many records are read before the transaction ends.
constexpr std::size_t records_per_step = 1000;

// -- the dump -----------------------------------------------------------------

class dumper {
public:
  dumper(const dump_options& options, std::ostream& out)
    : options_{options}, out_{out}, db_{to_open(options), journal_format} {
    // nop
  }

  std::uint64_t run() {
    const auto& self = db_.identity();
    text_ << "Store of peer " << to_text(self.peer) << " of cluster '"
          << self.cluster << "', incarnation " << std::hex << std::setw(16)
          << std::setfill('0') << self.incarnation.value << std::setfill(' ')
          << std::dec << ", format " << db_.format() << '\n';
    show_memory();
    load_journal();
    auto known = groups();
    if (options_.group && !known.contains(*options_.group))
      throw std::invalid_argument{"there is no group "
                                  + to_text(*options_.group) + " in '"
                                  + options_.directory + '\''};
    if (known.empty())
      text_ << "\nNothing was written yet.\n";
    for (auto group : known)
      if (!options_.group || *options_.group == group)
        show(group);
    show_journal();
    if (options_.verify)
      text_ << "\nRead " << counted(records_, "record", "records") << ": "
            << (damages_ == 0 ? "all sound"
                              : counted(damages_, "damage", "damages"))
            << ".\n";
    print();
    return damages_;
  }

private:
  /// How far the log was read.
  struct progress {
    log_index next;
    log_index expected;
    term_number term;
    /// The tables count up to here, and the journal from here on.
    log_index end = last_index;
    bool more = true;
  };

  static lmdb_options to_open(const dump_options& options) {
    lmdb_options result;
    result.directory = options.directory;
    result.writable = false;
    return result;
  }

  /// Prints what was collected; whoever reads it may take his time.
  void print() {
    out_ << text_.str();
    text_.str({});
  }

  void damage(const std::string& what) {
    ++damages_;
    text_ << "  DAMAGED       " << what << '\n';
  }

  std::ostream& label(const char* what) {
    return text_ << "  " << std::left << std::setw(14) << what;
  }

  std::set<group_id> groups() const;
  void show_memory();
  void load_journal();
  void show_journal();
  void show_journaled(group_id group);
  std::optional<durable_state> journaled(group_id group) const;
  log_position compacted(const lmdb::transaction& txn, group_id group) const;
  void show(group_id group);
  void show_records(const lmdb::transaction& txn, group_id group);
  void show_term_starts(const lmdb::transaction& txn, group_id group);
  void show_extent(const lmdb::transaction& txn, group_id group);
  void show_log(group_id group);
  void show_some(group_id group, progress& where);
  void show_entry(const lmdb_reader& reader, group_id group, log_index index,
                  std::string_view data, progress& where);
  void show_line(const entry& x);

  /// Decodes a record, or notes that it is damaged.
  template <class T>
  std::optional<T> sound(group_id group, std::string_view data,
                         const std::string& name) {
    T result;
    auto fault = decode(group, data, result);
    ++records_;
    if (fault == record_fault::none)
      return result;
    damage(name + ": " + to_text(fault));
    return std::nullopt;
  }

  dump_options options_;
  std::ostream& out_;
  std::ostringstream text_;
  lmdb_database db_;
  /// None if the store has none, or if it is damaged.
  std::optional<journal_view> journal_;
  std::uint64_t records_ = 0;
  std::uint64_t damages_ = 0;
  int position_width_ = 0; // of the column; 0 if the log is empty
};

/// All groups that any table knows.
std::set<group_id> dumper::groups() const {
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  auto txn = db_.begin_read();
  std::set<group_id> result;
  for (auto table : {db_.hard_state_table, db_.members, db_.compaction, db_.log,
                     db_.term_starts}) {
    lmdb::cursor place{txn, table};
    auto more = place.first();
    while (more) {
      auto group = group_of(place.key());
      result.insert(group);
      more = group.value != last
          && place.at_or_above(group_key({group.value + 1}));
    }
  }
  if (journal_)
    for (auto group : journal_->logs().groups())
      result.insert(group);
  return result;
}

void dumper::load_journal() {
  try {
    journal_.emplace(db_);
    if (!journal_->mark())
      journal_.reset();
  } catch (const store_error& e) {
    journal_.reset();
    damage(e.what());
  }
}

/// The state of a group after the last record of the journal.
std::optional<durable_state> dumper::journaled(group_id group) const {
  if (!journal_)
    return std::nullopt;
  return journal_->logs().known(group).state;
}

/// What the journal holds that the tables do not.
void dumper::show_journal() {
  if (!journal_)
    return;
  const auto& mark = *journal_->mark();
  text_ << "\nJournal\n";
  label("files") << mark.segments << '\n';
  label("tables") << "hold all up to record " << mark.applied << '\n';
  label("records");
  if (journal_->records() == 0)
    text_ << "none after that\n";
  else
    text_ << journal_->records() << ", " << mark.applied + 1 << " to "
          << mark.applied + journal_->records() << '\n';
  records_ += journal_->records();
  if (!options_.journal)
    return;
  text_ << '\n';
  journal_->visit([this](const std::string& where, std::uint64_t sequence,
                         std::size_t bytes, const auto& batches) {
    text_ << "  record " << sequence << " (" << where << "), "
          << counted(bytes, "byte", "bytes") << '\n';
    for (const auto& x : batches)
      text_ << "    " << text(x) << '\n';
    print();
  });
}

/// The entries that are in the journal only.
void dumper::show_journaled(group_id group) {
  if (!journal_ || options_.verify)
    return;
  constexpr std::uint64_t bytes_per_step = 1 << 20;
  auto next = std::max(options_.from, journal_->logs().first_in_journal(group));
  for (;;) {
    auto plan
      = journal_->logs().plan_to_read(group, next, options_.to, bytes_per_step);
    for (const auto& place : plan.places) {
      entry x;
      auto data = journal_->read(place);
      if (data && decode(group, *data, x) == record_fault::none)
        show_line(x);
    }
    print();
    if (plan.places.empty())
      return;
    next = std::max(next, plan.journal_from) + plan.places.size();
  }
}

/// What it remembers of itself and of others.
void dumper::show_memory() {
  auto txn = db_.begin_read();
  auto hex = [](auto x) {
    std::ostringstream out;
    out << std::hex << std::setw(16) << std::setfill('0') << x.value;
    return out.str();
  };
  lmdb::cursor place{txn, db_.meta};
  for (auto more = place.first(); more; more = place.next()) {
    auto key = place.key();
    if (key == "starts") {
      if (auto x = sound<start_chain>({}, place.data(), "meta starts"))
        label("starts") << x->starts.size() << ", the last "
                        << (x->starts.empty() ? "none" : hex(x->starts.back()))
                        << (x->last == start_state::concluded ? ", ended in "
                                                                "order"
                            : x->last == start_state::restored
                              ? ", on restored files"
                              : "")
                        << '\n';
    } else if (key == "mark") {
      if (auto x = sound<file_mark>({}, place.data(), "meta mark"))
        label("mark") << "inode " << x->inode << ", born "
                      << text_of_time(x->born_seconds * 1000
                                      + x->born_nanoseconds / 1'000'000)
                      << '\n';
    } else if (key.starts_with("peer")) {
      auto x = sound<acquaintance>({}, place.data(), "meta peer");
      if (x && !x->peer)
        label("founded from") << "the snapshot with the checksum "
                              << checksum_text(x->incarnation.value) << '\n';
      else if (x)
        label("remembers") << "peer " << to_text(x->peer) << ", incarnation "
                           << hex(x->incarnation) << ", start "
                           << (x->start ? hex(x->start) : "unknown") << '\n';
    }
  }
}

void dumper::show(group_id group) {
  text_ << "\nGroup " << to_text(group) << '\n';
  {
    auto txn = db_.begin_read();
    auto before = damages_;
    show_records(txn, group);
    show_term_starts(txn, group);
    show_extent(txn, group);
    if (damages_ == before)
      try {
        // What a peer does when it starts.
        lmdb_reader{db_, txn}.load(group);
      } catch (const store_error& e) {
        damage(e.what());
      }
  }
  show_log(group);
}

/// What is true of the group; of what the tables hold, only whether it is sound
/// if the journal knows better.
void dumper::show_records(const lmdb::transaction& txn, group_id group) {
  auto key = group_key(group);
  auto known = journaled(group).value_or(durable_state{});
  auto found = [&]<class T>(MDB_dbi table, const std::string& at,
                            const char* name, T newer) {
    std::optional<T> result;
    if (auto data = txn.get(table, at))
      result = sound<T>(group, *data, record_name(name, group));
    return journal_ ? std::optional{std::move(newer)} : result;
  };
  if (auto x = found(db_.hard_state_table, key, "hard_state", known.hard))
    label("hard state") << "term " << to_text(x->term) << ", "
                        << (x->vote ? "vote for peer " + to_text(x->vote)
                                    : "no vote")
                        << '\n';
  auto members = found(db_.members, key, "members", known.members);
  if (members && *members != configurations{}) {
    label("members") << text(members->founding) << '\n';
    for (const auto& x : members->later)
      label("members") << text(x) << '\n';
  }
  auto cluster = found(db_.meta, cluster_key(group), "cluster", known.cluster);
  if (cluster && *cluster)
    label("cluster id") << to_text(*cluster) << '\n';
  auto install
    = found(db_.meta, install_key(group), "install", known.installing);
  if (install && install->last.index)
    label("installing") << "snapshot " << to_text(*install) << '\n';
  auto point = found(db_.compaction, key, "compaction",
                     compaction_point{known.compacted});
  if (point && point->where.index)
    label("compacted") << "up to " << to_text(point->where) << '\n';
}

void dumper::show_term_starts(const lmdb::transaction& txn, group_id group) {
  std::vector<log_position> starts;
  lmdb::cursor place{txn, db_.term_starts};
  auto more = place.at_or_above(log_key(group, {}));
  for (; more && group_of(place.key()) == group; more = place.next())
    if (auto x = sound<log_position>(
          group, place.data(),
          record_name("term_starts", group, index_of(place.key()))))
      starts.push_back(*x);
  if (auto known = journaled(group))
    starts = known->term_starts;
  label("term starts") << text(starts) << '\n';
}

void dumper::show_extent(const lmdb::transaction& txn, group_id group) {
  log_index first;
  log_index last;
  if (auto known = journaled(group)) {
    first = known->compacted.index.next();
    last = known->last.index;
  } else {
    first = compacted(txn, group).index.next();
    lmdb::cursor place{txn, db_.log};
    auto any = place.at_or_above(log_key(group, first))
            && group_of(place.key()) == group;
    if (any) {
      first = index_of(place.key());
      place.at_or_below(log_key(group, last_index));
      last = index_of(place.key());
    }
  }
  if (first > last) {
    label("log") << "empty\n";
    position_width_ = 0;
    return;
  }
  label("log") << counted(last.next() - first, "entry", "entries") << ", "
               << to_text(first) << " to " << to_text(last) << '\n';
  // Terms have fewer digits than indexes, mostly.
  auto digits = static_cast<int>(to_text(last).size());
  position_width_ = std::max(12, 2 * digits + 1);
}

log_position dumper::compacted(const lmdb::transaction& txn,
                               group_id group) const {
  if (auto known = journaled(group))
    return known->compacted;
  compaction_point point;
  if (auto data = txn.get(db_.compaction, group_key(group)))
    decode(group, *data, point);
  return point.where;
}

void dumper::show_log(group_id group) {
  progress where;
  // To verify includes what is compacted, but not erased yet.
  where.next = options_.from;
  where.expected = options_.from;
  if (journal_)
    where.end = journal_->logs().first_in_journal(group);
  if (!options_.verify && position_width_ > 0)
    text_ << '\n'
          << std::setw(position_width_) << std::right << "INDEX@TERM"
          << "  KIND           TIME (UTC)               "
             "SESSION/SEQUENCE   BYTES  DATA\n";
  while (where.more) {
    show_some(group, where);
    print();
  }
  show_journaled(group);
}

void dumper::show_some(group_id group, progress& where) {
  auto txn = db_.begin_read();
  lmdb_reader reader{db_, txn};
  auto compacted = this->compacted(txn, group);
  where.expected = std::max(where.expected, compacted.index.next());
  if (!options_.verify)
    where.next = std::max(where.next, compacted.index.next());
  lmdb::cursor place{txn, db_.log};
  where.more = place.at_or_above(log_key(group, where.next));
  for (std::size_t n = 0; where.more && n < records_per_step; ++n) {
    auto index = index_of(place.key());
    if (group_of(place.key()) != group || index > options_.to) {
      where.more = false;
    } else {
      if (index > compacted.index && index < where.end)
        show_entry(reader, group, index, place.data(), where);
      else
        sound<entry>(group, place.data(), record_name("log", group, index));
      where.next = index.next();
      where.more = place.next();
    }
  }
}

void dumper::show_entry(const lmdb_reader& reader, group_id group,
                        log_index index, std::string_view data,
                        progress& where) {
  auto name = record_name("log", group, index);
  if (index > where.expected)
    damage(record_name("log", group, where.expected)
           + (index.previous() > where.expected
                ? " to " + to_text(index.previous())
                : std::string{})
           + ": missing");
  where.expected = index.next();
  auto x = sound<entry>(group, data, name);
  if (!x)
    return;
  if (!options_.verify)
    show_line(*x);
  if (x->index != index)
    damage(name + ": belongs to another index");
  if (x->term < where.term)
    damage(name + ": its term is below that of the entry before it");
  if (x->term != where.term)
    try {
      if (reader.term_start(group, index).term != x->term)
        damage(name + ": has another term than its place in term_starts");
    } catch (const store_error& e) {
      damage(e.what());
    }
  where.term = x->term;
}

void dumper::show_line(const entry& x) {
  auto tag = x.tag.session
             ? to_text(x.tag.session) + '/' + std::to_string(x.tag.sequence)
             : std::string{"-"};
  text_ << std::right << std::setw(position_width_)
        << to_text(log_position{x.index, x.term}) << "  " << std::left
        << std::setw(13) << text(x.kind) << "  " << std::setw(23)
        << text_of_time(x.time_ms) << "  " << std::setw(16) << tag << std::right
        << std::setw(8) << x.data.size()
        << (x.data.empty() ? "" : "  " + preview(x.data.view())) << '\n';
}

} // namespace

std::uint64_t dump(const dump_options& options, std::ostream& out) {
  try {
    return dumper{options, out}.run();
  } catch (const lmdb::error& e) {
    lmdb::rethrow(e, options.directory);
  }
}

} // namespace raft::persistence
