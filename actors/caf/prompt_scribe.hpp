// A connection that writes at once, on CAF 0.17. For the sources of this folder
// only.

#pragma once

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/scribe_impl.hpp>

#include <cstddef>

namespace raft::actors {

/// CAF's own connections ask the event loop whether they may write, and write
/// when it says so: two system calls and a turn more for each answer. This one
/// writes what the socket takes at the end of the turn, and leaves only the
/// rest to the loop.
class prompt_scribe final : public caf::io::network::scribe_impl {
public:
  prompt_scribe(caf::io::network::default_multiplexer& mpx, int socket);

  void ack_writes(bool enable) override;
  void graceful_shutdown() override;
  void flush() override;
  void data_transferred(caf::execution_unit* context, std::size_t written,
                        std::size_t remaining) override;

private:
  void write();

  bool acknowledges_ = false;
  /// Whether `write` is to come at the end of the turn.
  bool posted_ = false;
  /// Whether the loop writes.
  bool handed_ = false;
};

} // namespace raft::actors
