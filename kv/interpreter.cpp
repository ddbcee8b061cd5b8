#include <raft/kv/interpreter.hpp>
#include <raft/kv/slow_digest.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
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

/// Whether a pair may be stored.
status judge(std::string_view key, std::size_t value_bytes) {
  if (key.size() > key_bytes_max)
    return status::key_too_long;
  if (value_bytes > value_bytes_max)
    return status::too_large;
  return status::ok;
}

reply run_view(map& data, const pair_view& x) {
  auto verdict = judge(x.first, x.second.size());
  if (verdict != status::ok)
    return refused(verdict);
  data.put(x.first, std::string{x.second});
  return {};
}

reply run_view(map& data, const std::vector<pair_view>& pairs) {
  for (const auto& [key, value] : pairs) {
    auto verdict = judge(key, value.size());
    if (verdict != status::ok)
      return refused(verdict);
  }
  for (const auto& [key, value] : pairs)
    data.put(key, std::string{value});
  return {};
}

reply run_one(map& data, put& x) {
  return run_view(data, pair_view{x.key, x.value});
}

reply run_one(map& data, get& x) {
  reply result;
  result.values.reserve(x.keys.size());
  std::size_t total = 0;
  for (const auto& key : x.keys) {
    result.values.push_back(data.read(key));
    if (const auto& found = result.values.back())
      total += found->size();
    if (total > get_bytes_max)
      return refused(status::too_large);
  }
  return result;
}

reply run_one(map& data, append& x) {
  auto found = data.find(x.key);
  auto before = found ? found->size() : 0;
  auto verdict = judge(x.key, before + x.value.size());
  if (verdict != status::ok)
    return refused(verdict);
  return counted(data.append(x.key, x.value));
}

reply run_one(map& data, erase& x) {
  auto erased
    = std::count_if(x.keys.begin(), x.keys.end(),
                    [&data](const auto& key) { return data.erase(key); });
  return counted(static_cast<std::uint64_t>(erased));
}

reply run_one(map& data, compare_and_set& x) {
  auto verdict = judge(x.key, x.value.size());
  if (verdict != status::ok)
    return refused(verdict);
  auto found = data.find(x.key);
  if (found != x.expected) {
    auto result = refused(status::mismatch);
    result.values.emplace_back(found);
    return result;
  }
  data.put(x.key, std::move(x.value));
  return {};
}

reply run_one(map& data, scan& x) {
  reply result;
  std::size_t total = 0;
  auto first = x.prefix;
  if (x.after && *x.after >= x.prefix)
    first = *x.after + '\0'; // what comes right behind it
  data.visit(first, [&](std::string_view key, std::string_view value) {
    if (!key.starts_with(x.prefix))
      return false;
    total += key.size() + (x.keys_only ? 0 : value.size());
    auto full = total > scan_bytes_max && !result.pairs.empty();
    if (full || result.pairs.size() >= x.limit) {
      result.more = true;
      return false;
    }
    result.pairs.emplace_back(key, x.keys_only ? std::string_view{} : value);
    return true;
  });
  return result;
}

reply run_one(map& data, count&) {
  return counted(data.count());
}

reply run_one(map& data, exists& x) {
  auto there
    = std::count_if(x.keys.begin(), x.keys.end(),
                    [&data](const auto& key) { return data.contains(key); });
  return counted(static_cast<std::uint64_t>(there));
}

reply run_one(map& data, put_many& x) {
  return run_view(data, std::vector<pair_view>{x.pairs.begin(), x.pairs.end()});
}

/// What sets keys is the most frequent, and may be long: it stays where it is,
/// but for the values, which go from there to where they are kept.
reply execute_one(map& data, std::string_view command) {
  if (auto pair = view_put(command))
    return run_view(data, *pair);
  if (auto pairs = view_put_many(command))
    return run_view(data, *pairs);
  auto decoded = decode_command(command);
  return decoded ? run(data, std::move(*decoded)) : refused(status::malformed);
}

/// How many commands are looked at before they are executed: enough to hide how
/// long memory takes, and few enough for the fastest cache to keep all.
constexpr std::size_t looked_ahead = 16;

/// Of those that only set a key: they are the most frequent.
void prefetch(const map& data, std::span<const std::string_view> commands) {
  std::array<std::string_view, looked_ahead> keys;
  std::size_t count = 0;
  for (auto x : commands)
    if (auto pair = view_put(x))
      keys[count++] = pair->first;
  data.prefetch({keys.data(), count});
}

} // namespace

bytes execute(map& data, const bytes& command) {
  auto batch = view_batch(command.view());
  if (!batch)
    return encode(execute_one(data, command.view()));
  std::vector<reply> replies;
  std::size_t total = 0;
  auto all = std::span<const std::string_view>{*batch};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % looked_ahead == 0)
      prefetch(data, all.subspan(i, std::min(looked_ahead, all.size() - i)));
    replies.push_back(execute_one(data, all[i]));
    total += encoded_size(replies.back());
    if (total >= batch_reply_bytes_max)
      break;
  }
  return encode_replies(replies);
}

reply run(map& data, command x) {
  return std::visit([&data](auto& y) { return run_one(data, y); }, x);
}

bytes answer(const map& data, const bytes& request) {
  if (request == digest_request())
    return encode(compute_digest(data));
  return {};
}

digest compute_digest(const map& data) {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  return slow_digest{data}.step(all, all).value();
}

} // namespace raft::kv
