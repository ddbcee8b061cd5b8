#include <raft/kv/kv_machine.hpp>

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace raft::kv {

namespace {

reply counted(std::uint64_t x) {
  reply result;
  result.count = x;
  return result;
}

reply refused(status x) {
  reply result;
  result.result = x;
  return result;
}

/// Hashes strings, each with its length in front, so that what belongs to one
/// can not pass for a part of its neighbor.
class hasher {
public:
  hasher() : state_{XXH3_createState()} {
    if (!state_ || XXH3_64bits_reset(state_.get()) != XXH_OK)
      throw std::bad_alloc{};
  }

  void add(std::string_view x) {
    std::array<unsigned char, 8> length;
    for (std::size_t i = 0; i < length.size(); ++i)
      length[i]
        = static_cast<unsigned char>(std::uint64_t{x.size()} >> (8 * i));
    XXH3_64bits_update(state_.get(), length.data(), length.size());
    XXH3_64bits_update(state_.get(), x.data(), x.size());
  }

  std::uint64_t finish() const {
    return XXH3_64bits_digest(state_.get());
  }

private:
  struct free_state {
    void operator()(XXH3_state_t* x) const {
      XXH3_freeState(x);
    }
  };

  std::unique_ptr<XXH3_state_t, free_state> state_;
};

} // namespace

bytes kv_machine::apply(const machine::apply_context&, const bytes& command) {
  auto batch = decode_batch(command);
  if (!batch)
    return apply_one(command);
  std::vector<bytes> replies;
  std::size_t total = 0;
  for (const auto& x : *batch) {
    replies.push_back(apply_one(x));
    total += replies.back().size();
    if (total >= batch_reply_bytes_max)
      break;
  }
  return encode_batch(replies);
}

bytes kv_machine::query(const bytes& request) const {
  if (request == digest_request())
    return encode(compute_digest());
  return {};
}

reply kv_machine::run(command x) {
  return std::visit([this](auto& y) { return run_one(y); }, x);
}

digest kv_machine::compute_digest() const {
  hasher h;
  for (const auto& [key, value] : data_) {
    h.add(key);
    h.add(value);
  }
  return {data_.size(), h.finish()};
}

bytes kv_machine::apply_one(const bytes& command) {
  auto decoded = decode_command(command);
  if (!decoded)
    return encode(refused(status::malformed));
  return encode(run(std::move(*decoded)));
}

reply kv_machine::run_one(put& x) {
  if (x.value.size() > value_bytes_max)
    return refused(status::too_large);
  data_.insert_or_assign(std::move(x.key), std::move(x.value));
  return {};
}

reply kv_machine::run_one(get& x) {
  reply result;
  result.values.reserve(x.keys.size());
  std::size_t total = 0;
  for (const auto& key : x.keys) {
    auto i = data_.find(key);
    if (i == data_.end()) {
      result.values.emplace_back();
      continue;
    }
    total += i->second.size();
    if (total > get_bytes_max)
      return refused(status::too_large);
    result.values.emplace_back(i->second);
  }
  return result;
}

reply kv_machine::run_one(append& x) {
  auto i = data_.find(x.key);
  auto before = i == data_.end() ? 0 : i->second.size();
  if (before + x.value.size() > value_bytes_max)
    return refused(status::too_large);
  if (i == data_.end())
    i = data_.emplace(std::move(x.key), std::string{}).first;
  i->second += x.value;
  return counted(i->second.size());
}

reply kv_machine::run_one(erase& x) {
  std::uint64_t erased = 0;
  for (const auto& key : x.keys)
    erased += data_.erase(key);
  return counted(erased);
}

reply kv_machine::run_one(compare_and_set& x) {
  if (x.value.size() > value_bytes_max)
    return refused(status::too_large);
  auto i = data_.find(x.key);
  std::optional<std::string> found;
  if (i != data_.end())
    found = i->second;
  if (found != x.expected) {
    auto result = refused(status::mismatch);
    result.values.push_back(std::move(found));
    return result;
  }
  data_.insert_or_assign(std::move(x.key), std::move(x.value));
  return {};
}

reply kv_machine::run_one(scan& x) {
  reply result;
  std::size_t total = 0;
  auto i = x.after && *x.after >= x.prefix ? data_.upper_bound(*x.after)
                                           : data_.lower_bound(x.prefix);
  for (; i != data_.end() && i->first.starts_with(x.prefix); ++i) {
    const auto& [key, value] = *i;
    total += key.size() + (x.keys_only ? 0 : value.size());
    auto full = total > scan_bytes_max && !result.pairs.empty();
    if (full || result.pairs.size() >= x.limit) {
      result.more = true;
      break;
    }
    result.pairs.emplace_back(key, x.keys_only ? std::string{} : value);
  }
  return result;
}

reply kv_machine::run_one(count&) {
  return counted(data_.size());
}

reply kv_machine::run_one(exists& x) {
  auto there = std::count_if(x.keys.begin(), x.keys.end(),
                             [this](auto& key) { return data_.contains(key); });
  return counted(static_cast<std::uint64_t>(there));
}

reply kv_machine::run_one(put_many& x) {
  for (const auto& pair : x.pairs)
    if (pair.second.size() > value_bytes_max)
      return refused(status::too_large);
  for (auto& [key, value] : x.pairs)
    data_.insert_or_assign(std::move(key), std::move(value));
  return {};
}

machine::state_machine_factory kv_machine_factory() {
  return [](group_id) { return std::make_unique<kv_machine>(); };
}

} // namespace raft::kv
