#include <raft/persistence/dump.hpp>
#include <raft/persistence/lmdb_memory.hpp>
#include <raft/persistence/lmdb_reader.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <iomanip>
#include <ostream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace raft::persistence {

namespace {

/// How many records are read before the transaction ends.
constexpr std::size_t records_per_step = 1000;
/// How many characters of an entry's data are shown.
constexpr std::size_t preview_chars = 48;

// -- values as text -----------------------------------------------------------

std::string text(entry_kind x) {
  switch (x) {
    case entry_kind::empty:
      return "empty";
    case entry_kind::command:
      return "command";
    case entry_kind::open_session:
      return "open_session";
    case entry_kind::configuration:
      return "configuration";
  }
  return "kind " + std::to_string(static_cast<unsigned>(x));
}

std::string text(const std::vector<peer_id>& xs) {
  std::string result;
  for (auto x : xs)
    result += (result.empty() ? "" : " ") + to_text(x);
  return result.empty() ? "none" : result;
}

/// UTC, such as "2024-05-01 12:00:00.123".
std::string text_of_time(std::uint64_t ms) {
  if (ms == 0)
    return "-";
  auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm fields{};
  std::array<char, 40> result{};
  if (gmtime_r(&seconds, &fields) == nullptr
      || std::strftime(result.data(), result.size(), "%F %T", &fields) == 0)
    return std::to_string(ms);
  auto fraction = std::to_string(1000 + ms % 1000);
  return std::string{result.data()} + '.' + fraction.substr(1);
}

/// Printable, on one line, and short.
std::string preview(std::string_view data) {
  constexpr auto digits = "0123456789abcdef";
  std::string result;
  for (unsigned char c : data) {
    std::string piece(1, static_cast<char>(c));
    if (c == '\n')
      piece = "\\n";
    else if (c == '"' || c == '\\')
      piece = std::string{"\\"} + static_cast<char>(c);
    else if (c < ' ' || c > '~')
      piece = std::string{"\\x"} + digits[c >> 4] + digits[c & 15];
    if (result.size() + piece.size() > preview_chars)
      return '"' + result + "\"...";
    result += piece;
  }
  return '"' + result + '"';
}

std::string counted(std::uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + ' ' + (n == 1 ? one : many);
}

/// At most ten, the first and the last ones.
std::string text(const std::vector<log_position>& xs) {
  std::string result;
  auto add = [&result](const std::string& x) {
    result += (result.empty() ? "" : " ") + x;
  };
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (xs.size() <= 10 || i < 4 || i >= xs.size() - 5)
      add(to_text(xs[i]));
    else if (i == 4)
      add("...");
  if (xs.size() > 10)
    add("(" + counted(xs.size(), "term", "terms") + ')');
  return xs.empty() ? "none" : result;
}

// -- the dump -----------------------------------------------------------------

class dumper {
public:
  dumper(const dump_options& options, std::ostream& out)
    : options_{options}, out_{out}, db_{to_open(options)} {
    // nop
  }

  std::uint64_t run() {
    const auto& self = db_.identity();
    text_ << "Store of peer " << to_text(self.peer) << " of cluster '"
          << self.cluster << "', incarnation " << std::hex << std::setw(16)
          << std::setfill('0') << self.incarnation.value << std::setfill(' ')
          << std::dec << ", format " << db_.format() << '\n';
    show_memory();
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
  return result;
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
      if (auto x = sound<acquaintance>({}, place.data(), "meta peer"))
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

void dumper::show_records(const lmdb::transaction& txn, group_id group) {
  auto key = group_key(group);
  if (auto data = txn.get(db_.hard_state_table, key))
    if (auto x
        = sound<hard_state>(group, *data, record_name("hard_state", group)))
      label("hard state") << "term " << to_text(x->term) << ", "
                          << (x->vote ? "vote for peer " + to_text(x->vote)
                                      : "no vote")
                          << '\n';
  if (auto data = txn.get(db_.members, key))
    if (auto x = sound<membership>(group, *data, record_name("members", group)))
      label("members") << "voters " << text(x->voters) << "; learners "
                       << text(x->learners) << "; "
                       << (x->index ? "since index " + to_text(x->index)
                                    : "since the bootstrap")
                       << '\n';
  if (auto data = txn.get(db_.meta, cluster_key(group)))
    if (auto x = sound<cluster_id>(group, *data, record_name("cluster", group)))
      label("cluster id") << to_text(*x) << '\n';
  if (auto data = txn.get(db_.compaction, key))
    if (auto x = sound<compaction_point>(group, *data,
                                         record_name("compaction", group)))
      label("compacted") << "up to " << to_text(x->where) << '\n';
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
  label("term starts") << text(starts) << '\n';
}

void dumper::show_extent(const lmdb::transaction& txn, group_id group) {
  lmdb::cursor place{txn, db_.log};
  compaction_point point;
  if (auto data = txn.get(db_.compaction, group_key(group)))
    decode(group, *data, point);
  const auto& compacted = point.where;
  if (!place.at_or_above(log_key(group, compacted.index.next()))
      || group_of(place.key()) != group) {
    label("log") << "empty\n";
    position_width_ = 0;
    return;
  }
  auto first = index_of(place.key());
  place.at_or_below(
    log_key(group, {std::numeric_limits<std::uint64_t>::max()}));
  auto last = index_of(place.key());
  label("log") << counted(last.next() - first, "entry", "entries") << ", "
               << to_text(first) << " to " << to_text(last) << '\n';
  // Terms have fewer digits than indexes, mostly.
  auto digits = static_cast<int>(to_text(last).size());
  position_width_ = std::max(12, 2 * digits + 1);
}

void dumper::show_log(group_id group) {
  progress where;
  // To verify includes what is compacted, but not erased yet.
  where.next = options_.from;
  where.expected = options_.from;
  if (!options_.verify && position_width_ > 0)
    text_ << '\n'
          << std::setw(position_width_) << std::right << "INDEX@TERM"
          << "  KIND           TIME (UTC)               "
             "SESSION/SEQUENCE   BYTES  DATA\n";
  while (where.more) {
    show_some(group, where);
    print();
  }
}

void dumper::show_some(group_id group, progress& where) {
  auto txn = db_.begin_read();
  lmdb_reader reader{db_, txn};
  compaction_point point;
  if (auto data = txn.get(db_.compaction, group_key(group)))
    decode(group, *data, point);
  const auto& compacted = point.where;
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
      if (index > compacted.index)
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
