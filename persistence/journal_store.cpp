#include <raft/persistence/journal_store.hpp>
#include <raft/persistence/journaled_tables.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace raft::persistence {

namespace {

class journal_store : public store {
public:
  journal_store(const lmdb_options& options, const journal_options& journal)
    : options_{options}, impl_{options, journal} {
    if (options_.writable)
      mover_ = std::thread{[this] { run(); }};
  }

  ~journal_store() override {
    stop();
  }

  const store_identity& identity() const noexcept override {
    return impl_.tables().db().identity();
  }

  void commit(std::span<const persist> batches) override;

  store_memory memory() const override {
    return impl_.tables().memory().known();
  }

  void remember(const raft::remember& what) override {
    writing([&] { impl_.remember(what); });
  }

  void conclude() override;

  durable_state load(group_id group) const override {
    return impl_.log().load(group);
  }

  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override {
    return impl_.log().read(group, first, last, bytes_max);
  }

  std::vector<group_id> groups() const override {
    return impl_.log().logs().groups();
  }

private:
  template <class F>
  void writing(F f);
  void fail(const store_error& e);
  void run();
  void stop();

  lmdb_options options_;
  journaled_tables impl_;

  std::mutex mutex_; // guards the members below
  std::optional<store_error> failure_;
  bool concluded_ = false;
  bool due_ = false;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread mover_;
};

/// After an error that is not just a full disk, nothing more is written.
template <class F>
void journal_store::writing(F f) {
  if (!options_.writable)
    throw std::logic_error{"the store was opened for reading only"};
  {
    std::lock_guard guard{mutex_};
    if (concluded_)
      throw std::logic_error{"the store was concluded"};
    if (failure_)
      throw store_error{*failure_};
  }
  try {
    f();
  } catch (const store_error& e) {
    fail(e);
    throw;
  }
}

void journal_store::fail(const store_error& e) {
  if (e.code() == store_errc::no_space)
    return;
  std::lock_guard guard{mutex_};
  if (!failure_)
    failure_.emplace(store_errc::write_failed,
                     "an earlier write to '" + options_.directory
                       + "' failed: what is on the disk is not known; end the "
                         "process, check the disk, start again. It was: "
                       + e.what());
}

void journal_store::commit(std::span<const persist> batches) {
  writing([&] { impl_.log().commit(batches); });
  if (!impl_.log().is_due())
    return;
  {
    std::lock_guard guard{mutex_};
    due_ = true;
  }
  wake_.notify_all();
}

void journal_store::conclude() {
  stop();
  writing([&] { impl_.log().conclude(); });
  std::lock_guard guard{mutex_};
  concluded_ = true;
}

/// The thread that moves records in the background.
void journal_store::run() {
  // If the disk is full; a commit that needs the room tries by itself.
  constexpr std::chrono::seconds patience{1};
  std::unique_lock lock{mutex_};
  while (!stopping_ && !failure_) {
    if (!due_) {
      wake_.wait(lock);
      continue;
    }
    lock.unlock();
    auto full = false;
    auto more = true;
    try {
      more = impl_.log().move_if_due();
    } catch (const store_error& e) {
      full = e.code() == store_errc::no_space;
      fail(e);
    }
    lock.lock();
    due_ = more;
    if (full && !stopping_)
      wake_.wait_for(lock, patience);
  }
}

void journal_store::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  if (mover_.joinable())
    mover_.join();
}

} // namespace

std::unique_ptr<store> open_journal_store(const lmdb_options& options,
                                          const journal_options& journal) {
  return std::make_unique<journal_store>(options, journal);
}

} // namespace raft::persistence
