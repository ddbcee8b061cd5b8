// The actors that work for one peer; for peer_shell.hpp only.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/peer.hpp>
#include <raft/actors/stop_other.hpp>

#include <caf/error.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace raft::actors {

/// Persister, reader, applier, and the keeper of snapshots if there is one: has
/// them do things, watches them, and ends them.
///
/// Errors of theirs are final, so nothing that they are asked for needs a
/// deadline: if one of them ends, that is an error, too.
template <class Self>
class peer_workers {
public:
  peer_workers() = default;
  peer_workers(const peer_workers&) = delete;
  peer_workers& operator=(const peer_workers&) = delete;

  /// An exit message or an exception ends a peer without `stop`.
  ~peer_workers() {
    if (gone_)
      return;
    stop_unwatched(group_, applier_, reader_, keeper_);
    if (owns_persister_)
      stop_unwatched(group_, persister_);
  }

  /// @param failed Told why the peer cannot go on.
  /// @param gone Told, once, that all have ended after `stop`.
  void begin(Self* self, peer_parts& parts,
             std::function<void(const std::string&)> failed,
             std::function<void()> gone) {
    self_ = self;
    group_ = parts.self.group;
    persister_ = std::move(parts.persister);
    reader_ = std::move(parts.reader);
    keeper_ = parts.snapshots.keeper;
    owns_persister_ = parts.owns_persister;
    failed_ = std::move(failed);
    told_gone_ = std::move(gone);
    watch(persister_, "the persister ended");
    watch(reader_, "the reader ended");
    if (keeper_)
      watch(keeper_, "the keeper of snapshots ended");
    begin_applier(std::move(parts.applier));
  }

  const persister_actor& persister() const noexcept {
    return persister_;
  }

  const reader_actor& reader() const noexcept {
    return reader_;
  }

  /// None while what its state machine holds is being replaced.
  const applier_actor& applier() const noexcept {
    return applier_;
  }

  /// Who was told to end; whatever is under way ends first.
  void stop() {
    stopping_ = true;
    if (!applier_)
      return end_if_done();
    // First of all: what waits for space on its disk could wait forever.
    ++under_way_;
    stop_other(self_, applier_, group_, [this] { done(); });
  }

  /// Has one of them do something.
  template <class Answer, class Actor, class Request, class Then>
  void ask(const Actor& who, Request&& what, Then then) {
    ask<Answer>(who, std::forward<Request>(what), std::move(then), failed_);
  }

  /// The same for the applier. What one says that has been replaced counts no
  /// more.
  /// @returns whether there is one.
  template <class Answer, class Request, class Then>
  bool ask_applier(Request&& what, Then then) {
    if (!applier_)
      return false;
    ask<Answer>(
      applier_, std::forward<Request>(what),
      [this, then = std::move(then), who = applier_](Answer& answer) mutable {
        if (who == applier_)
          then(answer);
      },
      [this, who = applier_](const std::string& why) {
        if (who == applier_)
          failed_(why);
      });
    return true;
  }

  /// Ends the applier, to have another one.
  template <class Then>
  void end_applier(Then then) {
    watcher_.unwatch(applier_);
    auto old = std::exchange(applier_, applier_actor{});
    ++under_way_;
    stop_other(self_, old, group_, [this, then]() mutable {
      then();
      done();
    });
  }

  void begin_applier(applier_actor x) {
    applier_ = std::move(x);
    watch(applier_, "the applier ended");
  }

  /// Also sees to the ends of others, such as subscribers.
  watcher& watched() noexcept {
    return watcher_;
  }

private:
  template <class Answer, class Actor, class Request, class Then, class Failed>
  void ask(const Actor& who, Request&& what, Then then, Failed failed) {
    ++under_way_;
    actors::ask(self_, who, caf::infinite, std::forward<Request>(what))
      .then(
        [this, then = std::move(then)](Answer& answer) mutable {
          then(answer);
          done();
        },
        [this, failed](const caf::error& why) {
          failed(caf::to_string(why));
          done();
        });
  }

  template <class Actor>
  void watch(const Actor& who, const char* words) {
    watcher_.watch(self_, who, [this, words] { failed_(words); });
  }

  void done() {
    --under_way_;
    end_if_done();
  }

  void end_if_done() {
    if (!stopping_ || under_way_ > 0 || std::exchange(ending_, true))
      return;
    // All that keep the store let go of it before the end is told.
    stop_if(static_cast<bool>(keeper_), keeper_, [this] {
      stop_if(true, reader_, [this] {
        stop_if(owns_persister_, persister_, [this] {
          gone_ = true;
          told_gone_();
        });
      });
    });
  }

  template <class Actor, class Then>
  void stop_if(bool wanted, const Actor& who, Then then) {
    wanted ? stop_other(self_, who, group_, std::move(then)) : then();
  }

  Self* self_ = nullptr;
  group_id group_;
  persister_actor persister_;
  reader_actor reader_;
  applier_actor applier_;
  snapshot_keeper_actor keeper_;
  bool owns_persister_ = false;
  std::function<void(const std::string&)> failed_;
  std::function<void()> told_gone_;
  watcher watcher_;
  /// Requests that are not answered yet.
  std::size_t under_way_ = 0;
  bool stopping_ = false;
  /// Whether the others are being stopped, too.
  bool ending_ = false;
  bool gone_ = false;
};

} // namespace raft::actors
