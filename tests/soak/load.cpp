#include <raft/tests/soak/load.hpp>

#include <algorithm>
#include <iterator>
#include <poll.h>
#include <utility>

namespace raft::soak {

namespace {

using checker::map_model;

/// How long a client waits before it tries the next peer, in milliseconds.
constexpr int pause_between_peers = 5;

/// What the Redis port calls an operation.
std::vector<std::string> to_words(const map_model::input& x) {
  if (const auto* put = std::get_if<map_model::put>(&x.what))
    return {"SET", x.key, put->to};
  if (const auto* append = std::get_if<map_model::append>(&x.what))
    return {"APPEND", x.key, append->more};
  return {"GET", x.key};
}

} // namespace

std::int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch()
       / std::chrono::nanoseconds{1};
}

load::load(std::vector<std::uint16_t> ports, std::uint64_t seed)
  : ports_{std::move(ports)} {
  for (std::uint64_t i = 0; i < clients; ++i)
    threads_.emplace_back([this, i, seed] {
      run({i, base::random{seed * clients + i}, {}, 0, {}});
    });
}

load::~load() {
  {
    std::lock_guard guard{mutex_};
    end_ = true;
    running_ = false;
  }
  changed_.notify_all();
  for (auto& x : threads_)
    x.join();
}

void load::resume(std::uint64_t block) {
  std::lock_guard guard{mutex_};
  block_ = block;
  last_acknowledged_ = now();
  busy_ = clients;
  ++work_;
  running_ = true;
  changed_.notify_all();
}

std::vector<map_operation> load::pause() {
  std::unique_lock guard{mutex_};
  running_ = false;
  // Bounded by the deadline of a command.
  changed_.wait(guard, [this] { return busy_ == 0; });
  return std::exchange(seen_, {});
}

std::chrono::nanoseconds load::longest_silence() const {
  std::lock_guard guard{mutex_};
  return std::chrono::nanoseconds{longest_silence_};
}

std::vector<std::string> load::keys_of(std::uint64_t block) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < plain_keys; ++i)
    result.push_back("set-" + std::to_string(block) + '-' + std::to_string(i));
  for (std::size_t i = 0; i < append_keys; ++i)
    result.push_back("log-" + std::to_string(block) + '-' + std::to_string(i));
  return result;
}

void load::run(client self) {
  std::uint64_t last = 0;
  while (wait_for_work(last)) {
    while (running_) {
      if (self.peer.connected() && self.source.below(50) != 0)
        one(self);
      else if (!self.peer.connect(ports_[self.source.below(ports_.size())]))
        ::poll(nullptr, 0, pause_between_peers);
    }
    finish_work(std::exchange(self.seen, {}));
  }
}

bool load::wait_for_work(std::uint64_t& last) {
  std::unique_lock guard{mutex_};
  changed_.wait(guard, [&] { return end_ || work_ != last; });
  last = work_;
  return !end_;
}

void load::finish_work(std::vector<map_operation> seen) {
  std::lock_guard guard{mutex_};
  std::move(seen.begin(), seen.end(), std::back_inserter(seen_));
  --busy_;
  changed_.notify_all();
}

map_model::input load::choose(client& self) const {
  auto keys = keys_of(block_);
  map_model::input result{keys[self.source.below(keys.size())],
                          map_model::get{}};
  auto unique = '<' + std::to_string(self.id) + '.'
              + std::to_string(self.next_value++) + '>';
  if (self.source.per_mille(300)) {
    result.key = "own-" + std::to_string(block_) + '-' + std::to_string(self.id)
               + '-' + std::to_string(self.source.below(own_keys));
    unique.resize(own_value_bytes, '.');
    result.what = map_model::put{unique};
  } else if (self.source.per_mille(700)) {
    if (result.key.starts_with("log"))
      result.what = map_model::append{unique};
    else
      result.what = map_model::put{unique};
  }
  return result;
}

void load::one(client& self) {
  map_operation x;
  x.client = self.id;
  x.input = choose(self);
  x.start = now();
  auto answer = self.peer.ask(to_words(x.input));
  auto end = now();
  auto reads = std::holds_alternative<map_model::get>(x.input.what);
  if (answer.what == redis_answer::kind::refused) {
    ::poll(nullptr, 0, pause_between_peers);
    return;
  }
  if (answer.what == redis_answer::kind::done) {
    x.end = end;
    x.output.emplace();
    if (reads)
      x.output->seen = answer.text;
    note_acknowledgement();
  } else if (reads) {
    return;
  }
  self.seen.push_back(std::move(x));
}

void load::note_acknowledgement() {
  ++acknowledged_;
  std::lock_guard guard{mutex_};
  auto time = now();
  longest_silence_ = std::max(longest_silence_, time - last_acknowledged_);
  last_acknowledged_ = std::max(last_acknowledged_, time);
}

} // namespace raft::soak
