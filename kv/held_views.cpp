#include <raft/kv/held_views.hpp>
#include <raft/lmdb/big_endian.hpp>

#include <algorithm>
#include <utility>

namespace raft::kv {

namespace {

/// How much is read before others may come between: so little that who writes
/// waits for no longer than for a page from the disk or two.
constexpr visit_bounds step_bounds{1000, 256 << 10};

std::uint64_t used_bytes(const lmdb_files& files) {
  auto txn = files.begin_read();
  MDB_envinfo info{};
  MDB_stat stat{};
  auto* env = mdb_txn_env(txn.handle());
  lmdb::check(mdb_env_info(env, &info), "mdb_env_info");
  lmdb::check(mdb_env_stat(env, &stat), "mdb_env_stat");
  return (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
}

} // namespace

held_view::held_view(const lmdb_files& files, lmdb_view view)
  : files_{&files},
    state_{files.read_state(view.txn)},
    used_{used_bytes(files)},
    view_{std::move(view)},
    next_{pair_key({})} {
  // nop
}

template <class F>
auto held_view::reading(F f) {
  std::lock_guard guard{mutex_};
  try {
    return f();
  } catch (const lmdb::error& e) {
    files_->rethrow(e);
  }
}

table::contents held_view::load() {
  return reading([&] { return load_contents(*files_, view()); });
}

bool held_view::visit_next(const visitor& f) {
  return reading([&] { return view().step(*files_, next_, f, step_bounds); });
}

void held_view::take_away(const std::string& why) {
  std::lock_guard guard{mutex_};
  if (view_)
    why_ = why;
  view_.reset();
}

const lmdb_view& held_view::view() const {
  if (!view_)
    throw machine::given_up{"the snapshot of entry " + to_text(state_.applied)
                            + " was given up: " + why_};
  return *view_;
}

table::contents load_contents(const lmdb_files& files, const lmdb_view& view) {
  auto state = files.read_state(view.txn);
  table::contents result{{state.applied, {}}, state.keys};
  lmdb::cursor place{view.txn, files.sessions};
  for (auto more = place.first(); more; more = place.next()) {
    auto id = lmdb::from_big_endian<std::uint64_t>(place.key());
    auto data = files.unsealed("session " + std::to_string(id), place.key(),
                               place.data());
    result.state.sessions.push_back({{id}, bytes{data}});
  }
  return result;
}

std::shared_ptr<held_view> held_views::add(const lmdb_files& files,
                                           lmdb_view view) {
  if (alive().size() >= count_max)
    return nullptr;
  auto result = std::make_shared<held_view>(files, std::move(view));
  std::lock_guard guard{mutex_};
  all_.push_back(result);
  return result;
}

void held_views::limit_growth(const lmdb_files& files) {
  auto those = alive();
  if (those.empty())
    return;
  auto used = used_bytes(files);
  for (const auto& x : those) {
    auto bound = growth_bytes_max_ != 0
                 ? growth_bytes_max_
                 : std::max(growth_bytes_default, x->used());
    if (used > x->used() && used - x->used() > bound)
      x->take_away("while it was read, '" + files.directory()
                   + "/data.mdb' became " + std::to_string(used - x->used())
                   + " bytes longer; take it at a higher rate");
  }
}

bool held_views::take_away_all(const std::string& why) {
  auto those = alive();
  for (const auto& x : those)
    x->take_away(why);
  return !those.empty();
}

std::vector<std::shared_ptr<held_view>> held_views::alive() {
  std::lock_guard guard{mutex_};
  std::vector<std::shared_ptr<held_view>> result;
  std::erase_if(all_, [&](const auto& x) {
    auto y = x.lock();
    if (y)
      result.push_back(y);
    return !y;
  });
  return result;
}

} // namespace raft::kv
