// The header that stands before everything in BASP, the protocol of CAF 0.17.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace raft::transport {

/// What a header announces.
enum class operation : std::uint8_t {
  /// Who accepted the connection says who it is and what it has published.
  server_handshake = 0,
  /// Who connected says who it is.
  client_handshake = 1,
  /// A message to an actor of the receiver.
  direct_message = 2,
  /// A message from or to a third node.
  routed_message = 3,
  /// The sender wants to know when an actor of the receiver ends.
  monitor_message = 4,
  /// An actor of the sender has ended.
  down_message = 5,
  heartbeat = 6,
};

inline constexpr std::size_t operations = 7;

/// Set in a `direct_message` whose receiver is named rather than numbered.
inline constexpr std::uint8_t named_receiver_flag = 1;

/// Set in the second `client_handshake`, which says that the sender is going to
/// use this connection and no other.
inline constexpr std::uint8_t select_flag = 2;

struct frame_header {
  /// As it came: may be no operation at all.
  std::uint8_t code = 0;
  std::array<std::uint8_t, 2> padding{};
  std::uint8_t flags = 0;
  std::uint32_t payload_bytes = 0;
  /// Version of the protocol in a server's handshake; number and kind of the
  /// message where there is one.
  std::uint64_t data = 0;
  std::uint64_t source_actor = 0;
  std::uint64_t dest_actor = 0;

  operation what() const noexcept {
    return static_cast<operation>(code);
  }

  friend bool operator==(const frame_header&, const frame_header&) = default;
};

inline constexpr std::size_t frame_header_bytes = 32;

/// Where the flags are in a header.
inline constexpr std::size_t frame_flags_offset = 3;

/// @pre `bytes` are as many as a header has.
frame_header read_frame_header(std::string_view bytes);

/// The other way round, for tests.
std::array<char, frame_header_bytes> write_frame_header(const frame_header& x);

/// A number of `size` bytes, the highest first.
/// @pre there are so many.
std::uint64_t read_number(std::string_view bytes, std::size_t size);

} // namespace raft::transport
