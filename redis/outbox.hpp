// Replies on their way to a socket. Pure.

#pragma once

#include <raft/messages/bytes.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace raft::redis {

/// Keeps replies until a socket takes them, piece by piece: buffers that have
/// once been large stay so, and only we can give back what nobody will read.
class outbox {
public:
  /// Takes what is to be sent, and leaves `data` empty.
  void add(std::string& data);

  /// Takes something large that is to be sent, without a copy.
  /// @pre `what` is a part of `source`.
  void add(const bytes& source, std::string_view what);

  /// Takes all that another one holds, and leaves it empty.
  void add(outbox& other);

  /// What comes next; empty if there is nothing.
  std::string_view front(std::size_t size_max) const;

  /// Forgets so many bytes of `front`.
  void pop(std::size_t size);

  void clear();

  std::size_t size() const noexcept {
    return size_;
  }

  bool empty() const noexcept {
    return size_ == 0;
  }

private:
  struct part {
    std::string own;
    /// If not empty, in the place of `own`.
    std::string_view shared;
    bytes source;

    std::string_view view() const noexcept {
      return source.empty() ? std::string_view{own} : shared;
    }
  };

  std::deque<part> parts_;
  std::size_t begin_ = 0; // of what is left of the first part
  std::size_t size_ = 0;
};

} // namespace raft::redis
