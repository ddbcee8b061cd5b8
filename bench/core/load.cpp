#include <raft/bench/core/load.hpp>
#include <raft/consensus/core.hpp>
#include <raft/persistence/store.hpp>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <time.h>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace raft::bench::core {

namespace {

using base::instant;

constexpr std::size_t peers = 3;

/// What this thread has computed, whatever else the machine does.
std::chrono::nanoseconds computed() {
  timespec result{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &result) != 0)
    throw std::system_error{errno, std::generic_category(), "clock_gettime"};
  return std::chrono::seconds{result.tv_sec}
       + std::chrono::nanoseconds{result.tv_nsec};
}

/// A peer without its actors.
class bare_peer {
public:
  bare_peer(peer_id id, const consensus::settings& config)
    : store_{persistence::make_memory_store({"bench", id, {id.value}})} {
    durable_state recovered;
    for (std::size_t i = 1; i <= peers; ++i)
      recovered.members.founding.voters.push_back({i});
    core_ = std::make_unique<consensus::core>(
      consensus::identity{{1}, id, {id.value}, id.value}, config, recovered,
      std::vector<entry>{}, log_index{}, instant{0});
  }

  consensus::core& core() noexcept {
    return *core_;
  }

  /// Gives an input to the core and keeps what it wants done.
  template <class Input>
  void give(instant now, Input input) {
    auto began = computed();
    give_unmeasured(now, input);
    spent += computed() - began;
  }

  /// The same many times, for looking at the time takes some itself.
  template <class Input>
  void give_many(instant now, std::uint64_t times, Input input) {
    auto began = computed();
    for (; times > 0; --times)
      give_unmeasured(now, input);
    spent += computed() - began;
  }

  template <class Input>
  void give_unmeasured(instant now, Input& input) {
    core_->advance(now);
    core_->tell_clock(now);
    input(*core_);
    auto todo = core_->take_output();
    for (auto& x : todo.messages)
      outbox.push_back(std::move(x));
    if (todo.batch)
      batch_ = std::move(*todo.batch);
    if (!todo.committed.empty())
      applied_ = todo.committed.back().index;
  }

  /// Writes what there is to write.
  void write(instant now) {
    if (!batch_)
      return;
    auto began = computed();
    store_->commit(std::span{&*batch_, 1});
    stored += computed() - began;
    auto number = std::exchange(batch_, std::nullopt)->number;
    give(now, [number](auto& core) { core.persisted(number); });
  }

  /// Tells that what was committed is applied.
  void apply(instant now) {
    if (applied_ > core_->applied())
      give(now, [this](auto& core) { core.applied(applied_, applied_); });
  }

  std::deque<consensus::message> outbox;
  std::chrono::nanoseconds spent{0};
  std::chrono::nanoseconds stored{0};
  std::uint64_t appends = 0;

private:
  std::unique_ptr<consensus::core> core_;
  std::unique_ptr<persistence::store> store_;
  std::optional<persist> batch_;
  log_index applied_;
};

class bare_cluster {
public:
  explicit bare_cluster(const load_options& options) {
    consensus::settings config;
    config.command_bytes_max
      = std::max(config.command_bytes_max, options.value_bytes);
    for (std::size_t i = 1; i <= peers; ++i)
      all_.emplace_back(peer_id{i}, config);
    for (auto& x : all_)
      for (std::size_t i = 1; i <= peers; ++i)
        if (auto other = peer_id{i}; other != x.core().self().id)
          x.give(now_, [other](auto& core) { core.link_up(other); });
  }

  bare_peer& elect() {
    constexpr auto steps_max = 10'000;
    for (auto i = 0; i < steps_max; ++i) {
      now_ += std::chrono::milliseconds{1};
      for (auto& x : all_)
        x.give(now_, [](auto&) {});
      settle();
      for (auto& x : all_)
        if (x.core().leads()
            && x.core().applied() == x.core().log().last().index)
          return x;
    }
    throw std::logic_error{"no core was elected"};
  }

  /// Delivers and writes until nothing more is to be done.
  void settle() {
    for (auto idle = false; !idle;) {
      idle = true;
      for (auto& x : all_) {
        idle = idle && x.outbox.empty();
        for (auto& message : std::exchange(x.outbox, {}))
          std::visit([this](auto& y) { deliver(y); }, message);
      }
      for (auto& x : all_)
        x.write(now_);
      for (auto& x : all_)
        x.apply(now_);
    }
  }

  instant now() const noexcept {
    return now_;
  }

  /// Time passes, a little.
  void tick() {
    now_ += std::chrono::microseconds{50};
  }

  std::deque<bare_peer>& all() noexcept {
    return all_;
  }

private:
  template <class Message>
  void deliver(const Message& message) {
    auto& to = all_.at(message.header.to.value - 1);
    if constexpr (std::is_same_v<Message, append_request>)
      to.appends += !message.entries.empty();
    to.give(now_, [&message](auto& core) { core.receive(message); });
  }

  instant now_{0};
  std::deque<bare_peer> all_;
};

} // namespace

load_result run_load(const load_options& options) {
  bare_cluster cluster{options};
  auto& leader = cluster.elect();
  for (auto& x : cluster.all())
    x.spent = x.stored = {};
  const bytes data{std::string(options.value_bytes, 'x')};
  for (auto left = options.entries; left > 0;) {
    cluster.tick();
    auto now = std::min(left, options.outstanding);
    left -= now;
    leader.give_many(cluster.now(), now, [&](auto& core) {
      auto begun = core.start(entry_kind::command, {}, data, 1);
      if (begun.reason != reject_reason::none)
        throw std::logic_error{"the leader refused a command"};
    });
    cluster.settle();
  }
  load_result result;
  result.entries = options.entries;
  for (auto& x : cluster.all()) {
    if (x.core().applied() != leader.core().log().last().index)
      cluster.elect();
    result.stores += x.stored;
    if (&x == &leader) {
      result.leader = x.spent;
    } else {
      result.follower = x.spent;
      result.followers += x.spent;
      result.appends = x.appends;
    }
  }
  return result;
}

} // namespace raft::bench::core
