#include <raft/kv/interpreter.hpp>
#include <raft/kv/pair_hasher.hpp>
#include <raft/kv/slow_digest.hpp>

#include <stdexcept>
#include <utility>

namespace raft::kv {

slow_digest::slow_digest(const map& data)
  : data_{data}, hash_{std::make_unique<pair_hasher>()} {
  // nop
}

slow_digest::~slow_digest() {
  // nop
}

void slow_digest::before_change(std::string_view key) {
  if ((last_ && key <= *last_) || changed_.contains(key))
    return;
  std::optional<pair_hash> held;
  if (auto value = data_.find(key))
    held = hash_->hash_of(key, *value);
  changed_.emplace(key, held);
}

std::optional<digest> slow_digest::step(std::size_t pairs, std::size_t bytes) {
  ++steps_;
  std::optional<std::string> stopped_at;
  std::size_t seen_pairs = 0;
  std::size_t seen_bytes = 0;
  auto first = last_ ? *last_ + '\0' : std::string{};
  data_.visit(first, [&](std::string_view key, std::string_view value) {
    if (seen_pairs >= pairs || seen_bytes >= bytes)
      return false;
    ++seen_pairs;
    seen_bytes += key.size() + value.size();
    add_changed_before(key);
    auto changed = changed_.find(key);
    if (changed == changed_.end()) {
      hash_->add(key, value);
    } else {
      if (changed->second)
        hash_->add(*changed->second);
      changed_.erase(changed);
    }
    stopped_at = std::string{key};
    return true;
  });
  if (seen_pairs >= pairs || seen_bytes >= bytes) {
    last_ = std::move(stopped_at);
    return std::nullopt;
  }
  for (const auto& [_, held] : std::exchange(changed_, {}))
    if (held)
      hash_->add(*held);
  return hash_->finish();
}

/// Keys that are gone by now.
void slow_digest::add_changed_before(std::string_view key) {
  while (!changed_.empty() && changed_.begin()->first < key) {
    if (changed_.begin()->second)
      hash_->add(*changed_.begin()->second);
    changed_.erase(changed_.begin());
  }
}

namespace {

class digest_query final : public machine::slow_query {
public:
  digest_query(std::shared_ptr<slow_digest> what, std::size_t pairs)
    : what_{std::move(what)}, pairs_{pairs} {
    // nop
  }

  std::optional<bytes> step() override {
    auto found = what_->step(pairs_);
    if (!found)
      return std::nullopt;
    return encode(*found);
  }

private:
  std::shared_ptr<slow_digest> what_;
  std::size_t pairs_;
};

/// Tells digests that are under way what is about to change.
class watched_map final : public map {
public:
  watched_map(map& data, const std::vector<std::weak_ptr<slow_digest>>& who)
    : data_{data}, who_{who} {
    // nop
  }

  std::optional<std::string_view> find(std::string_view key) const override {
    return data_.find(key);
  }

  bool contains(std::string_view key) const override {
    return data_.contains(key);
  }

  void put(std::string_view key, std::string value) override {
    tell(key);
    data_.put(key, std::move(value));
  }

  std::size_t append(std::string_view key, std::string_view what) override {
    tell(key);
    return data_.append(key, what);
  }

  bool erase(std::string_view key) override {
    tell(key);
    return data_.erase(key);
  }

  std::uint64_t count() const override {
    return data_.count();
  }

  void visit(std::string_view first, const visitor& f) const override {
    data_.visit(first, f);
  }

private:
  void tell(std::string_view key) const {
    for (const auto& x : who_)
      if (auto alive = x.lock())
        alive->before_change(key);
  }

  map& data_;
  const std::vector<std::weak_ptr<slow_digest>>& who_;
};

} // namespace

std::shared_ptr<machine::slow_query> slow_digests::begin(const map& data,
                                                         const bytes& request) {
  if (request != digest_request())
    return nullptr;
  forget_those_done();
  if (under_way_.size() >= digests_max)
    throw std::runtime_error{std::to_string(digests_max)
                             + " digests are being taken; try again later"};
  auto what = std::make_shared<slow_digest>(data);
  under_way_.push_back(what);
  return std::make_shared<digest_query>(std::move(what), pairs_per_step_);
}

bytes slow_digests::execute(map& data, const bytes& command) {
  if (!under_way_.empty())
    forget_those_done();
  if (under_way_.empty())
    return kv::execute(data, command);
  watched_map watched{data, under_way_};
  return kv::execute(watched, command);
}

void slow_digests::forget_those_done() {
  std::erase_if(under_way_, [](const auto& x) { return x.expired(); });
}

} // namespace raft::kv
