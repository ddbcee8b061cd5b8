// The Redis protocol, version 2: requests in, replies out. Pure.

#pragma once

#include <raft/redis/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace raft::redis {

/// Takes bytes apart into requests, however they are split on their way:
/// arrays of bulk strings, and lines for those who type by hand. Follows
/// redis-server 7.0 in what it accepts, ignores and refuses, and in its words.
class request_parser {
public:
  enum class result {
    /// Feed more bytes.
    incomplete,
    /// `arguments` holds a request; it is never empty.
    request,
    /// `error` says why the client must be sent away. Final.
    failed,
  };

  explicit request_parser(const request_limits& limits = {});

  /// Adds bytes that arrived. Invalidates `arguments`.
  void feed(std::string_view data);

  /// Looks for the next request. Invalidates `arguments`.
  result next();

  /// Gives back what the request in `arguments` took, if that was much, and
  /// invalidates them.
  void forget();

  /// The request's name and arguments, views into this object.
  const std::vector<std::string_view>& arguments() const noexcept {
    return arguments_;
  }

  /// Whether the request came as a line, as one types it.
  bool typed() const noexcept {
    return typed_;
  }

  /// For example "Protocol error: invalid bulk length".
  const std::string& error() const noexcept {
    return error_;
  }

  /// How many bytes were fed that are not yet part of a complete request.
  std::size_t unread() const noexcept {
    return buffer_.size() - begin_;
  }

  /// How many bytes of memory the unfinished request takes, or the one that
  /// `arguments` holds.
  std::size_t memory() const noexcept;

  /// The same with what is kept for later requests; where that was never
  /// written to, it is address space only.
  std::size_t kept() const noexcept;

private:
  /// An argument, from the beginning of its request. No request is so long that
  /// this would not do, and there may be many.
  struct span {
    std::uint32_t begin;
    std::uint32_t size;
  };

  result parse_line();
  result parse_array();
  bool parse_argument();
  std::optional<std::string_view> take_line(char end, const char* complaint);
  bool fail(std::string what);
  void begin_request();
  void release();

  request_limits limits_;
  std::string error_;
  // The request that is being parsed begins at `begin_` and is understood up to
  // `position_`.
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t position_ = 0;
  // Set while inside an array: how many arguments are to come, and how long the
  // next one is once that is known.
  std::optional<std::size_t> missing_;
  std::optional<std::size_t> argument_size_;
  std::vector<span> spans_;
  std::vector<std::string> words_;
  std::vector<std::string_view> arguments_;
  bool typed_ = false;
};

/// Splits a line into words as Redis does: "..." with escapes (\n, \r, \t, \b,
/// \a, \xff), '...' with \' only.
/// @returns nothing if quotes are not closed, or not followed by a space.
std::optional<std::vector<std::string>> split_words(std::string_view line);

/// Reads a whole number as Redis does: no sign but a minus, no leading zero, no
/// spaces.
std::optional<std::int64_t> to_integer(std::string_view text);

/// Appends `+text`.
/// @pre There is no line break in `text`.
void add_simple(std::string& out, std::string_view text);

/// Appends `-text`, with line breaks made spaces. The first word is the error's
/// code.
void add_error(std::string& out, std::string_view text);

void add_integer(std::string& out, std::int64_t x);

void add_bulk(std::string& out, std::string_view data);

/// What stands before and behind the data of a bulk string.
void begin_bulk(std::string& out, std::size_t size);
void end_bulk(std::string& out);

/// Appends the reply that stands for "there is no such thing".
void add_nil(std::string& out);

/// Begins an array; append its elements next.
void add_array(std::string& out, std::size_t size);

} // namespace raft::redis
