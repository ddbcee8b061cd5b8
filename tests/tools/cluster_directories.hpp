// Data directories of peers of one cluster, written without any peer.

#pragma once

#include <raft/kv/command.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/machine/durability.hpp>
#include <raft/machine/executor.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/persistence/journal_store.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <memory>
#include <span>
#include <string>

namespace raft::test {

/// One directory.
struct peer_directory {
  std::string path;
  peer_id peer;
  std::string cluster = "test";

  persistence::lmdb_options options() const {
    persistence::lmdb_options result;
    result.directory = path;
    result.cluster = cluster;
    result.peer = peer;
    result.map_bytes = 16 << 20;
    result.reserved_space = {64 << 10, 16 << 10};
    return result;
  }

  std::unique_ptr<persistence::store> open() const {
    return persistence::open_journal_store(options(), {2, 64 << 10});
  }

  /// Of the entry that names the cluster, and commands behind it.
  static entry entry_at(std::uint64_t index, term_number term, cluster_id id) {
    entry result{term, {index}, entry_kind::command, 1'000'000 + index, {}, {}};
    if (index == 1) {
      result.kind = entry_kind::empty;
      result.data = to_bytes(id);
    } else {
      result.data = kv::encode(kv::put{"key" + std::to_string(index), "value"});
    }
    return result;
  }

  /// A peer of three, with entries up to one, the last of them in a term of its
  /// own.
  void fill(std::uint64_t last, term_number last_term,
            cluster_id id = {77}) const {
    auto store = open();
    persistence::found_group(*store, {1}, {{1}, {2}, {3}});
    persist x{{1}, {}, {}};
    x.batch.hard = {last_term, peer};
    x.batch.cluster = id;
    for (std::uint64_t i = 1; i <= last; ++i)
      x.batch.entries.push_back(
        entry_at(i, i == last ? last_term : term_number{1}, id));
    store->commit(std::span{&x, 1});
    store->conclude();
  }

  std::unique_ptr<machine::executor> machine(incarnation_id incarnation) const {
    kv::engine_options engine;
    engine.directory = path;
    engine.map_bytes = 16 << 20;
    return std::make_unique<machine::executor>(
      kv::engine_factory(engine)({{1}, cluster, peer, incarnation, {}}));
  }

  /// Has the state machine apply all and keep it.
  void checkpoint() const {
    auto store = open();
    auto to = machine(store->identity().incarnation);
    auto last = store->load({1}).last.index;
    for (const auto& x : store->read({1}, to->applied().next(), last, 1 << 20))
      to->apply(x);
    auto job = to->take_checkpoint(last, true);
    job->hurry();
    job->run();
    to->checkpoint_done();
    store->conclude();
  }
};

} // namespace raft::test
