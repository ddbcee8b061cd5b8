#include <raft/kv/command.hpp>
#include <raft/redis/convoy.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace raft::redis {

void convoy::add(passenger who, std::vector<bytes> commands) {
  std::size_t size = 0;
  for (const auto& x : commands)
    size += x.size();
  if (!commands_.empty() && bytes_ + size > bytes_max_)
    close();
  bytes_ += size;
  shares_.push_back({who, commands.size()});
  std::move(commands.begin(), commands.end(), std::back_inserter(commands_));
}

std::vector<convoy::departure> convoy::depart() {
  if (!commands_.empty())
    close();
  return std::exchange(ready_, {});
}

std::vector<convoy::arrival> convoy::arrive(std::uint64_t number,
                                            const executed& result) {
  auto i = under_way_.find(number);
  if (i == under_way_.end())
    return {};
  auto shares = std::move(i->second);
  under_way_.erase(i);
  std::size_t sent = 0;
  for (const auto& x : shares)
    sent += x.commands;
  auto how = result;
  how.reply = {};
  auto replies = result.result == outcome::committed
                 ? kv::decode_batch(result.reply)
                 : std::nullopt;
  if (replies && replies->size() > sent)
    replies.reset();
  std::vector<arrival> served;
  std::vector<arrival> waiting;
  std::size_t at = 0;
  for (const auto& x : shares) {
    arrival one{x.who, {how, std::nullopt}};
    auto complete = true;
    if (replies) {
      auto end = std::min(at + x.commands, replies->size());
      auto begin = replies->begin();
      one.result.replies.emplace(begin + static_cast<std::ptrdiff_t>(at),
                                 begin + static_cast<std::ptrdiff_t>(end));
      complete = end - at == x.commands;
      at = end;
    }
    (complete ? served : waiting).push_back(std::move(one));
  }
  std::move(served.begin(), served.end(), std::back_inserter(waiting));
  return waiting;
}

/// Makes a departure of what has been collected.
void convoy::close() {
  auto number = ++last_number_;
  ready_.push_back({number, kv::encode_batch(commands_)});
  under_way_.emplace(number, std::exchange(shares_, {}));
  commands_.clear();
  bytes_ = 0;
}

} // namespace raft::redis
