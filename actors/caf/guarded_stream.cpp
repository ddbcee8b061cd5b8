// The socket of a guarded connection, and what is written to it.

#include <caf/config.hpp>

#if CAF_MAJOR_VERSION == 0

#  include <raft/actors/caf/guarded_scribe.hpp>

#  include <caf/io/network/native_socket.hpp>
#  include <caf/policy/tcp.hpp>

#  include <algorithm>

namespace raft::actors {

namespace {

/// What one connection may write before others have their turn.
constexpr std::size_t written_bytes = 512 << 10;

/// So much more output is worth a look at what strangers leave unread.
constexpr std::size_t heavy_bytes = 1 << 20;

} // namespace

// -- the socket ---------------------------------------------------------------

guarded_scribe::stream::stream(caf::io::network::default_multiplexer& mpx,
                               int socket, guarded_scribe& owner)
  : event_handler{mpx, socket}, owner_{owner} {
  // nop
}

void guarded_scribe::stream::handle_event(caf::io::network::operation what) {
  // The owner may leave the loop on the way.
  caf::intrusive_ptr<guarded_scribe> guard{&owner_};
  switch (what) {
    case caf::io::network::operation::read:
      owner_.readable();
      break;
    case caf::io::network::operation::write:
      owner_.write();
      break;
    case caf::io::network::operation::propagate_error:
      owner_.io_failure(&backend(), caf::io::network::operation::read);
      break;
  }
}

void guarded_scribe::stream::removed_from_loop(
  caf::io::network::operation what) {
  if (what == caf::io::network::operation::read)
    reader_.reset();
  else if (what == caf::io::network::operation::write)
    writer_.reset();
}

void guarded_scribe::stream::graceful_shutdown() {
  caf::io::network::shutdown_write(fd());
}

void guarded_scribe::stream::start_reading() {
  reader_.reset(&owner_);
  activate();
}

void guarded_scribe::stream::start_writing() {
  writer_.reset(&owner_);
  backend().add(caf::io::network::operation::write, fd(), this);
}

void guarded_scribe::stream::forget() {
  reader_.reset();
  writer_.reset();
}

void guarded_scribe::stream::stop_writing() {
  backend().del(caf::io::network::operation::write, fd(), this);
}

// -- writing ------------------------------------------------------------------

void guarded_scribe::flush() {
  if (out_.empty())
    return;
  if (busy_)
    return weigh_output();
  busy_ = true;
  // At the end of this turn, with all that comes until then.
  stream_.backend().post([self = caf::intrusive_ptr<guarded_scribe>{this}] {
    if (!self->detached())
      self->write();
  });
}

/// While the socket is full, nothing else does. Not at once: CAF may be in the
/// middle of something.
void guarded_scribe::weigh_output() {
  if (!full_ || weighing_ || unsent() < burden_.leaving + heavy_bytes)
    return;
  weighing_ = true;
  stream_.backend().post([self = caf::intrusive_ptr<guarded_scribe>{this}] {
    self->weighing_ = false;
    auto now = self->burden_;
    now.leaving = self->unsent();
    self->weigh(now);
  });
}

std::size_t guarded_scribe::unsent() const {
  return out_.size() + sending_.size() - sent_;
}

void guarded_scribe::write() {
  caf::intrusive_ptr<guarded_scribe> self{this};
  if (!write_some())
    return io_failure(&stream_.backend(), caf::io::network::operation::write);
  auto now = burden_;
  now.leaving = unsent();
  busy_ = now.leaving > 0;
  if (busy_ != std::exchange(full_, busy_)) {
    if (busy_)
      stream_.start_writing();
    else
      stream_.stop_writing();
  }
  weigh(now);
}

/// Writes what the socket takes.
/// @returns whether the connection is in order.
bool guarded_scribe::write_some() {
  for (std::size_t left = written_bytes; left > 0;) {
    if (sent_ == sending_.size()) {
      sent_ = 0;
      let_go(sending_);
      sending_.swap(out_);
      if (sending_.empty())
        return true;
    }
    auto rest = sending_.size() - sent_;
    std::size_t done = 0;
    if (caf::policy::tcp::write_some(done, stream_.fd(),
                                     sending_.data() + sent_, rest)
        == caf::io::network::rw_state::failure)
      return false;
    sent_ += done;
    if (done < rest)
      return true;
    left -= std::min(left, done);
  }
  return true;
}

} // namespace raft::actors

#endif
