// The table on the disk.

#include <raft/kv/command.hpp>
#include <raft/kv/engine_restoration.hpp>
#include <raft/kv/held_views.hpp>
#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/lmdb_table.hpp>
#include <raft/kv/lmdb_view.hpp>
#include <raft/kv/lmdb_writer.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace raft::kv {

namespace {

class lmdb_table : public table {
public:
  explicit lmdb_table(const table_options& options)
    : files_{options, true},
      writer_{files_, options.portions},
      held_{options.growth_bytes_max},
      cached_bytes_max_{options.cached_bytes_max != 0
                          ? options.cached_bytes_max
                          : lmdb::machine_memory() / 2},
      patience_for_space_{options.patience_for_space} {
    remove_restoration(options.directory);
    staged_ = reading(
      [this](const lmdb_view& x) { return files_.read_staged(x.txn); });
    if (staged_)
      left_staged_ = {staged_->size(), staged_->content_bytes(), {}, 0};
    see_how_long();
  }

  contents load() const override {
    return reading(
      [this](const lmdb_view& x) { return load_contents(files_, x); });
  }

  bool contains(std::string_view key) const override {
    if (key.size() > key_bytes_max)
      return false;
    return reading([&](const lmdb_view& x) { return is_there(x, key); });
  }

  std::vector<bool>
  contains_each(const std::vector<std::string_view>& keys) const override {
    return reading([&](const lmdb_view& x) {
      std::vector<bool> result;
      result.reserve(keys.size());
      for (auto key : keys)
        result.push_back(is_there(x, key));
      return result;
    });
  }

  std::uint64_t count_with(const overlay& changes,
                           log_index applied) const override {
    return reading([&](const lmdb_view& x) {
      auto state = files_.read_state(x.txn);
      if (changes.empty() || state.applied == applied)
        return state.keys;
      return changes.count_over(
        state.keys, [&](std::string_view key) { return is_there(x, key); });
    });
  }

  std::optional<std::string> get(std::string_view key) const override {
    if (key.size() > key_bytes_max)
      return std::nullopt;
    return reading([&](const lmdb_view& x) -> std::optional<std::string> {
      if (const auto* slot = x.staged_slot(key))
        return *slot;
      auto record = x.txn.get(files_.pairs, pair_key(key));
      if (!record)
        return std::nullopt;
      return std::string{value_of(files_, pair_key(key), *record)};
    });
  }

  void visit(std::string_view first, const visitor& f) const override {
    // Each step has a transaction of its own: LMDB cannot use pages again that
    // a reader may see.
    auto next = pair_key(first);
    while (
      reading([&](const lmdb_view& x) { return x.step(files_, next, f, {}); }))
      ;
  }

  std::shared_ptr<moment> hold() override {
    try {
      return held_.add(files_, look());
    } catch (const lmdb::error& e) {
      files_.rethrow(e);
    }
  }

  bool is_prompt() const noexcept override {
    return is_cached_;
  }

  space_left look_for_space(const table_load& what) override;

  void write(const update& x) override;

private:
  /// @pre `key.size() <= key_bytes_max`.
  bool is_there(const lmdb_view& x, std::string_view key) const {
    if (const auto* slot = x.staged_slot(key))
      return slot->has_value();
    return files_.has_pair(x.txn, key);
  }

  template <class F>
  std::invoke_result_t<F, const lmdb_view&> reading(F f) const {
    try {
      return f(look());
    } catch (const lmdb::error& e) {
      files_.rethrow(e);
    }
  }

  /// Whoever sees pairs to which changes were made also sees the changes, and
  /// nobody sees them before they count.
  lmdb_view look() const {
    std::unique_lock guard{mutex_};
    lmdb_view result{files_.begin_read(), staged_};
    guard.unlock();
    if (result.staged && files_.read_state(result.txn).staged == 0)
      result.staged = nullptr;
    return result;
  }

  log_index load_applied() const {
    return reading(
      [this](const lmdb_view& x) { return files_.read_state(x.txn).applied; });
  }

  void set_staged(std::shared_ptr<const overlay> x) {
    std::lock_guard guard{mutex_};
    staged_.swap(x);
  }

  void write_all(const update& x);

  /// Sees how much of the disk the pairs take by now.
  void see_how_long() {
    reading([this](const lmdb_view& x) {
      MDB_stat pairs{};
      lmdb::check(mdb_stat(x.txn.handle(), files_.pairs, &pairs), "mdb_stat");
      auto pages
        = pairs.ms_branch_pages + pairs.ms_leaf_pages + pairs.ms_overflow_pages;
      is_cached_ = std::uint64_t{pages} * pairs.ms_psize <= cached_bytes_max_;
    });
  }

  /// Looks at the file while nothing is written.
  void measure();

  static constexpr std::chrono::milliseconds look_after{400};

  lmdb_files files_;
  lmdb_writer writer_;
  held_views held_;
  std::uint64_t cached_bytes_max_;
  std::chrono::milliseconds patience_for_space_;
  std::atomic<bool> is_cached_{false};
  /// Guards the members below, up to `staged_`, against others beside the one
  /// who writes.
  mutable std::mutex mutex_;
  bool writing_ = false;
  /// What there was when nothing was written last, if anybody wants to know,
  /// and where the pages in use ended.
  std::optional<file_space> measured_;
  std::uint64_t used_ = 0;
  /// What an earlier process staged that is not among the pairs.
  table_load left_staged_;
  /// Only for who asks: when a full disk is tried again.
  std::chrono::steady_clock::time_point look_at_{};
  /// How far the file was filled when it was waited for in vain.
  std::uint64_t hung_at_ = 0;
  /// Changes that are being staged or are. Those who read ask the disk which.
  std::shared_ptr<const overlay> staged_;
};

void lmdb_table::measure() {
  std::uint64_t used = 0;
  auto found = writer_.measure(used);
  std::lock_guard guard{mutex_};
  measured_ = found;
  used_ = used;
}

space_left lmdb_table::look_for_space(const table_load& what) {
  std::unique_lock guard{mutex_};
  if (!measured_ && writing_)
    return {};
  // Whoever begins has the time.
  auto patience = measured_ ? patience_for_space_ : 10 * patience_for_space_;
  if (!measured_) {
    guard.unlock();
    measure();
    guard.lock();
  }
  auto load = what;
  load.keys += left_staged_.keys;
  load.bytes += left_staged_.bytes;
  auto file = *measured_;
  auto used = used_;
  guard.unlock();
  auto& space = files_.space();
  auto wanted = wanted_behind(load, file);
  if (!space.is_full() && space.usable() < used + wanted.least
      && space.usable() != hung_at_) {
    space.await(used + wanted.least, patience);
    hung_at_ = space.usable() < used + wanted.least ? space.usable() : 0;
  }
  auto now = std::chrono::steady_clock::now();
  if (!space.is_full()) {
    space.keep(used + wanted.good);
  } else if (now >= look_at_) {
    look_at_ = now + look_after;
    space.keep(space.usable() + 1);
  }
  if (!space.is_full())
    return {};
  file.behind = space.usable() - std::min(used, space.usable());
  return left_beside(load, file);
}

void lmdb_table::write(const update& x) {
  std::unique_lock guard{mutex_};
  writing_ = true;
  guard.unlock();
  auto end = [&] {
    std::lock_guard again{mutex_};
    writing_ = false;
    return measured_.has_value();
  };
  auto watched = x;
  watched.rest = [&](auto took) {
    held_.limit_growth(files_);
    return x.rest(took);
  };
  try {
    write_all(watched);
  } catch (const machine::no_space&) {
    // What it holds can be used again then.
    held_.take_away_all("the disk is full, and a checkpoint needs the room; "
                        "make room, then take it again");
    if (end())
      measure();
    throw;
  } catch (...) {
    end();
    throw;
  }
  held_.limit_growth(files_);
  see_how_long();
  if (!end())
    return;
  if (files_.space().is_full())
    try {
      writer_.tidy();
    } catch (const machine::no_space&) {
      // Then what was freed counts later.
    }
  measure();
}

void lmdb_table::write_all(const update& x) {
  if (staged_) {
    // From an earlier process, or this very update, which then found no room.
    writer_.settle(*staged_, x.rest);
    set_staged(nullptr);
    {
      std::lock_guard guard{mutex_};
      left_staged_ = {};
    }
  }
  writer_.check_sound();
  if (load_applied() == x.applied)
    return;
  if (writer_.fits(*x.changes)) {
    writer_.write_at_once(x);
    return;
  }
  set_staged(x.changes);
  std::chrono::nanoseconds took{};
  try {
    took = writer_.stage(x);
  } catch (...) {
    set_staged(nullptr);
    throw;
  }
  writer_.settle(*staged_, x.rest, x.rest(took));
  set_staged(nullptr);
}

} // namespace

std::shared_ptr<table> open_lmdb_table(const table_options& options) {
  return std::make_shared<lmdb_table>(options);
}

} // namespace raft::kv
