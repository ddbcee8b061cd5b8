// The table in memory.

#include <raft/kv/table.hpp>

#include <map>
#include <mutex>

namespace raft::kv {

namespace {

class memory_table : public table {
public:
  contents load() const override {
    std::lock_guard guard{mutex_};
    contents result{{applied_, {}}, data_.size()};
    for (const auto& [id, data] : sessions_)
      result.state.sessions.push_back({id, data});
    return result;
  }

  bool contains(std::string_view key) const override {
    std::lock_guard guard{mutex_};
    return data_.contains(key);
  }

  std::uint64_t count_with(const overlay& changes,
                           log_index applied) const override {
    std::lock_guard guard{mutex_};
    if (applied == applied_)
      return data_.size();
    return changes.count_over(data_.size(), [this](std::string_view key) {
      return data_.contains(key);
    });
  }

  std::optional<std::string> get(std::string_view key) const override {
    std::lock_guard guard{mutex_};
    auto i = data_.find(key);
    if (i == data_.end())
      return std::nullopt;
    return i->second;
  }

  void visit(std::string_view first, const visitor& f) const override {
    std::lock_guard guard{mutex_};
    for (auto i = data_.lower_bound(first); i != data_.end(); ++i)
      if (!f(i->first, i->second))
        return;
  }

  std::shared_ptr<moment> hold() override;

  void write(const update& x) override {
    std::lock_guard guard{mutex_};
    for (const auto& change : *x.changes)
      if (change.value)
        data_.insert_or_assign(change.key, *change.value);
      else
        data_.erase(change.key);
    for (const auto& session : x.sessions)
      if (session.data.empty())
        sessions_.erase(session.id);
      else
        sessions_[session.id] = session.data;
    applied_ = x.applied;
  }

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> data_;
  std::map<session_id, bytes> sessions_;
  log_index applied_;
};

/// A copy.
class memory_moment final : public table::moment {
public:
  memory_moment(const table& from) : what_{from.load()} {
    from.visit({}, [this](std::string_view key, std::string_view value) {
      pairs_.emplace_back(key, value);
      return true;
    });
  }

  log_index applied() const noexcept override {
    return what_.state.applied;
  }

  table::contents load() override {
    return what_;
  }

  bool visit_next(const visitor& f) override {
    for (const auto& [key, value] : pairs_)
      if (!f(key, value))
        return false;
    return false;
  }

private:
  table::contents what_;
  std::vector<std::pair<std::string, std::string>> pairs_;
};

std::shared_ptr<table::moment> memory_table::hold() {
  return std::make_shared<memory_moment>(*this);
}

} // namespace

table::moment::~moment() {
  // nop
}

table::~table() {
  // nop
}

std::vector<bool>
table::contains_each(const std::vector<std::string_view>& keys) const {
  std::vector<bool> result;
  result.reserve(keys.size());
  for (auto key : keys)
    result.push_back(contains(key));
  return result;
}

bool table::is_prompt() const noexcept {
  return true;
}

space_left table::look_for_space(const table_load&) {
  return {};
}

std::shared_ptr<table> make_memory_table() {
  return std::make_shared<memory_table>();
}

} // namespace raft::kv
