// Three processes with a journal each, all on one disk.

#include <raft/bench/floor/floor.hpp>
#include <raft/bench/floor/processes.hpp>
#include <raft/bench/keyspace.hpp>
#include <raft/kv/command.hpp>
#include <raft/persistence/journal_store.hpp>

#include <atomic>
#include <cerrno>
#include <deque>
#include <memory>
#include <new>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace raft::bench::floor {

namespace {

using clock = std::chrono::steady_clock;

constexpr unsigned peers = 3;
constexpr std::uint32_t keys = 100'000;

/// The log of a peer that gets one command after the other.
class log_writer {
public:
  log_writer(const floor_options& options, peer_id id)
    : store_{open(options, id)}, keys_{keys, options.value_bytes} {
    next_.group = {1};
    next_.batch.hard.term = {1};
    next_.batch.entries.resize(1);
  }

  /// Commits one command.
  /// @returns how long that took, in milliseconds.
  double commit() {
    auto& x = next_.batch.entries.front();
    const auto number = ++last_;
    const auto key = static_cast<std::uint32_t>(number % keys);
    x.term = {1};
    x.index = {number};
    x.kind = entry_kind::command;
    x.tag = {{1}, number, number};
    x.data
      = kv::encode(kv::put{key_name(key), std::string{keys_.next_value(key)}});
    ++next_.number;
    const auto began = clock::now();
    store_->commit({&next_, 1});
    const std::chrono::duration<double, std::milli> took = clock::now() - began;
    return took.count();
  }

private:
  static std::unique_ptr<persistence::store> open(const floor_options& options,
                                                  peer_id id) {
    persistence::lmdb_options x;
    x.directory = options.directory / ("floor." + to_text(id));
    x.cluster = "floor";
    x.peer = id;
    std::filesystem::create_directory(x.directory);
    return persistence::open_journal_store(x);
  }

  std::unique_ptr<persistence::store> store_;
  keyspace keys_;
  persist next_;
  std::uint64_t last_ = 0;
};

/// What the three share: none begins a commit before all can.
class meeting {
public:
  meeting() {
    pthread_barrierattr_t shared;
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&barrier_, &shared, peers);
    pthread_barrierattr_destroy(&shared);
  }

  void wait() {
    pthread_barrier_wait(&barrier_);
  }

  /// Said by one before it waits, seen by all when they have waited.
  std::atomic<bool> is_over = false;

private:
  pthread_barrier_t barrier_;
};

/// In memory that processes share which are begun later.
class shared_meeting {
public:
  shared_meeting()
    : memory_{::mmap(nullptr, sizeof(meeting), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0)} {
    if (memory_ == MAP_FAILED)
      throw std::system_error{errno, std::generic_category(), "mmap"};
    it_ = new (memory_) meeting;
  }

  shared_meeting(const shared_meeting&) = delete;
  shared_meeting& operator=(const shared_meeting&) = delete;

  ~shared_meeting() {
    // Others may have ended while they waited, so nothing is destroyed.
    ::munmap(memory_, sizeof(meeting));
  }

  meeting& operator*() const noexcept {
    return *it_;
  }

private:
  void* memory_;
  meeting* it_ = nullptr;
};

/// What each of the three does.
void write_log(const floor_options& options, peer_id id, meeting& all,
               int out) {
  // Nobody waits for ever for one that has failed.
  ::alarm(60 + 2 * static_cast<unsigned>(options.length.count()));
  log_writer log{options, id};
  const auto length
    = std::chrono::duration_cast<clock::duration>(options.length);
  all.wait();
  const auto counts_from = clock::now() + length / 5;
  times result;
  for (;;) {
    const auto now = clock::now();
    if (id == peer_id{1} && now >= counts_from + length)
      all.is_over = true;
    all.wait();
    if (all.is_over)
      break;
    const auto took = log.commit();
    if (now >= counts_from)
      result.push_back(took);
  }
  const std::uint64_t count = result.size();
  write_all(out, &count, sizeof(count));
  write_all(out, result.data(), count * sizeof(double));
}

void remove_logs(const floor_options& options) {
  for (std::uint64_t i = 1; i <= peers; ++i)
    std::filesystem::remove_all(options.directory
                                / ("floor." + std::to_string(i)));
}

} // namespace

times measure_syncs(const floor_options& options) {
  remove_logs(options);
  const shared_meeting place;
  std::deque<child> all;
  for (std::uint64_t i = 1; i <= peers; ++i)
    all.emplace_back(
      [&options, &place, i](int out) { write_log(options, {i}, *place, out); });
  times result;
  for (auto& x : all) {
    std::uint64_t count = 0;
    x.read(&count, sizeof(count));
    times part(count);
    x.read(part.data(), count * sizeof(double));
    result.insert(result.end(), part.begin(), part.end());
    x.join();
  }
  remove_logs(options);
  return result;
}

} // namespace raft::bench::floor
