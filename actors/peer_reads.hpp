// Reads that wait until a peer may answer them from its state machine.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/peer_clients.hpp>
#include <raft/messages/client.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace raft::actors {

/// Keeps them by the numbers that the core gave them.
class peer_reads {
public:
  /// A command that only reads, as its sender says.
  struct command {
    execute what;
    peer_clients::client who;
  };

  /// A question that is no command.
  struct question {
    query what;
    promise<queried> waiting;
  };

  /// What the reads of one verdict are.
  struct batch {
    std::vector<command> commands;
    std::vector<question> questions;

    /// What the applier is to do for the commands.
    run_reads order(group_id group, std::size_t replies_max) const {
      run_reads result{group, {}, replies_max};
      for (const auto& x : commands)
        result.commands.push_back(x.what.command);
      return result;
    }
  };

  peer_reads(const peer_bounds& bounds, const consensus::settings& config)
    : of_commands_{config.commands_read_by_lease ? consistency::lease
                                                 : consistency::linearizable},
      bytes_max_{bounds.waiting_reads_max} {
    // nop
  }

  /// Has a request wait until it may be answered, or refuses it.
  template <class Request>
  void begin(consensus::core& core, Request x) {
    auto size = size_of(x);
    auto begun = bytes_ > 0 && bytes_ + size > bytes_max_
                 ? consensus::read_begun{{}, reject_reason::busy}
                 : core.begin_read(how_to(x));
    if (!begun.number)
      return refuse(x, begun.reason, core);
    bytes_ += size;
    waiting_.emplace(begun.number, std::move(x));
  }

  /// Takes out those whose time has come; refuses those that wait in vain.
  batch end(const consensus::read_verdict& x, const consensus::core& core) {
    auto all
      = take(waiting_.lower_bound(x.first), waiting_.upper_bound(x.last));
    if (x.reason != reject_reason::none)
      refuse(std::exchange(all, {}), x.reason, core);
    return all;
  }

  /// Asks the applier to answer a question.
  template <class Self>
  static void ask(Self* self, const applier_actor& applier, question x) {
    auto who = std::make_shared<promise<queried>>(std::move(x.waiting));
    actors::ask(self, applier, caf::infinite, std::move(x.what))
      .then([who](queried& answer) { who->answer(std::move(answer)); },
            [who](const caf::error& why) { who->fail(caf::to_string(why)); });
  }

  static void refuse(command& x, reject_reason why,
                     const consensus::core& core) {
    x.who.answer.answer(
      machine::answer_rejected(why, core.term(), core.leader()));
  }

  static void refuse(question& x, reject_reason why,
                     const consensus::core& core) {
    x.waiting.answer(queried{core.applied(), {}, why, core.leader()});
  }

  static void refuse(batch all, reject_reason why,
                     const consensus::core& core) {
    for (auto& x : all.commands)
      refuse(x, why, core);
    for (auto& x : all.questions)
      refuse(x, why, core);
  }

  /// Keeps commands while they are run.
  /// @returns their number.
  std::uint64_t keep(std::vector<command> all) {
    running_.emplace(++last_run_, std::move(all));
    return last_run_;
  }

  /// Takes them out when they were run; none if the peer takes part no more.
  std::vector<command> take(std::uint64_t number) {
    auto found = running_.extract(number);
    return found ? std::move(found.mapped()) : std::vector<command>{};
  }

  /// The peer takes part no more.
  void conclude(const consensus::core& core) {
    refuse(take(waiting_.begin(), waiting_.end()), reject_reason::stopping,
           core);
    for (auto& [number, all] : std::exchange(running_, {}))
      refuse({std::move(all), {}}, reject_reason::stopping, core);
  }

private:
  using read = std::variant<command, question>;
  using reads = std::map<read_number, read>;

  static std::size_t size_of(const command& x) noexcept {
    return x.what.command.size();
  }

  static std::size_t size_of(const question& x) noexcept {
    return x.what.request.size();
  }

  consistency how_to(const command&) const noexcept {
    return of_commands_;
  }

  consistency how_to(const question& x) const noexcept {
    return x.what.how;
  }

  batch take(reads::iterator begin, reads::iterator end) {
    batch result;
    for (auto i = begin; i != end; i = waiting_.erase(i)) {
      if (auto x = std::get_if<command>(&i->second)) {
        bytes_ -= size_of(*x);
        result.commands.push_back(std::move(*x));
      } else {
        auto& y = std::get<question>(i->second);
        bytes_ -= size_of(y);
        result.questions.push_back(std::move(y));
      }
    }
    return result;
  }

  reads waiting_;
  std::map<std::uint64_t, std::vector<command>> running_;
  std::uint64_t last_run_ = 0;
  consistency of_commands_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
};

/// Whether a question may be answered at once, from what was applied.
/// @param now What the peer's clock shows.
inline bool is_fresh_enough(const consensus::core& core, const query& what,
                            consensus::instant now) {
  if (what.how != consistency::stale)
    return false;
  const auto fresh_at = core.fresh_at();
  if (what.age_max_ms == std::numeric_limits<std::uint64_t>::max())
    return true;
  if (!fresh_at || now < *fresh_at)
    return false;
  auto age = std::chrono::ceil<std::chrono::milliseconds>(now - *fresh_at);
  return static_cast<std::uint64_t>(age.count()) <= what.age_max_ms;
}

} // namespace raft::actors
