// What hiredis hands out, and who frees it.

#pragma once

#include <hiredis/hiredis.h>

#include <memory>

namespace raft::bench {

struct free_redis {
  void operator()(redisContext* x) const {
    redisFree(x);
  }

  void operator()(redisReply* x) const {
    freeReplyObject(x);
  }
};

using redis_context = std::unique_ptr<redisContext, free_redis>;

using redis_reply = std::unique_ptr<redisReply, free_redis>;

} // namespace raft::bench
