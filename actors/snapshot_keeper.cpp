#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/actors/snapshot_keeper.hpp>
#include <raft/actors/snapshot_parts.hpp>
#include <raft/machine/durability.hpp>
#include <raft/snapshots/rate_limit.hpp>
#include <raft/snapshots/shelf.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/snapshots/snapshot_job.hpp>
#include <raft/snapshots/snapshot_receiver.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace raft::actors {

fresh_machine::~fresh_machine() = default;

namespace {

using clock = std::chrono::steady_clock;

/// Does work on files, and says what became of it.
template <class Answer, class Work>
Answer answer_of(Work work) {
  Answer result;
  try {
    work(result);
  } catch (const machine::no_space& e) {
    result.outcome = file_outcome::no_space;
    result.reason = e.what();
  } catch (const machine::given_up& e) {
    result.outcome = file_outcome::given_up;
    result.reason = e.what();
  } catch (const std::exception& e) {
    result.outcome = file_outcome::failed;
    result.reason = e.what();
  }
  return result;
}

class snapshot_keeper_state {
public:
  static inline const char* name = "raft.snapshot_keeper";

  using self_pointer
    = sheltered_pointer<snapshot_keeper_state, snapshot_keeper_actor>;

  void init(self_pointer self, snapshot_keeper_options options) {
    self_ = self;
    options_ = std::move(options);
  }

  snapshots_found on(const find_snapshots& what) {
    snapshots_found result;
    try {
      auto found = options_.files->tidy(what.log);
      result.newest = found.newest;
      if (found.coming) {
        result.stored = options_.files->is_whole(*found.coming)
                        ? found.coming->size
                        : receive(*found.coming).stored();
        result.coming = found.coming;
      }
    } catch (const std::exception&) {
      // What cannot be read is not there: it is taken or sent anew.
      receiver_.reset();
    }
    return result;
  }

  part_read on(const read_part& what) {
    return answer_of<part_read>([&](part_read& result) {
      if (!reading_ || reading_->head != what.head)
        reading_.emplace(what.head, snapshots::snapshot_bytes{
                                      options_.files->path_of(what.head)});
      options_.rate->take(what.size);
      result.data = bytes{reading_->bytes.read(what.offset, what.size)};
    });
  }

  caf::result<part_stored> on(const store_part& what) {
    if (clock::now() < without_space_until_)
      return part_stored{file_outcome::no_space, without_space_, 0};
    auto done = answer_of<part_stored>([&](part_stored&) { write(what); });
    if (done.outcome != file_outcome::done)
      return lose(std::move(done));
    return answer_later<part_stored>(self_, [&](promise<part_stored> waiting) {
      waiting_.push_back(std::move(waiting));
      if (unsynced_ >= options_.sync_bytes
          || receiver_->received() == coming_.size)
        return settle();
      if (waiting_.size() == 1)
        send(self_, snapshot_keeper_actor{self_}, commit_collected{});
    });
  }

  void on(const commit_collected&) {
    settle();
  }

  machine_renewed on(const renew_machine& what) {
    return answer_of<machine_renewed>([&](machine_renewed& result) {
      result.machine = options_.renew(options_.files->path_of(what.head));
    });
  }

  void on(const forget_snapshot& what) {
    if (reading_ && reading_->head == what.head)
      reading_.reset();
    if (receiver_ && coming_ == what.head)
      drop();
    options_.files->remove(what.head);
  }

private:
  struct source {
    source(const snapshot_head& x, snapshots::snapshot_bytes y)
      : head{x}, bytes{std::move(y)} {
      // nop
    }

    snapshot_head head;
    snapshots::snapshot_bytes bytes;
  };

  snapshots::snapshot_receiver& receive(const snapshot_head& head) {
    if (!receiver_ || coming_ != head) {
      drop();
      receiver_ = std::make_unique<snapshots::snapshot_receiver>(
        options_.files->path_of(head), head);
      coming_ = head;
    }
    return *receiver_;
  }

  void write(const store_part& what) {
    auto& to = receive(what.head);
    if (what.offset != to.received()
        || what.data.size() > what.head.size - what.offset)
      return; // What was before it was lost.
    to.write(what.data.view());
    unsynced_ += what.data.size();
  }

  /// Puts what was written on the disk, and answers for it.
  void settle() {
    if (waiting_.empty())
      return;
    unsynced_ = 0;
    auto done = answer_of<part_stored>([&](part_stored& result) {
      receiver_->received() == coming_.size ? receiver_->finish()
                                            : receiver_->sync();
      result.stored = receiver_->stored();
      // A file that is whole is received no more.
      if (result.stored == coming_.size)
        receiver_.reset();
    });
    if (done.outcome != file_outcome::done)
      done = lose(std::move(done));
    for (auto& x : std::exchange(waiting_, {}))
      x.answer(done);
  }

  /// Nothing is there any more of what came.
  part_stored lose(part_stored why) {
    if (why.outcome == file_outcome::no_space) {
      without_space_until_ = clock::now() + options_.pause_without_space;
      without_space_ = why.reason;
    }
    receiver_.reset();
    for (auto& x : std::exchange(waiting_, {}))
      x.answer(why);
    return why;
  }

  /// Another one comes, or none.
  void drop() {
    if (receiver_)
      settle();
    receiver_.reset();
  }

  self_pointer self_ = nullptr;
  snapshot_keeper_options options_;
  std::optional<source> reading_;
  std::unique_ptr<snapshots::snapshot_receiver> receiver_;
  /// Of which snapshot that takes parts.
  snapshot_head coming_;
  std::uint64_t unsynced_ = 0;
  std::vector<promise<part_stored>> waiting_;
  clock::time_point without_space_until_{};
  std::string without_space_;
};

snapshot_keeper_actor::behavior_type snapshot_keeper(
  sheltered_pointer<snapshot_keeper_state, snapshot_keeper_actor> self,
  snapshot_keeper_options options) {
  state_of(self).init(self, std::move(options));
  return {
    [self](const find_snapshots& msg) { return state_of(self).on(msg); },
    [self](const read_part& msg) { return state_of(self).on(msg); },
    [self](const store_part& msg) { return state_of(self).on(msg); },
    [self](const commit_collected& msg) { state_of(self).on(msg); },
    [self](const renew_machine& msg) { return state_of(self).on(msg); },
    [self](const forget_snapshot& msg) { state_of(self).on(msg); },
    [self](const stop& msg) {
      self->quit();
      return stopped{msg.group};
    },
  };
}

// -- the writer ---------------------------------------------------------------

class snapshot_writer_state {
public:
  static inline const char* name = "raft.snapshot_writer";
};

state_stored write(const snapshot_writer_options& options, store_state& what) {
  return answer_of<state_stored>([&](state_stored& result) {
    snapshots::description about;
    about.cluster_name = options.cluster_name;
    about.cluster = what.cluster;
    about.group = options.group;
    about.last = what.last;
    about.members = what.members;
    about.taken_by = options.taken_by;
    about.taken_ms = options.taken_ms;
    // Whatever it holds of the machine is let go of before the answer.
    auto state = std::exchange(what.state, nullptr);
    snapshots::write_options how;
    how.rate = options.rate;
    snapshots::snapshot_job job{options.files->taking(), about,
                                std::move(*state), how};
    state.reset();
    auto counts = job.run();
    auto head = snapshots::head_of(job.about(), counts);
    options.files->put(head);
    result.head = head;
  });
}

snapshot_writer_actor::behavior_type snapshot_writer(
  sheltered_pointer<snapshot_writer_state, snapshot_writer_actor> self,
  snapshot_writer_options options) {
  return {
    [self, options = std::move(options)](store_state& msg) {
      self->quit();
      return write(options, msg);
    },
  };
}

} // namespace

snapshot_keeper_actor spawn_snapshot_keeper(caf::actor_system& system,
                                            snapshot_keeper_options options) {
  return spawn_actor(system, true, snapshot_keeper, std::move(options));
}

snapshot_writer_actor spawn_snapshot_writer(caf::actor_system& system,
                                            snapshot_writer_options options) {
  return spawn_actor(system, true, snapshot_writer, std::move(options));
}

} // namespace raft::actors
