// Decides what of a connection reaches CAF 0.17, which believes whatever comes:
// it takes the memory that a header announces, reads a payload that is not
// there, and lets everybody speak for everybody.

#pragma once

#include <raft/transport/content.hpp>
#include <raft/transport/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace raft::transport {

/// Which end of a connection we have.
enum class end_point { accepted, dialed };

/// What is wrong with what came.
enum class fault : std::uint8_t {
  none,
  /// No operation of the protocol: somebody speaks another one.
  no_operation,
  /// Fields of a header contradict each other.
  bad_header,
  /// More bytes are announced than such a message can have.
  too_long,
  /// None are announced where some must be.
  no_payload,
  /// It may come at another time, or never on this end.
  out_of_turn,
  /// Another version of CAF's protocol.
  other_version,
  /// Not what the header announced.
  bad_payload,
  /// Somebody speaks for another node.
  other_node,
  /// Nobody may send this from outside.
  forbidden,
};

/// What it is, in plain words.
const char* to_text(fault x);

/// Which other protocol something looks like that is none of ours, in
/// parentheses; empty if nobody knows.
const char* hint_of(std::string_view bytes);

struct verdict {
  enum class kind {
    /// CAF may have it.
    pass,
    /// Not for CAF; the connection goes on.
    drop,
    /// The other side is known now, and CAF may have it, see `gate::node`.
    introduced,
    /// The connection must end.
    refuse,
  };

  kind what = kind::pass;
  /// Why it is refused or dropped. Dropped without a fault is what belongs to
  /// the protocol and serves nothing here.
  fault why = fault::none;

  friend bool operator==(const verdict&, const verdict&) = default;
};

/// The state of one connection. A function of what comes: no socket, no clock.
class gate {
public:
  struct limits {
    /// Longest message after the handshake, in bytes.
    std::size_t message_bytes_max = 64 << 20;
    /// Version of the protocol that the other side must speak.
    std::uint64_t version = 3;
  };

  /// Longest handshake of a server: node, application ids, names of types.
  static constexpr std::size_t handshake_bytes_max = 64 << 10;

  /// @param own How CAF writes the name of our own node.
  gate(end_point end, std::string own, std::shared_ptr<const vocabulary> words,
       limits bounds);

  /// Judges a header. A payload must be asked about when it is complete, unless
  /// its header was refused or dropped.
  verdict header(const frame_header& x);

  /// Judges the payload of the last header; call it also if there is none.
  verdict payload(std::string_view bytes);

  /// Whether both sides know each other.
  bool introduced() const noexcept {
    return step_ == step::introduced;
  }

  /// Who is on the other side; empty if it has not said that.
  const std::string& node() const noexcept {
    return node_;
  }

  void allow(std::size_t message_bytes_max) noexcept {
    bounds_.message_bytes_max = message_bytes_max;
  }

private:
  enum class step { unknown, named, introduced };

  fault fault_of(const frame_header& x) const;
  fault fault_of_handshake(const frame_header& x) const;
  std::size_t payload_max(const frame_header& x) const;
  verdict named(std::string_view bytes);
  verdict message(std::string_view bytes) const;

  end_point end_;
  std::string own_;
  std::shared_ptr<const vocabulary> words_;
  limits bounds_;
  step step_ = step::unknown;
  frame_header last_;
  std::string node_;
};

} // namespace raft::transport
