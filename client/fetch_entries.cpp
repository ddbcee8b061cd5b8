#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/client/connect.hpp>
#include <raft/client/fetch_entries.hpp>
#include <raft/client/listener.hpp>

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace raft::client {

namespace {

using std::chrono::milliseconds;

/// What the listener's thread and that of the caller share.
class reception {
public:
  reception(std::string where,
            const std::function<bool(std::vector<entry>)>& to)
    : where_{std::move(where)}, to_{to} {
    // nop
  }

  void take(std::vector<entry> some) {
    std::lock_guard guard{mutex_};
    if (ended_)
      return;
    try {
      if (some.empty())
        throw client_error{where_
                           + ": the next entries were dropped from its "
                             "log"};
      ended_ = !to_(std::move(some));
    } catch (...) {
      end_with(std::current_exception());
    }
    ++deliveries_;
    changed_.notify_all();
  }

  void lost() {
    std::lock_guard guard{mutex_};
    if (!ended_)
      end_with(std::make_exception_ptr(connection_lost{
        where_ + ": the connection was lost, or its peer ended"}));
    changed_.notify_all();
  }

  /// Waits until no more is wanted, or none come for so long.
  void wait(milliseconds deadline) {
    std::unique_lock guard{mutex_};
    for (auto known = deliveries_; !ended_; known = deliveries_)
      if (!changed_.wait_for(guard, deadline,
                             [&] { return ended_ || deliveries_ != known; }))
        end_with(std::make_exception_ptr(client_error{fmt::format(
          "{}: no entries came for {} ms", where_, deadline.count())}));
    if (problem_)
      std::rethrow_exception(problem_);
  }

  /// Nothing is handed on after that.
  void end() {
    std::lock_guard guard{mutex_};
    ended_ = true;
  }

private:
  void end_with(std::exception_ptr why) {
    ended_ = true;
    problem_ = std::move(why);
  }

  std::string where_;
  const std::function<bool(std::vector<entry>)>& to_;
  std::mutex mutex_; // guards the members below
  std::condition_variable changed_;
  std::uint64_t deliveries_ = 0;
  bool ended_ = false;
  std::exception_ptr problem_;
};

/// Ends a listener; its peer forgets it then.
struct ending {
  caf::scoped_actor& self;
  const actors::subscriber_actor& listener;
  reception& received;

  ~ending() {
    received.end();
    self->send_exit(listener, caf::exit_reason::user_shutdown);
  }
};

} // namespace

void read_entries(caf::actor_system& system, const client_options& options,
                  const links::address& where, log_index from,
                  const std::function<bool(std::vector<entry>)>& to) {
  const auto deadline = options.server_deadline;
  caf::scoped_actor self{system};
  auto peer = connect_to_peer(self, where, options.cluster, deadline);
  auto shared = std::make_shared<reception>(to_text(where), to);
  auto listener = spawn_listener(
    system, peer,
    [shared](std::vector<entry> some) { shared->take(std::move(some)); },
    [shared] { shared->lost(); });
  const ending end{self, listener, *shared};
  actors::ask_far(
    self, peer, deadline,
    [&](const subscribed& x) {
      if (x.accepted)
        return;
      if (x.reason != reject_reason::none)
        throw client_error{fmt::format(
          "{}: has as many subscribers as it may have", to_text(where))};
      throw client_error{fmt::format(
        "{}: its log begins with entry {}, and entries from {} on are wanted",
        to_text(where), x.first_available.value, from.value)};
    },
    [&](const caf::error& reason) {
      fail_visit(system, where, deadline, reason);
    },
    subscribe{options.group, 1, from, listener_credit}, listener);
  shared->wait(deadline);
}

} // namespace raft::client
