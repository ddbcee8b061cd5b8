// A connection that writes at once, on CAF 0.17. For the sources of this folder
// only.

#pragma once

#include <raft/actors/caf/stream_sink.hpp>

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/scribe_impl.hpp>

#include <cstddef>
#include <memory>

namespace raft::actors {

/// CAF's own connections ask the event loop whether they may write, and write
/// when it says so: two system calls and a turn more for each answer. This one
/// writes what the socket takes at the end of the turn, and leaves only the
/// rest to the loop.
class prompt_scribe final : public caf::io::network::scribe_impl,
                            public direct_stream {
public:
  prompt_scribe(caf::io::network::default_multiplexer& mpx, int socket);

  void ack_writes(bool enable) override;
  void graceful_shutdown() override;
  void flush() override;
  bool consume(caf::execution_unit* context, const void* data,
               std::size_t size) override;
  void data_transferred(caf::execution_unit* context, std::size_t written,
                        std::size_t remaining) override;
  void lead_to(std::shared_ptr<stream_sink> sink) override;

private:
  void write();
  void tell_transferred(caf::execution_unit* context, std::size_t written,
                        std::size_t remaining);
  template <class Call>
  void call_sink(Call call);

  /// Null: the broker gets messages.
  std::shared_ptr<stream_sink> sink_;

  bool acknowledges_ = false;
  /// Whether `write` is to come at the end of the turn.
  bool posted_ = false;
  /// Whether the loop writes.
  bool handed_ = false;
};

} // namespace raft::actors
