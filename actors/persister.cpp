#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/actors/persister.hpp>
#include <raft/persistence/batcher.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace raft::actors {

namespace {

class persister_state {
public:
  static inline const char* name = "raft.persister";

  void init(persister_options options) {
    options_ = std::move(options);
  }

  /// @returns whether a commit must be ordered: this is the first of a batch.
  bool collect(persist&& batch, promise<persisted> waiting) {
    if (!failure_.empty()) {
      waiting.fail(failure_);
      return false;
    }
    auto first = collected_.empty();
    collected_.add(std::move(batch), std::move(waiting));
    return first;
  }

  /// Writes what has been collected and answers for it.
  void on(const commit_collected&) {
    while (!collected_.empty())
      write(collected_.take());
  }

  caf::result<remembered> on(const raft::remember& what) {
    switch (try_to_write([&](auto& store) { store.remember(what); })) {
      case result::written:
        return remembered{false};
      case result::no_space:
        return remembered{true};
      default:
        return failure(failure_);
    }
  }

  void close() {
    // The end of this process is not the worse for it if that fails.
    try {
      if (failure_.empty() && options_.store)
        options_.store->conclude();
    } catch (const std::exception&) {
      failure_ = "the persister could not note its end";
    }
    options_.store.reset();
    if (failure_.empty())
      failure_ = "the persister has stopped";
  }

private:
  using commit = persistence::batcher<promise<persisted>>::commit;

  void write(commit what) {
    switch (try_to_write(what.batches)) {
      case result::written:
        answer(what, false);
        break;
      case result::no_space: {
        auto rest = take_what_needs_no_space(what);
        answer(what, true);
        if (!rest.batches.empty())
          answer(rest, try_to_write(rest.batches) == result::no_space);
        break;
      }
      case result::failed:
        answer(what, false);
    }
  }

  enum class result { written, no_space, failed };

  result try_to_write(const std::vector<persist>& batches) {
    return try_to_write([&](auto& store) { store.commit(batches); });
  }

  template <class F>
  result try_to_write(F write) {
    // Nothing is written after an error: what the disk holds is not known.
    if (!failure_.empty())
      return result::failed;
    try {
      write(*options_.store);
      return result::written;
    } catch (const persistence::store_error& e) {
      // The one error after which it is known: all that was there.
      if (e.code() == persistence::store_errc::no_space)
        return result::no_space;
      fail(std::string{"making state durable failed: "} + e.what());
    } catch (const std::exception& e) {
      fail(std::string{"making state durable failed: "} + e.what());
    }
    return result::failed;
  }

  /// Takes out of a commit of several batches those that the store has a
  /// reserve for, so that votes go on while the disk is full.
  static commit take_what_needs_no_space(commit& all) {
    commit modest;
    commit others;
    for (std::size_t i = 0; i < all.batches.size(); ++i) {
      const auto& entries = all.batches[i].batch.entries;
      auto& to = std::ranges::any_of(entries, needs_space) ? others : modest;
      to.batches.push_back(std::move(all.batches[i]));
      to.tickets.push_back(std::move(all.tickets[i]));
    }
    // All of them together found no room; alone they would not, either.
    if (others.batches.empty()) {
      all = std::move(modest);
      return {};
    }
    all = std::move(others);
    return modest;
  }

  /// Answers for a commit that was tried.
  void answer(commit& what, bool refused) {
    for (std::size_t i = 0; i < what.batches.size(); ++i) {
      const auto& batch = what.batches[i];
      if (failure_.empty())
        what.tickets[i].answer(persisted{batch.group, batch.number, refused});
      else
        what.tickets[i].fail(failure_);
    }
  }

  void fail(std::string reason) {
    failure_ = std::move(reason);
    events::tell(options_.on_event, events::failed{failure_});
  }

  persister_options options_;
  persistence::batcher<promise<persisted>> collected_;
  /// Why nothing can be written any more; empty while all is well.
  std::string failure_;
};

persister_actor::behavior_type
persister(sheltered_pointer<persister_state, persister_actor> self,
          persister_options options) {
  state_of(self).init(std::move(options));
  return {
    [self](persist& msg) {
      return answer_later<persisted>(self, [&](promise<persisted> waiting) {
        if (state_of(self).collect(std::move(msg), std::move(waiting)))
          send(self, persister_actor{self}, commit_collected{});
      });
    },
    [self](const remember& msg) { return state_of(self).on(msg); },
    [self](const commit_collected& msg) { state_of(self).on(msg); },
    [self](const stop& msg) {
      state_of(self).on(commit_collected{});
      state_of(self).close();
      self->quit();
      return stopped{msg.group};
    },
  };
}

} // namespace

persister_actor spawn_persister(caf::actor_system& system,
                                persister_options options) {
  if (!options.store)
    throw std::invalid_argument{"a persister needs a store"};
  auto detached = options.detached;
  return spawn_actor(system, detached, persister, std::move(options));
}

} // namespace raft::actors
