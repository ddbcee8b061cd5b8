// Files of snapshots that a cluster can be restored from, for tests.

#pragma once

#include <raft/cluster/restoration.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/machine/executor.hpp>
#include <raft/snapshots/snapshot_job.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>

namespace raft::cluster {

/// A key-value machine in memory, and the file of its snapshot.
class original {
public:
  /// Applies the next entry.
  void apply(const kv::command& what, term_number term = {4}) {
    apply({term,
           machine_.applied().next(),
           entry_kind::command,
           1'700'000'000'000 + machine_.applied().value,
           {},
           kv::encode(what)});
  }

  void apply(const entry& x) {
    machine_.apply(x);
    last_ = {x.index, x.term};
  }

  /// So many keys, in several entries, and a session.
  void fill(int keys) {
    apply(
      {{4}, machine_.applied().next(), entry_kind::open_session, 7, {}, {}});
    for (auto i = 0; i < keys; ++i)
      apply(kv::put{"key" + std::to_string(i), std::string(100, 'v')});
  }

  kv::digest digest() const {
    return *kv::decode_digest(machine_.query(kv::digest_request()));
  }

  log_position last() const {
    return last_;
  }

  snapshots::description about() const {
    snapshots::description result;
    result.cluster_name = "before";
    result.cluster = {77};
    result.last = last_;
    result.members.voters = {{1}, {2}, {3}};
    result.taken_by = {2};
    return result;
  }

  snapshots::totals write(const std::string& file) {
    return snapshots::snapshot_job{file, about(), *machine_.begin_snapshot()}
      .run();
  }

private:
  machine::executor machine_{std::make_unique<kv::kv_machine>()};
  log_position last_;
};

/// Of the key-value data in a directory that nobody uses.
inline std::pair<log_index, kv::digest> state_in(const configuration& config,
                                                 incarnation_id incarnation) {
  kv::engine_options options;
  options.directory = config.data_directory;
  machine::executor found{kv::engine_factory(options)(
    {config.group, config.cluster, config.id, incarnation, {}})};
  return {found.applied(),
          *kv::decode_digest(found.query(kv::digest_request()))};
}

} // namespace raft::cluster
