#include <raft/cluster/restoration.hpp>
#include <raft/consensus/acquaintances.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/persistence/journal_store.hpp>
#include <raft/snapshots/snapshot_job.hpp>
#include <raft/snapshots/snapshot_reader.hpp>
#include <raft/snapshots/snapshot_receiver.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace raft::cluster {

namespace {

using snapshots::snapshot_reader;

/// Fills one directory from one file.
class restorer {
public:
  restorer(const configuration& config, const restoration_source& from)
    : config_{config}, from_{from} {
    // nop
  }

  restored_store run() {
    check(config_);
    // Whoever leaves the setting where it is need not keep the file forever.
    if (holds_store() && is_gone(from_.file)) {
      auto store = open_store(config_);
      if (is_filled(*store))
        return {std::move(store), {}};
    }
    snapshot_reader in{from_.file};
    check_kind(in);
    if (!holds_store())
      return fill_new(in);
    auto store = open_store(config_);
    check_origin(*store, in);
    if (is_filled(*store))
      return {std::move(store), {}};
    return fill(std::move(store), in);
  }

private:
  bool holds_store() const {
    return std::filesystem::exists(config_.data_directory + "/data.mdb");
  }

  static bool is_gone(const std::string& file) {
    std::error_code ignored; // Whatever it is, reading the file fails as well.
    return !std::filesystem::exists(file, ignored) && !ignored;
  }

  bool is_filled(const persistence::store& x) const {
    return persistence::origin_of(x)
        && !persistence::is_being_founded(x, config_.group);
  }

  void check_kind(const snapshot_reader& in) const {
    if (in.about().format == from_.format)
      return;
    throw restoration_error{fmt::format(
      "'{}' is the snapshot of a state machine \"{}\", and this one "
      "is \"{}\": it cannot be restored here",
      from_.file, in.about().format, from_.format)};
  }

  /// Whether what the directory holds began with this file.
  void check_origin(const persistence::store& x,
                    const snapshot_reader& in) const {
    const auto known = persistence::origin_of(x);
    const auto wanted = persistence::origin_from(in.counts().checksum);
    if (known == wanted)
      return;
    if (known)
      throw restoration_error{fmt::format(
        "'{}' was restored from another snapshot: its checksum is {}, that of "
        "'{}' is {}. Start without --restore to go on with what is there, or "
        "with an empty directory to restore this file",
        config_.data_directory, checksum_text(known), from_.file,
        checksum_text(wanted))};
    if (x.load(config_.group) != durable_state{})
      throw restoration_error{fmt::format(
        "'{}' holds peer {} of a cluster already, which was not restored from "
        "'{}': a file is restored into an empty directory. Start without "
        "--restore to go on with what is there, or name another directory",
        config_.data_directory, config_.id.value, from_.file)};
  }

  /// Nothing is made for a file that is of no use.
  restored_store fill_new(snapshot_reader& in) {
    snapshots::verify(in);
    return fill(open_store(config_), in);
  }

  restored_store fill(std::shared_ptr<persistence::store> store,
                      const snapshot_reader& in) {
    const auto& about = in.about();
    const auto group = config_.group;
    check_members(*store);
    persistence::begin_founding(*store, in.counts().checksum);
    const auto& owner = store->identity();
    auto to = from_.make(
      {group, owner.cluster, owner.peer, owner.incarnation, about.last.index});
    if (!to->find(about.last.index))
      snapshots::build(*to, from_.format, from_.file);
    persistence::found_behind(
      *store, group, snapshots::head_of(about, in.counts()), members());
    to->install();
    persistence::end_installing(*store, group);
    return {std::move(store), about};
  }

  std::vector<peer_id> members() const {
    std::vector<peer_id> result;
    for (const auto& x : config_.members)
      result.push_back(x.id);
    std::sort(result.begin(), result.end());
    return result;
  }

  /// Who goes on must not change his mind.
  void check_members(const persistence::store& x) const {
    auto known = x.load(config_.group).members.founding.voters;
    if (known.empty() || known == members())
      return;
    throw restoration_error{fmt::format(
      "the restoration of '{}' began with the members {}, and --members names "
      "{}: name the same, or begin anew with an empty directory",
      config_.data_directory, consensus::to_text(known),
      consensus::to_text(members()))};
  }

  const configuration& config_;
  const restoration_source& from_;
};

} // namespace

restored_store open_restored(const configuration& config,
                             const restoration_source& from) {
  return restorer{config, from}.run();
}

std::shared_ptr<persistence::store> open_store(const configuration& config) {
  persistence::lmdb_options lmdb;
  lmdb.directory = config.data_directory;
  lmdb.cluster = config.cluster;
  lmdb.peer = config.id;
  lmdb.map_bytes = config.map_bytes;
  lmdb.reserved_space = config.reserved_space;
  return persistence::open_journal_store(lmdb, config.journal);
}

} // namespace raft::cluster
