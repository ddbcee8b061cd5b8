#include <caf/config.hpp>

#if CAF_MAJOR_VERSION == 0

#  include <raft/actors/caf/prompt_scribe.hpp>

#  include <caf/io/network/native_socket.hpp>
#  include <caf/policy/tcp.hpp>
#  include <caf/send.hpp>

#  include <utility>

namespace raft::actors {

prompt_scribe::prompt_scribe(caf::io::network::default_multiplexer& mpx,
                             int socket)
  : scribe_impl{mpx, socket} {
  static_cast<void>(caf::io::network::keepalive(socket, true));
  // From it we learn when the loop has written all.
  scribe_impl::ack_writes(true);
}

void prompt_scribe::ack_writes(bool enable) {
  acknowledges_ = enable;
}

void prompt_scribe::graceful_shutdown() {
  caf::intrusive_ptr<prompt_scribe> self{this};
  write();
  scribe_impl::graceful_shutdown();
}

void prompt_scribe::flush() {
  if (handed_ || wr_buf().empty() || std::exchange(posted_, true))
    return;
  stream_.backend().post([self = caf::intrusive_ptr<prompt_scribe>{this}] {
    self->posted_ = false;
    if (!self->detached())
      self->write();
  });
}

void prompt_scribe::write() {
  auto& data = wr_buf();
  if (handed_ || data.empty())
    return;
  std::size_t written = 0;
  auto state = caf::policy::tcp::write_some(written, stream_.fd(), data.data(),
                                            data.size());
  if (state == caf::io::network::rw_state::failure)
    return io_failure(&stream_.backend(), caf::io::network::operation::write);
  data.erase(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(written));
  auto left = data.size();
  if (left > 0) {
    handed_ = true;
    scribe_impl::flush();
  }
  if (written > 0)
    tell_transferred(&stream_.backend(), written, left);
}

bool prompt_scribe::consume(caf::execution_unit* context, const void* data,
                            std::size_t size) {
  if (detached())
    return false;
  if (!sink_)
    return scribe_impl::consume(context, data, size);
  call_sink([&](stream_sink& sink) {
    sink.receive(hdl(), {static_cast<const char*>(data), size});
  });
  return !detached();
}

void prompt_scribe::data_transferred(caf::execution_unit* context,
                                     std::size_t written,
                                     std::size_t remaining) {
  tell_transferred(context, written, remaining);
  // What came meanwhile, the loop writes as well.
  if (remaining == 0 && wr_buf().empty())
    handed_ = false;
}

void prompt_scribe::lead_to(std::shared_ptr<stream_sink> sink) {
  sink_ = std::move(sink);
}

void prompt_scribe::tell_transferred(caf::execution_unit* context,
                                     std::size_t written,
                                     std::size_t remaining) {
  if (!acknowledges_ || detached())
    return;
  if (!sink_)
    return scribe_impl::data_transferred(context, written, remaining);
  call_sink([&](stream_sink& sink) { sink.transferred(hdl(), remaining); });
}

/// As the broker would run a handler.
template <class Call>
void prompt_scribe::call_sink(Call call) {
  caf::strong_actor_ptr owner{parent()->ctrl()};
  auto sink = sink_;
  try {
    call(*sink);
  } catch (...) {
    caf::anon_send_exit(owner, caf::exit_reason::unhandled_exception);
  }
}

} // namespace raft::actors

#endif
