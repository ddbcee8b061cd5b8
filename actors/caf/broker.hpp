// Actors that run in the middleman's thread, on CAF 0.17 and 1.x.

#pragma once

#include <raft/actors/caf/stream_sink.hpp>

#include <caf/config.hpp>

#if CAF_MAJOR_VERSION > 0
#  include <caf/log/io.hpp> // Missing in typed_broker.hpp.
#endif

#include <caf/io/abstract_broker.hpp>
#include <caf/io/typed_broker.hpp>
#include <caf/scheduled_actor.hpp>

#include <memory>
#include <utility>

namespace raft::actors {

/// What to derive brokers from: `Base` is `caf::io::broker` or an interface's
/// `broker_base`.
///
/// CAF 0.17 leaves the mailbox of a broker open when the broker has ended.
/// Requests that come later are then never answered, and every message that
/// comes later keeps its sender alive forever; if that is a detached actor,
/// the actor system does not come to its end either. This class closes it.
template <class Base>
class broker : public Base {
public:
  using Base::Base;

  /// Has a connection speak to `sink` in place of this actor's handlers.
  /// @returns whether it can do so, see `streams_can_be_direct`.
  bool connect_directly(caf::io::connection_handle connection,
                        std::shared_ptr<stream_sink> sink) {
    auto scribe = this->by_id(connection);
    if (!scribe)
      return false;
    auto stream = dynamic_cast<direct_stream*>(&*scribe);
    if (stream != nullptr)
      stream->lead_to(std::move(sink));
    return stream != nullptr;
  }

#if CAF_MAJOR_VERSION == 0
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override {
    auto same = reason;
    // Once for the mailbox, once for the connections; the rest happens once.
    // NOLINTNEXTLINE(bugprone-parent-virtual-call)
    auto first = caf::scheduled_actor::cleanup(std::move(same), host);
    return Base::cleanup(std::move(reason), host) || first;
  }
#endif
};

} // namespace raft::actors
