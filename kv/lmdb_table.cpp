// The table on the disk.

#include <raft/kv/command.hpp>
#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/lmdb_table.hpp>
#include <raft/kv/lmdb_writer.hpp>
#include <raft/kv/sealed_record.hpp>
#include <raft/lmdb/big_endian.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace raft::kv {

namespace {

/// A visit ends its transaction after so many pairs or bytes and goes on in
/// another: LMDB cannot use pages again that a reader may see.
constexpr std::size_t step_pairs_max = 10'000;
constexpr std::size_t step_bytes_max = 4 << 20;

class lmdb_table : public table {
public:
  explicit lmdb_table(const table_options& options)
    : files_{options, true},
      writer_{files_, options.portions},
      cached_bytes_max_{options.cached_bytes_max != 0
                          ? options.cached_bytes_max
                          : lmdb::machine_memory() / 2} {
    staged_
      = reading([this](const view& x) { return files_.read_staged(x.txn); });
    if (staged_)
      left_staged_ = {staged_->size(), staged_->content_bytes(), {}, 0};
    see_how_long();
  }

  contents load() const override {
    return reading([this](const view& x) {
      auto state = files_.read_state(x.txn);
      contents result{{state.applied, {}}, state.keys};
      lmdb::cursor place{x.txn, files_.sessions};
      for (auto more = place.first(); more; more = place.next()) {
        auto id = lmdb::from_big_endian<std::uint64_t>(place.key());
        auto data = files_.unsealed("session " + std::to_string(id),
                                    place.key(), place.data());
        result.state.sessions.push_back({{id}, bytes{data}});
      }
      return result;
    });
  }

  bool contains(std::string_view key) const override {
    if (key.size() > key_bytes_max)
      return false;
    return reading([&](const view& x) { return is_there(x, key); });
  }

  std::vector<bool>
  contains_each(const std::vector<std::string_view>& keys) const override {
    return reading([&](const view& x) {
      std::vector<bool> result;
      result.reserve(keys.size());
      for (auto key : keys)
        result.push_back(is_there(x, key));
      return result;
    });
  }

  std::uint64_t count_with(const overlay& changes,
                           log_index applied) const override {
    return reading([&](const view& x) {
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
    return reading([&](const view& x) -> std::optional<std::string> {
      if (const auto* slot = x.staged_slot(key))
        return *slot;
      auto record = x.txn.get(files_.pairs, pair_key(key));
      if (!record)
        return std::nullopt;
      return std::string{value_of(pair_key(key), *record)};
    });
  }

  void visit(std::string_view first, const visitor& f) const override {
    auto next = pair_key(first);
    while (reading([&](const view& x) { return step(x, next, f); }))
      ;
  }

  bool is_prompt() const noexcept override {
    return is_cached_;
  }

  space_left look_for_space(const table_load& what) override;

  void write(const update& x) override;

private:
  /// What is on the disk at some moment.
  struct view {
    lmdb::transaction txn;
    /// Changes that count as written and may not all be among the pairs yet.
    std::shared_ptr<const overlay> staged;

    const overlay::slot* staged_slot(std::string_view key) const {
      return staged ? staged->find(key) : nullptr;
    }
  };

  /// @pre `key.size() <= key_bytes_max`.
  bool is_there(const view& x, std::string_view key) const {
    if (const auto* slot = x.staged_slot(key))
      return slot->has_value();
    return files_.has_pair(x.txn, key);
  }

  template <class F>
  std::invoke_result_t<F, const view&> reading(F f) const {
    try {
      return f(look());
    } catch (const lmdb::error& e) {
      files_.rethrow(e);
    }
  }

  /// Whoever sees pairs to which changes were made also sees the changes, and
  /// nobody sees them before they count.
  view look() const {
    std::unique_lock guard{mutex_};
    view result{files_.begin_read(), staged_};
    guard.unlock();
    if (result.staged && files_.read_state(result.txn).staged == 0)
      result.staged = nullptr;
    return result;
  }

  log_index load_applied() const {
    return reading(
      [this](const view& x) { return files_.read_state(x.txn).applied; });
  }

  void set_staged(std::shared_ptr<const overlay> x) {
    std::lock_guard guard{mutex_};
    staged_.swap(x);
  }

  /// Visits some pairs.
  /// @param next The first key to visit, then the one to go on with.
  /// @returns whether there may be more to visit.
  bool step(const view& x, std::string& next, const visitor& f) const {
    static const overlay nothing;
    auto more = true;
    auto key = std::string_view{next}.substr(1);
    overlay_cursor changes{x.staged ? *x.staged : nothing, nothing, key};
    // The pairs of this step end here; so must the changes.
    std::optional<std::string> end;
    visit_merged(
      changes, [&](const visitor& g) { end = step_pairs(x.txn, next, g); },
      [&](std::string_view found, std::string_view value) {
        if (end && found >= std::string_view{*end}.substr(1))
          return false;
        return more = f(found, value);
      });
    if (end)
      next = std::move(*end);
    return more && end;
  }

  /// @returns where to go on, if there may be more pairs.
  std::optional<std::string> step_pairs(const lmdb::transaction& txn,
                                        std::string_view first,
                                        const visitor& f) const {
    lmdb::cursor place{txn, files_.pairs};
    std::size_t pairs = 0;
    std::size_t bytes = 0;
    for (auto more = place.at_or_above(first); more; more = place.next()) {
      if (pairs == step_pairs_max || bytes >= step_bytes_max)
        return std::string{place.key()};
      auto value = value_of(place.key(), place.data());
      if (!f(place.key().substr(1), value))
        return std::nullopt;
      ++pairs;
      bytes += place.data().size();
    }
    return std::nullopt;
  }

  /// @param key As in the table.
  std::string_view value_of(std::string_view key,
                            std::string_view record) const {
    const char* fault = nullptr;
    auto result = unseal(files_.group(), key, record, fault);
    if (!result)
      files_.corrupt("key " + printable(key.substr(1)), fault);
    return *result;
  }

  void write_all(const update& x);

  /// Sees how much of the disk the pairs take by now.
  void see_how_long() {
    reading([this](const view& x) {
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

  /// How long those who apply wait for the file to become longer. A disk that
  /// does nothing in that time holds them up no more.
  static constexpr std::chrono::milliseconds patience_for_space{200};

  lmdb_files files_;
  lmdb_writer writer_;
  std::uint64_t cached_bytes_max_;
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
  auto patience = measured_ ? patience_for_space : 10 * patience_for_space;
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
  try {
    write_all(x);
  } catch (const machine::no_space&) {
    if (end())
      measure();
    throw;
  } catch (...) {
    end();
    throw;
  }
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
