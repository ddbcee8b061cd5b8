// Where the bytes of a connection go without a message for each piece.

#pragma once

#include <caf/config.hpp>
#include <caf/io/connection_handle.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace raft::actors {

/// The state of a broker that takes what its connections read. CAF makes a
/// message of each piece, and a new buffer filled with zeros for the next one;
/// this costs a call.
///
/// Thread: the middleman's, between two messages of the broker. What is thrown
/// ends the broker.
class stream_sink {
public:
  virtual ~stream_sink() = default;

  /// @param data Valid until it returns.
  virtual void receive(caf::io::connection_handle from, std::string_view data)
    = 0;

  /// The socket has taken something.
  /// @param remaining How many bytes it has not taken yet.
  virtual void transferred(caf::io::connection_handle to,
                           std::uint64_t remaining)
    = 0;
};

/// Whether connections can do so.
inline constexpr bool streams_can_be_direct = CAF_MAJOR_VERSION == 0;

/// A connection that can do so.
class direct_stream {
public:
  virtual ~direct_stream() = default;

  /// From now on what is read, and how writing goes on, are told by `sink`'s
  /// members.
  virtual void lead_to(std::shared_ptr<stream_sink> sink) = 0;
};

} // namespace raft::actors
