// What the tests of actors share: a state machine that shows what it was given,
// a store that fails on demand.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/persistence/store.hpp>
#include <raft/tests/support/event_log.hpp>
#include <raft/tests/support/patience.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace raft::test {

/// Nothing here takes longer unless something is broken.
inline constexpr auto deadline = patience;

/// Keeps all commands in a row; the reply is how many there are. The command
/// "poison" throws.
class journal : public machine::state_machine, public machine::snapshotting {
public:
  bytes apply(const machine::apply_context&, const bytes& command) override {
    if (command == bytes{"poison"})
      throw std::runtime_error{"this command is poison"};
    text_ += std::string{command.view()} + " ";
    return bytes{std::to_string(++count_)};
  }

  bytes query(const bytes& request) const override {
    if (request == bytes{"nonsense"})
      throw std::runtime_error{"this makes no sense"};
    return bytes{text_};
  }

  machine::snapshotting* snapshotting() noexcept override {
    return this;
  }

  std::string state_format() const override {
    return "journal 1";
  }

  void write_state(machine::state_sink& to) const override {
    to.write(text_);
  }

  void read_state(machine::state_source& from) override {
    text_ = machine::read_rest(from, 1 << 20);
    count_ = static_cast<int>(std::count(text_.begin(), text_.end(), ' '));
  }

  static std::unique_ptr<machine::state_machine> make(group_id) {
    return std::make_unique<journal>();
  }

private:
  std::string text_;
  int count_ = 0;
};

/// A store that can be made to wait, to be full, or to fail.
class difficult_store : public persistence::store {
public:
  explicit difficult_store(std::shared_ptr<persistence::store> impl)
    : impl_{std::move(impl)} {
    // nop
  }

  const persistence::store_identity& identity() const noexcept override {
    return impl_->identity();
  }

  void commit(std::span<const persist> batches) override {
    std::unique_lock guard{mutex_};
    sizes_.push_back(batches.size());
    changed_.notify_all();
    changed_.wait(guard, [this] { return sizes_.size() < held_from_; });
    if (sizes_.size() >= fails_from_)
      throw persistence::store_error{persistence::store_errc::write_failed,
                                     "the disk is on fire"};
    if (full_ && std::any_of(batches.begin(), batches.end(), takes_space))
      throw persistence::store_error{persistence::store_errc::no_space,
                                     "the disk is full"};
    impl_->commit(batches);
  }

  store_memory memory() const override {
    return impl_->memory();
  }

  void remember(const raft::remember& what) override {
    impl_->remember(what);
  }

  void conclude() override {
    impl_->conclude();
  }

  durable_state load(group_id group) const override {
    return impl_->load(group);
  }

  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override {
    {
      std::unique_lock guard{mutex_};
      ++reads_;
      changed_.notify_all();
      changed_.wait(guard, [this] { return !reads_held_; });
      if (reads_fail_)
        throw persistence::store_error{persistence::store_errc::corrupt,
                                       "the page is torn"};
    }
    return impl_->read(group, first, last, bytes_max);
  }

  std::vector<group_id> groups() const override {
    return impl_->groups();
  }

  /// Lets commits wait, from one on, counted from 1; or lets them go on.
  void hold(bool value, std::size_t from = 0) {
    std::lock_guard guard{mutex_};
    held_from_ = value ? from : never;
    changed_.notify_all();
  }

  /// Lets reads wait, or go on.
  void hold_reads(bool value) {
    std::lock_guard guard{mutex_};
    reads_held_ = value;
    changed_.notify_all();
  }

  /// Lets all further reads fail.
  void fail_reads() {
    std::lock_guard guard{mutex_};
    reads_fail_ = true;
  }

  /// Waits until `count` reads have begun.
  bool await_reads(std::size_t count) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, deadline, [&] { return reads_ >= count; });
  }

  /// Lets all further commits fail, or all from one on, counted from 1.
  void fail(std::size_t from = 0) {
    std::lock_guard guard{mutex_};
    fails_from_ = from;
  }

  /// Lets the disk be full: there is room in a reserve only.
  void fill(bool value) {
    std::lock_guard guard{mutex_};
    full_ = value;
  }

  /// Waits until `count` commits have begun.
  bool await_commits(std::size_t count) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, deadline,
                             [&] { return sizes_.size() >= count; });
  }

  /// How many batches each commit had.
  std::vector<std::size_t> sizes() const {
    std::lock_guard guard{mutex_};
    return sizes_;
  }

private:
  static constexpr auto never = std::numeric_limits<std::size_t>::max();

  std::shared_ptr<persistence::store> impl_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::size_t> sizes_;
  std::size_t held_from_ = never;
  mutable std::size_t reads_ = 0;
  bool reads_held_ = false;
  bool reads_fail_ = false;
  std::size_t fails_from_ = never;
  bool full_ = false;

  static bool takes_space(const persist& x) {
    return std::ranges::any_of(x.batch.entries, needs_space);
  }
};

/// An actor system of its own for each test.
struct system_fixture {
  actors::system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};

  /// Asks and waits for the answer.
  /// @returns nothing, and sets `error`, if the answer was an error.
  template <class Answer, class Handle, class... Ts>
  std::optional<Answer> ask(const Handle& to, Ts&&... xs) {
    std::optional<Answer> result;
    actors::ask(self, to, deadline, std::forward<Ts>(xs)...)
      .receive([&](Answer& x) { result = std::move(x); },
               [&](const caf::error& why) { error = caf::to_string(why); });
    return result;
  }

  std::string error;
};

inline entry command_at(std::uint64_t index, const char* command,
                        std::uint64_t term = 1) {
  entry x;
  x.term = {term};
  x.index = {index};
  x.kind = entry_kind::command;
  x.data = bytes{command};
  return x;
}

} // namespace raft::test
