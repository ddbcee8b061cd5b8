#include <raft/kv/pair_hasher.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/persistence/dump_text.hpp>
#include <raft/snapshots/snapshot_reader.hpp>
#include <raft/tools/lib/backup.hpp>
#include <raft/tools/lib/increment.hpp>

#include <fmt/format.h>

#include <ostream>

namespace raft::tools {

namespace {

using snapshots::fault;
using snapshots::snapshot_error;
using snapshots::snapshot_reader;

void show(std::ostream& out, const char* name, const std::string& value) {
  out << fmt::format("{:<12}{}\n", name, value);
}

/// Reads the state, to its end.
void show_state(snapshot_reader& in, std::ostream& out) {
  show(out, "state",
       fmt::format("{}, {} bytes", in.about().format, in.counts().state_bytes));
  if (in.about().format == kv::state_format) {
    kv::pair_reader pairs{in};
    kv::pair_hasher hash;
    while (pairs.next())
      hash.add(pairs.key(), pairs.value());
    auto found = hash.finish();
    show(out, "pairs",
         fmt::format("{}, digest {:016x}", found.keys, found.hash));
    machine::expect_end(in);
  }
  snapshots::verify_rest(in);
}

} // namespace

void show_description(const snapshot_reader& in, std::ostream& out) {
  using persistence::text;
  using persistence::text_of_time;
  const auto& x = in.about();
  show(out, "cluster",
       fmt::format("'{}', id {}", x.cluster_name, to_text(x.cluster)));
  show(out, "group", to_text(x.group));
  show(out, "last entry",
       fmt::format("{}, of {}", to_text(x.last), text_of_time(x.time_ms)));
  show(out, "members",
       fmt::format("voters {}; learners {}", text(x.members.voters),
                   text(x.members.learners)));
  show(out, "taken",
       fmt::format("by peer {}, {}", to_text(x.taken_by),
                   text_of_time(x.taken_ms)));
}

void show_sound(const snapshot_reader& in, std::ostream& out) {
  const auto& x = in.counts();
  show(out, "sound",
       fmt::format("all {} bytes in {} chunks, checksum {:016x}", x.file_bytes,
                   x.chunks, x.checksum));
}

bool is_damage(const snapshot_error& e) {
  return e.code() == fault::damaged || e.code() == fault::cut_short;
}

void show_increment(const std::string& file, std::ostream& out) {
  increment_reader in{file};
  show_description(in.file(), out);
  show(out, "behind", to_text(in.after()));
  std::uint64_t count = 0;
  while (in.next())
    ++count;
  show(out, "entries", std::to_string(count));
  show_sound(in.file(), out);
}

verdict verify_backup(const std::string& file, std::ostream& out) {
  try {
    snapshot_reader in{file};
    if (in.about().format == increment_format) {
      show_increment(file, out);
      return {};
    }
    show_description(in, out);
    auto sessions = in.sessions();
    // One of the records is the clock.
    auto open = 0;
    for (const auto& x : sessions)
      open += x.id ? 1 : 0;
    show(out, "sessions", std::to_string(open));
    show_state(in, out);
    show_sound(in, out);
    return {};
  } catch (const snapshot_error& e) {
    return {is_damage(e) ? exit_code::no : exit_code::usage, e.what()};
  } catch (const machine::bad_state& e) {
    return {exit_code::no, fmt::format("'{}' is no snapshot of a key-value "
                                       "state: {}; take another one",
                                       file, e.what())};
  }
}

} // namespace raft::tools
