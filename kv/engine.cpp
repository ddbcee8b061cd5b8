#include <raft/kv/engine.hpp>
#include <raft/kv/engine_restoration.hpp>
#include <raft/kv/interpreter.hpp>
#include <raft/kv/lmdb_table.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/kv/space.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace raft::kv {

namespace {

/// How many portions a checkpoint of changes takes, about: all are written
/// twice, in the order of their keys, and then each to its place.
std::size_t portions_of(const overlay& changes) {
  constexpr portion_bounds portion;
  const auto by_bytes = changes.content_bytes() / portion.bytes_max;
  const auto by_keys = changes.size() / portion.keys_max;
  return by_bytes + std::max(by_bytes, by_keys);
}

/// Holds on to everything that it needs: the engine may be gone when it runs.
class job final : public machine::checkpoint_job {
public:
  job(std::shared_ptr<table> below, std::shared_ptr<pace> pace,
      std::shared_ptr<const overlay> changes, log_index applied,
      std::vector<machine::session_record> sessions)
    : below_{std::move(below)},
      pace_{std::move(pace)},
      changes_{std::move(changes)},
      applied_{applied},
      sessions_{std::move(sessions)} {
    // nop
  }

  void run() override {
    below_->write({changes_, applied_, sessions_, [this](auto took) {
                     pace_->rest(took);
                     return pace_->next_portions();
                   }});
  }

  void hurry() noexcept override {
    pace_->hurry();
  }

  void give_up() noexcept override {
    pace_->give_up();
  }

private:
  std::shared_ptr<table> below_;
  std::shared_ptr<pace> pace_;
  std::shared_ptr<const overlay> changes_;
  log_index applied_;
  std::vector<machine::session_record> sessions_;
};

/// What was on the disk at some moment. Keeps the files open.
class held_state final : public machine::frozen_state {
public:
  held_state(std::shared_ptr<table> below, std::shared_ptr<table::moment> what)
    : below_{std::move(below)}, what_{std::move(what)} {
    // nop
  }

  std::optional<log_index> checkpoint() const noexcept override {
    return what_->applied();
  }

  std::vector<machine::session_record> sessions() override {
    return what_->load().state.sessions;
  }

  void write(machine::state_sink& to) override {
    pair_writer out{to};
    for (auto more = true; more; out.flush())
      more
        = what_->visit_next([&](std::string_view key, std::string_view value) {
            out.add(key, value);
            return true;
          });
    out.finish();
  }

private:
  std::shared_ptr<table> below_;
  std::shared_ptr<table::moment> what_; // ends first
};

} // namespace

engine::engine(std::shared_ptr<table> below, std::size_t overlay_bytes_max)
  : below_{std::move(below)},
    overlay_bytes_max_{overlay_bytes_max},
    frozen_{std::make_shared<const overlay>()},
    pace_{std::make_shared<pace>()},
    count_at_freeze_{below_->load().keys} {
  // nop
}

bytes engine::apply(const machine::apply_context&, const bytes& command) {
  return digests_.execute(*this, command);
}

std::shared_ptr<machine::slow_query> engine::begin_query(const bytes& request) {
  return digests_.begin(*this, request);
}

bool engine::only_reads(const bytes& command) const {
  return kv::only_reads(command);
}

bool engine::is_prompt() const noexcept {
  return below_->is_prompt();
}

machine::space_estimate engine::estimate_of_space() const noexcept {
  return &estimate_space;
}

bytes engine::query(const bytes& request) const {
  return answer(*this, request);
}

machine::durability* engine::durability() noexcept {
  return this;
}

machine::snapshotting* engine::snapshotting() noexcept {
  return this;
}

std::string engine::state_format() const {
  return kv::state_format;
}

void engine::write_state(machine::state_sink& to) const {
  write_pairs(to, [this](const visitor& f) { visit({}, f); });
}

void engine::read_state(machine::state_source&) {
  throw std::logic_error{"an engine is restored beside its files"};
}

std::unique_ptr<machine::frozen_state> engine::begin_snapshot() {
  auto what = below_->hold();
  if (!what || !what->applied())
    return nullptr;
  return std::make_unique<held_state>(below_, std::move(what));
}

machine::checkpointed_state engine::recovered() const {
  return below_->load().state;
}

std::size_t engine::dirty_bytes() const {
  return active_.bytes();
}

std::size_t engine::dirty_bytes_max() const {
  return overlay_bytes_max_;
}

std::shared_ptr<machine::checkpoint_job>
engine::freeze(log_index applied,
               std::vector<machine::session_record> sessions) {
  assert(frozen_->empty());
  if (count_at_freeze_ && active_.knows_all())
    count_at_freeze_ = active_.count_over(*count_at_freeze_);
  else
    count_at_freeze_ = std::nullopt;
  frozen_ = std::make_shared<const overlay>(std::exchange(active_, {}));
  frozen_applied_ = applied;
  frozen_sessions_.clear();
  for (const auto& x : sessions)
    frozen_sessions_.push_back(x.data.size());
  pace_
    = std::make_shared<pace>(pace::break_max_default, portions_of(*frozen_));
  return std::make_shared<job>(below_, pace_, frozen_, applied,
                               std::move(sessions));
}

space_left engine::space(const machine::space_question& what) {
  table_load load;
  for (const overlay* x : {&std::as_const(active_), frozen_.get()}) {
    load.keys += x->size();
    load.bytes += x->content_bytes();
  }
  load.sessions = frozen_sessions_;
  load.sessions.insert(load.sessions.end(), what.sessions.begin(),
                       what.sessions.end());
  load.following = what.following;
  return below_->look_for_space(load);
}

double engine::progress() const {
  return pace_->progress();
}

void engine::set_urgency(double x) {
  pace_->set_urgency(x);
}

void engine::checkpointed() {
  // Whoever ran the job still holds what was frozen, and frees it: that takes
  // long, and here commands wait.
  frozen_ = std::make_shared<const overlay>();
  frozen_sessions_.clear();
}

std::optional<std::string_view> engine::find(std::string_view key) const {
  if (const auto* slot = changed(key))
    return *slot;
  auto found = below_->get(key);
  if (!found)
    return std::nullopt;
  found_ = std::move(*found);
  return found_;
}

std::optional<std::string> engine::read(std::string_view key) const {
  // What comes from the table is a copy already.
  return changed(key) ? map::read(key) : below_->get(key);
}

void engine::prefetch(std::span<const std::string_view> keys) const {
  active_.prefetch(keys);
}

bool engine::contains(std::string_view key) const {
  const auto* slot = active_.find(key);
  return slot != nullptr ? slot->has_value() : was_there(key);
}

void engine::put(std::string_view key, std::string value) {
  std::optional<bool> known;
  if (active_.unknown_count() >= unknown_keys_max
      && active_.find(key) == nullptr)
    known = was_there(key);
  active_.put(key, std::move(value), known);
}

std::size_t engine::append(std::string_view key, std::string_view what) {
  const auto* slot = active_.find(key);
  if (slot != nullptr && slot->has_value())
    return active_.append(key, what);
  std::optional<std::string> before;
  if (slot == nullptr)
    before = read(key);
  auto was_there = before.has_value();
  auto value = std::move(before).value_or(std::string{});
  value += what;
  auto result = value.size();
  active_.put(key, std::move(value), was_there);
  return result;
}

bool engine::erase(std::string_view key) {
  const auto* slot = active_.find(key);
  if (slot != nullptr ? !*slot : !was_there(key))
    return false;
  active_.erase(key, true);
  return true;
}

std::uint64_t engine::count() const {
  if (!count_at_freeze_)
    count_at_freeze_ = below_->count_with(*frozen_, frozen_applied_);
  learn_what_was_there();
  return active_.count_over(*count_at_freeze_);
}

void engine::visit(std::string_view first, const visitor& f) const {
  visit_merged(
    {active_, *frozen_, first},
    [&](const visitor& g) { below_->visit(first, g); }, f);
}

bool engine::was_there(std::string_view key) const {
  const auto* slot = frozen_->find(key);
  return slot != nullptr ? slot->has_value() : below_->contains(key);
}

void engine::learn_what_was_there() const {
  if (active_.knows_all())
    return;
  auto keys = active_.unknown();
  std::vector<bool> there(keys.size());
  std::vector<std::size_t> places;
  std::vector<std::string_view> below;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (const auto* slot = frozen_->find(keys[i])) {
      there[i] = slot->has_value();
    } else {
      places.push_back(i);
      below.push_back(keys[i]);
    }
  auto found = below_->contains_each(below);
  for (std::size_t i = 0; i < places.size(); ++i)
    there[places[i]] = found[i];
  active_.know(there);
}

const overlay::slot* engine::changed(std::string_view key) const {
  if (const auto* slot = active_.find(key))
    return slot;
  return frozen_->find(key);
}

std::string engine_directory(const std::string& data_directory,
                             group_id group) {
  return data_directory + "/kv-" + to_text(group);
}

namespace {

table_options options_for(const engine_options& options,
                          const machine::machine_context& x) {
  table_options result;
  result.directory = engine_directory(options.directory, x.group);
  result.owner = {x.cluster, x.peer, x.incarnation};
  result.group = x.group;
  result.map_bytes = options.map_bytes;
  result.cached_bytes_max = options.cached_bytes_max;
  result.must_exist = x.compacted > log_index{};
  return result;
}

} // namespace

machine::state_machine_factory engine_factory(engine_options options) {
  return [options = std::move(options)](const machine::machine_context& x) {
    return std::make_unique<engine>(open_lmdb_table(options_for(options, x)),
                                    options.overlay_bytes_max);
  };
}

machine::restoration_factory engine_restorations(engine_options options) {
  return [options = std::move(options)](const machine::machine_context& x) {
    return make_engine_restoration(options_for(options, x));
  };
}

} // namespace raft::kv
