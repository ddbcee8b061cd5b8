// What the payload of a message may hold, before CAF 0.17 makes objects of it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace raft::transport {

/// How CAF writes the name of a node: implementation, process id, and a hash of
/// the host, none of which may be missing.
inline constexpr std::size_t node_name_bytes = 32;

/// Whether it is the name of a node, as CAF makes them of itself.
bool is_node_name(std::string_view bytes);

/// An error with all it carries. Errors may hold messages, which may hold
/// errors: CAF reads them in a recursion, so they must be short.
inline constexpr std::size_t error_bytes_max = 8 << 10;

/// Which types may come from outside. CAF makes an object of whatever is named,
/// and its own control messages are types like any other.
struct vocabulary {
  /// Tells how many bytes of `bytes` a value takes; none if it is no value.
  using measure
    = std::function<std::optional<std::size_t>(std::string_view bytes)>;

  /// Types that hold no handle of an actor.
  std::set<std::string, std::less<>> values;
  /// Types that may come first in a message whose second and last part is a
  /// handle of an actor.
  std::map<std::string, measure, std::less<>> introductions;
  /// Types of handles.
  std::set<std::string, std::less<>> handles;

  /// Adds the numbers and texts that CAF knows of itself.
  void add_basic_values();
};

/// What to do with a payload.
enum class judgment {
  /// CAF can read it.
  fine,
  /// It is well-formed, but nobody may send it from outside: drop it.
  forbidden,
  /// It is no message.
  malformed,
};

/// Judges the payload of a message to an actor.
/// @param node Who sends. Handles must be of its actors: CAF makes a proxy for
///        every handle that comes, and for a third node it makes even more.
/// @param is_response Whether it answers a request: only then it may be an
///        error, or nothing.
judgment judge_message(const vocabulary& words, std::string_view payload,
                       std::string_view node, bool is_response);

/// Judges the error in the payload of a message that an actor has ended.
judgment judge_error(std::string_view bytes);

/// Judges what a server says of itself: node, application ids, actor,
/// interface.
judgment judge_introduction(std::string_view payload);

} // namespace raft::transport
