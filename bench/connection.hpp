// What a load needs from a protocol. Each implementation belongs to one thread.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace raft::bench {

/// Called for each answer with the tag of its command and what was read: none
/// for a `SET`, and for a key that does not exist.
using on_answer
  = std::function<void(std::size_t tag, std::optional<std::string_view>)>;

/// A connection to a server on this machine. It never waits: commands are
/// collected until `write`, and their answers handed out by `read`. All but the
/// trivial calls throw `std::runtime_error` if the connection fails or ends,
/// and `read` if a command is refused.
class connection {
public:
  virtual ~connection() = default;

  virtual int fd() const = 0;

  /// Whether something is left to be written when the socket takes more.
  virtual bool is_blocked() const = 0;

  virtual void set(std::size_t tag, std::string_view key,
                   std::string_view value)
    = 0;

  virtual void get(std::size_t tag, std::string_view key) = 0;

  /// Writes as much as the socket takes.
  virtual void write() = 0;

  /// Reads what there is. What `f` adds waits for the next `write`.
  virtual void read(const on_answer& f) = 0;
};

using connection_ptr = std::unique_ptr<connection>;

} // namespace raft::bench
