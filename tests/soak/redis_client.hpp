// A blocking client of the Redis port that tells what is known of an outcome.

#pragma once

#include <raft/bench/redis_handles.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace raft::soak {

/// What came of a command.
struct redis_answer {
  enum class kind : std::uint8_t {
    /// It took effect; see `text`.
    done,
    /// It surely had no effect.
    refused,
    /// It may have taken effect, may do so yet, or never.
    unknown,
  };

  kind what = kind::unknown;
  /// The reply's text; nothing if it is nil or no text.
  std::optional<std::string> text;
  /// What went wrong.
  std::string error;
};

/// One connection at a time, for one thread.
class redis_client {
public:
  /// @returns whether there is a connection; `ask` needs one.
  bool connect(std::uint16_t port) {
    context_.reset(redisConnectWithTimeout("127.0.0.1", port, {1, 0}));
    // Longer than the port takes for its own answer to a lost outcome.
    return context_ && context_->err == 0
        && redisSetTimeout(context_.get(), {20, 0}) == REDIS_OK;
  }

  bool connected() const {
    return context_ != nullptr && context_->err == 0;
  }

  redis_answer ask(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const auto& x : words) {
      texts.push_back(x.data());
      sizes.push_back(x.size());
    }
    bench::redis_reply reply{static_cast<redisReply*>(
      redisCommandArgv(context_.get(), static_cast<int>(words.size()),
                       texts.data(), sizes.data()))};
    redis_answer result;
    if (!reply) {
      result.error = context_->errstr;
      context_.reset();
      return result;
    }
    std::string text{reply->str ? reply->str : "", reply->len};
    if (reply->type == REDIS_REPLY_ERROR) {
      result.error = text;
      result.what = text.starts_with("UNKNOWN") ? redis_answer::kind::unknown
                                                : redis_answer::kind::refused;
      return result;
    }
    result.what = redis_answer::kind::done;
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS)
      result.text = text;
    return result;
  }

private:
  bench::redis_context context_;
};

} // namespace raft::soak
