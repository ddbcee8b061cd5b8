// An immutable byte string that is shared, not copied.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace raft {

/// The payload of a command. One allocation serves the log, the messages to
/// all followers, the batch on its way to the disk and the state machine.
/// Copies are cheap and may cross threads.
class bytes {
public:
  bytes() = default;

  explicit bytes(std::string data) {
    if (!data.empty())
      data_ = std::make_shared<const std::string>(std::move(data));
  }

  explicit bytes(std::string_view data) : bytes{std::string{data}} {
    // nop
  }

  explicit bytes(const char* data) : bytes{std::string{data}} {
    // nop
  }

  std::string_view view() const noexcept {
    return data_ ? std::string_view{*data_} : std::string_view{};
  }

  /// The string itself.
  /// @pre `!empty()`.
  const std::string& str() const noexcept {
    return *data_;
  }

  std::size_t size() const noexcept {
    return data_ ? data_->size() : 0;
  }

  bool empty() const noexcept {
    return data_ == nullptr;
  }

  friend bool operator==(const bytes& x, const bytes& y) noexcept {
    return x.data_ == y.data_ || x.view() == y.view();
  }

private:
  std::shared_ptr<const std::string> data_; // null when empty
};

} // namespace raft
