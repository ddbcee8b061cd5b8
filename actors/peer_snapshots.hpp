// The snapshots of one peer; for peer_shell.hpp only.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/snapshot_parts.hpp>
#include <raft/consensus/core.hpp>
#include <raft/events/event.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/snapshots/rate_limit.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace raft::actors {

/// Carries out the duties 9 to 14 of consensus/output.hpp, and gives snapshots
/// to clients.
///
/// Taking one:
///
///   wanted ──freeze_state──► frozen ──log durable up to there──► being written
///
/// Installing one, which the core has asked for:
///
///   applier stops ──► nothing holds the old state ──► renew_machine ──►
///   applier
///
/// @tparam Shell The peer, which lets this see all of it.
template <class Shell>
class peer_snapshots {
public:
  void begin(Shell& shell, snapshot_parts parts) {
    shell_ = &shell;
    parts_ = std::move(parts);
    if (!parts_.keeper)
      return;
    shell.workers_.template ask<snapshots_found>(
      parts_.keeper, find_snapshots{shell.parts_.recovered},
      [this](snapshots_found& found) {
        shell_->step([&] {
          if (found.newest) {
            add(*found.newest, true);
            core().snapshot_taken(*found.newest);
          }
          if (found.coming) {
            add(*found.coming, found.stored == found.coming->size);
            core().snapshot_found(*found.coming, found.stored);
          }
        });
      });
  }

  /// The part of the core's output that is about snapshots.
  void carry_out(consensus::output& todo) {
    for (auto& x : todo.install_replies)
      post(std::move(x));
    for (auto& x : todo.chunks_to_send)
      send(std::move(x));
    for (auto& x : todo.chunks_to_store)
      store(std::move(x));
    if (todo.take_snapshot) {
      wanted_ = true;
      freeze_if_wanted();
    }
    write_if_durable();
    if (todo.install)
      install(*todo.install);
  }

  /// Looks after what time brings. To be called now and then, as often as
  /// heartbeats.
  void tick() {
    if (!parts_.keeper)
      return;
    const auto now = shell_->told_;
    std::erase_if(held_, [now](const auto& x) { return x.until <= now; });
    std::erase_if(files_, [this](const file& x) {
      if (core().needs_snapshot(x.head) || find_held(x.head) != held_.end())
        return false;
      actors::send(shell_->self_, parts_.keeper, forget_snapshot{x.head});
      return true;
    });
    // While one is written, which may take long, it is known that more comes.
    std::erase_if(clients_, [&](client& x) {
      if (x.until > now || writing_)
        return false;
      x.who.fail("entry " + to_text(x.at_least)
                 + " is not on this peer's disk, after a minute of waiting");
      return true;
    });
    freeze_if_wanted();
    if (installing_ && now >= not_before_)
      renew();
  }

  // -- clients ----------------------------------------------------------------

  caf::result<snapshot_taken> on(const take_snapshot& msg) {
    if (!parts_.keeper)
      return failure("this peer takes no snapshots: its state machine cannot "
                     "be copied, or it has no directory for them");
    // One that is there is as good if it has all that was asked for.
    if (const auto* known = newest(); known && msg.at_least
                                      && known->last.index >= msg.at_least
                                      && hold(*known))
      return snapshot_taken{msg.group, *known};
    if (clients_.size() >= clients_max)
      return failure("too many wait for a snapshot of this peer");
    return answer_later<snapshot_taken>(
      shell_->self_, [&](promise<snapshot_taken> waiting) {
        clients_.push_back(
          {msg.at_least, shell_->told_ + keep_for, std::move(waiting)});
        freeze_if_wanted();
      });
  }

  caf::result<snapshot_part> on(const read_snapshot& msg) {
    // The level of its members does not travel.
    const auto held = std::ranges::find_if(held_, [&msg](auto x) {
      x.head.members.level = msg.snapshot.members.level;
      return x.head == msg.snapshot;
    });
    if (held == held_.end())
      return failure("this peer does not keep that snapshot any more; have it "
                     "taken again");
    held->until = shell_->told_ + keep_for;
    return answer_later<snapshot_part>(
      shell_->self_, [&](promise<snapshot_part> waiting) {
        auto who = std::make_shared<promise<snapshot_part>>(std::move(waiting));
        read(held->head, msg.offset,
             std::min(msg.size, snapshot_part_bytes_max),
             [this, who, msg](part_read& x) {
               if (x.outcome != file_outcome::done)
                 return who->fail(x.reason);
               who->answer({msg.group, msg.offset, std::move(x.data)});
             });
      });
  }

  /// The peer ends. What is under way ends soon.
  void conclude() {
    stopped_ = true;
    clients_.clear();
    frozen_.reset();
    if (writing_)
      writing_->give_up();
    if (parts_.rate)
      parts_.rate->give_up();
  }

private:
  using instant = consensus::instant;

  static constexpr std::chrono::minutes keep_for{1};
  static constexpr std::chrono::seconds pause{1};
  static constexpr std::size_t clients_max = 64;
  /// How many files may be kept for clients; each may be as large as the state.
  static constexpr std::size_t held_max = 2;

  struct client {
    log_index at_least;
    /// What is not there by then may never be.
    instant until{0};
    promise<snapshot_taken> who;
  };

  /// What may be on the disk.
  struct file {
    snapshot_head head;
    bool whole = false;
  };

  /// A file that a client reads.
  struct held {
    snapshot_head head;
    instant until{0};
  };

  consensus::core& core() {
    return *shell_->core_;
  }

  void post(auto&& msg) {
    shell_->links_.post(shell_->self_, std::move(msg));
  }

  auto find_held(const snapshot_head& head) {
    return std::ranges::find(held_, head, &held::head);
  }

  /// Keeps a file for clients.
  /// @returns whether it may be.
  bool hold(const snapshot_head& head) {
    auto known = find_held(head);
    if (known == held_.end() && held_.size() >= held_max)
      return false;
    if (known == held_.end())
      known = held_.insert(held_.end(), {head, {}});
    known->until = shell_->told_ + keep_for;
    return true;
  }

  void add(const snapshot_head& head, bool whole) {
    auto known = std::ranges::find(files_, head, &file::head);
    if (known == files_.end())
      known = files_.insert(files_.end(), {head, false});
    known->whole = known->whole || whole;
  }

  /// Of those that are whole; null if there is none.
  const snapshot_head* newest() const {
    const snapshot_head* result = nullptr;
    for (const auto& x : files_)
      if (x.whole && (!result || x.head.last.index > result->last.index))
        result = &x.head;
    return result;
  }

  /// Tells of trouble, once until all is well again.
  void trouble(const char* what, const std::string& why) {
    if (!std::exchange(troubled_, true))
      events::tell(shell_->parts_.on_event,
                   events::snapshot_trouble{what, why});
  }

  // -- taken ------------------------------------------------------------------

  void freeze_if_wanted() {
    if (taking_ || installing_ || stopped_ || !parts_.keeper
        || (!wanted_ && clients_.empty()) || shell_->told_ < not_before_)
      return;
    log_index at_least;
    for (const auto& x : clients_)
      at_least = std::max(at_least, x.at_least);
    taking_ = true;
    auto asked = shell_->workers_.template ask_applier<state_frozen>(
      freeze_state{at_least}, [this](state_frozen& x) {
        frozen_ = std::move(x.state);
        if (!frozen_)
          end_taking(std::chrono::milliseconds{50});
        write_if_durable();
      });
    taking_ = asked;
  }

  /// A file must not be ahead of the log: after a crash, the log would not
  /// reach it.
  void write_if_durable() {
    if (!frozen_ || stopped_ || installing_
        || core().log().durable() < frozen_->applied)
      return;
    const auto index = frozen_->applied;
    const auto term = core().log().term_at(index);
    auto state = std::exchange(frozen_, nullptr);
    if (!term || !index)
      return end_taking(std::chrono::milliseconds{50});
    writing_ = std::make_shared<snapshots::rate_limit>(parts_.bytes_per_second);
    store_state what{std::move(state),
                     {index, *term},
                     core().members_at(index),
                     core().cluster()};
    shell_->workers_.template ask<state_stored>(
      parts_.spawn_writer(writing_), std::move(what), [this](state_stored& x) {
        writing_.reset();
        if (!stopped_)
          stored(x);
        renew_if_free();
      });
  }

  void stored(state_stored& x) {
    if (x.outcome != file_outcome::done) {
      if (x.outcome != file_outcome::given_up) {
        trouble("a snapshot cannot be taken", x.reason);
        for (auto& client : std::exchange(clients_, {}))
          client.who.fail(x.reason);
      }
      return end_taking(pause);
    }
    wanted_ = troubled_ = false;
    add(x.head, true);
    std::erase_if(clients_, [&](client& waiting) {
      if (waiting.at_least > x.head.last.index) {
        waiting.until = shell_->told_ + keep_for; // The next one may do.
        return false;
      }
      if (hold(x.head))
        waiting.who.answer({core().self().group, x.head});
      else
        waiting.who.fail("this peer keeps as many snapshots for clients as it "
                         "may; try again in a minute, or ask another one");
      return true;
    });
    end_taking({});
    shell_->step([&] { core().snapshot_taken(x.head); });
  }

  void end_taking(std::chrono::milliseconds before_next) {
    taking_ = false;
    not_before_ = shell_->told_ + before_next;
  }

  // -- sent -------------------------------------------------------------------

  void read(const snapshot_head& head, std::uint64_t offset, std::uint64_t size,
            auto then) {
    shell_->workers_.template ask<part_read>(
      parts_.keeper, read_part{head, offset, size}, std::move(then));
  }

  void send(consensus::chunk_to_send&& x) {
    if (x.size == 0)
      return post(std::move(x.request));
    auto msg = std::make_shared<install_request>(std::move(x.request));
    read(msg->snapshot, msg->offset, x.size, [this, msg](part_read& x) {
      if (stopped_)
        return;
      if (x.outcome != file_outcome::done) {
        trouble("a snapshot cannot be sent", x.reason);
        return shell_->step([&] { core().snapshot_lost(msg->snapshot); });
      }
      msg->data = std::move(x.data);
      post(std::move(*msg));
    });
  }

  // -- received ---------------------------------------------------------------

  void store(consensus::chunk_to_store&& x) {
    if (!parts_.keeper) {
      trouble("a snapshot cannot be received",
              "this peer's state machine cannot be copied");
      return core().chunk_refused(x.snapshot);
    }
    add(x.snapshot, false);
    shell_->workers_.template ask<part_stored>(
      parts_.keeper, store_part{x.snapshot, x.offset, std::move(x.data)},
      [this, head = x.snapshot](part_stored& done) { stored(head, done); });
  }

  void stored(const snapshot_head& head, const part_stored& done) {
    if (done.outcome == file_outcome::done) {
      troubled_ = false;
      add(head, done.stored == head.size);
    } else {
      trouble("a snapshot cannot be received", done.reason);
    }
    shell_->step([&] {
      if (done.outcome == file_outcome::done)
        core().chunk_stored(head, done.stored);
      else
        core().snapshot_lost(head);
    });
  }

  // -- installed --------------------------------------------------------------

  void install(const snapshot_head& head) {
    installing_ = head;
    not_before_ = {};
    frozen_.reset();
    taking_ = taking_ && writing_;
    if (writing_)
      writing_->give_up();
    shell_->workers_.end_applier([this] { renew_if_free(); });
  }

  /// Once nothing holds the old state any more.
  void renew_if_free() {
    if (installing_ && !stopped_ && !writing_ && !shell_->workers_.applier())
      renew();
  }

  void renew() {
    if (writing_ || shell_->workers_.applier()
        || std::exchange(renewing_, true))
      return;
    shell_->workers_.template ask<machine_renewed>(
      parts_.keeper, renew_machine{*installing_}, [this](machine_renewed& x) {
        renewing_ = false;
        if (stopped_)
          return;
        if (x.outcome == file_outcome::no_space) {
          trouble("a snapshot cannot be installed", x.reason);
          not_before_ = shell_->told_ + pause;
        } else if (x.outcome != file_outcome::done) {
          shell_->fail("snapshot " + to_text(*installing_)
                       + " cannot be installed: " + x.reason);
        } else {
          const auto head = *std::exchange(installing_, std::nullopt);
          troubled_ = false;
          shell_->workers_.begin_applier(x.machine->spawn_applier());
          shell_->durable_told_ = {};
          shell_->step([&] { core().installed(head); });
        }
      });
  }

  Shell* shell_ = nullptr;
  snapshot_parts parts_;
  std::vector<file> files_;
  std::vector<held> held_;
  std::vector<client> clients_;
  /// Whether the core wants one.
  bool wanted_ = false;
  /// From the question for the state until the file is there.
  bool taking_ = false;
  std::shared_ptr<machine::snapshot> frozen_;
  /// Of the one that is being written.
  std::shared_ptr<snapshots::rate_limit> writing_;
  instant not_before_{0};
  std::optional<snapshot_head> installing_;
  bool renewing_ = false;
  bool troubled_ = false;
  bool stopped_ = false;
};

} // namespace raft::actors
