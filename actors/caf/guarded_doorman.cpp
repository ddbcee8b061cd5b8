#include <caf/config.hpp>

#if CAF_MAJOR_VERSION == 0

#  include <raft/actors/caf/files.hpp>
#  include <raft/actors/caf/guarded_doorman.hpp>
#  include <raft/actors/caf/guarded_scribe.hpp>
#  include <raft/actors/caf/prompt_scribe.hpp>

#  include <caf/io/network/native_socket.hpp>

#  include <algorithm>
#  include <array>
#  include <cerrno>
#  include <chrono>
#  include <netdb.h>
#  include <sys/socket.h>
#  include <sys/timerfd.h>
#  include <system_error>
#  include <unistd.h>

namespace raft::actors {

namespace {

using caf::io::network::operation;
using transport::moment;

/// As many connections are let in before others have their turn.
constexpr int turn_connections = 16;

/// How long nobody is let in when files run out.
constexpr std::chrono::milliseconds pause_time{200};

int make_timer() {
  return ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

/// Host and port. The other side may be gone already, so the socket need not
/// know.
std::string to_text(const sockaddr_storage& where, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&where), size,
                    host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV)
      != 0)
    return "?";
  return std::string{host.data()} + ':' + port.data();
}

/// Bounds the connections of a port by the files that may be open.
void open_places(port_guard& guard) {
  auto& bounds = guard.bounds();
  auto most
    = share_files(files_max(), bounds.connections_max, bounds.places_kept)
        .clients;
  guard.open(most);
  if (most == bounds.connections_max)
    return;
  auto limits = std::to_string(files_max());
  guard.note("limit",
             "the limit of open files (" + limits
               + ", see `ulimit -n`) leaves room for " + std::to_string(most)
               + " connections of clients, not "
               + std::to_string(bounds.connections_max),
             "");
}

} // namespace

// -- a file in the loop -------------------------------------------------------

guarded_doorman::watch::watch(caf::io::network::default_multiplexer& mpx,
                              int file, guarded_doorman& owner,
                              void (guarded_doorman::*on_event)())
  : event_handler{mpx, file}, owner_{owner}, on_event_{on_event} {
  // nop
}

void guarded_doorman::watch::handle_event(operation what) {
  caf::intrusive_ptr<guarded_doorman> guard{&owner_};
  if (what == operation::read && !owner_.detached())
    (owner_.*on_event_)();
}

void guarded_doorman::watch::removed_from_loop(operation what) {
  if (what == operation::read)
    keeper_.reset();
}

void guarded_doorman::watch::graceful_shutdown() {
  caf::io::network::shutdown_both(fd());
}

void guarded_doorman::watch::start() {
  keeper_.reset(&owner_);
  activate();
}

void guarded_doorman::watch::stop() {
  passivate();
}

void guarded_doorman::watch::forget() {
  keeper_.reset();
}

// -- the acceptor -------------------------------------------------------------

guarded_doorman::guarded_doorman(caf::io::network::default_multiplexer& mpx,
                                 int socket, std::shared_ptr<port_guard> guard,
                                 guests who)
  : doorman{caf::io::network::accept_hdl_from_socket(socket)},
    guard_{std::move(guard)},
    who_{who},
    listener_{mpx, socket, *this, &guarded_doorman::acceptable},
    timer_{mpx, make_timer(), *this, &guarded_doorman::timer} {
  // nop
}

bool guarded_doorman::works() const {
  return timer_.fd() >= 0;
}

bool guarded_doorman::new_connection() {
  return true;
}

void guarded_doorman::launch() {
  if (who_ == guests::processes)
    open_places(*guard_);
  add_to_loop();
  guard_->on_deadline([this](moment at) {
    if (!armed_ || at < *armed_)
      set_timer(at);
  });
}

void guarded_doorman::add_to_loop() {
  open_ = true;
  listener_.start();
  timer_.start();
}

void guarded_doorman::remove_from_loop() {
  if (!open_)
    return;
  open_ = false;
  guard_->on_deadline({});
  listener_.stop();
  timer_.stop();
  listener_.backend().post([self = caf::intrusive_ptr<guarded_doorman>{this}] {
    self->listener_.forget();
    self->timer_.forget();
  });
}

void guarded_doorman::graceful_shutdown() {
  caf::intrusive_ptr<guarded_doorman> self{this};
  listener_.graceful_shutdown();
  detach(&listener_.backend(), false);
}

std::string guarded_doorman::addr() const {
  auto result = caf::io::network::local_addr_of_fd(listener_.fd());
  return result ? *result : std::string{};
}

std::uint16_t guarded_doorman::port() const {
  auto result = caf::io::network::local_port_of_fd(listener_.fd());
  return result ? *result : std::uint16_t{0};
}

void guarded_doorman::acceptable() {
  for (int i = 0; i < turn_connections && !detached(); ++i) {
    sockaddr_storage where{};
    socklen_t size = sizeof(where);
    auto socket = ::accept4(listener_.fd(), reinterpret_cast<sockaddr*>(&where),
                            &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      let_in(socket, to_text(where, size));
      continue;
    }
    auto error = errno;
    auto full = error == EMFILE || error == ENFILE || error == ENOBUFS
             || error == ENOMEM;
    if (full && guard_->make_room())
      return; // As soon as its file is closed.
    if (full)
      return pause(error);
    if (error == EAGAIN || error == EWOULDBLOCK)
      return;
    // The one that came has gone again.
  }
}

void guarded_doorman::let_in(int socket, std::string where) {
  auto& mpx = listener_.backend();
  if (who_ == guests::anybody) {
    auto guest = caf::make_counted<prompt_scribe>(mpx, socket);
    auto handle = guest->hdl();
    parent()->add_scribe(std::move(guest));
    doorman::new_connection(&mpx, handle);
    return;
  }
  auto guest = caf::make_counted<guarded_scribe>(
    mpx, socket, guard_, transport::end_point::accepted, std::move(where));
  parent()->add_scribe(guest);
  guest->enter();
  doorman::new_connection(&mpx, guest->hdl());
}

/// The loop would tell of the same connection again and again.
void guarded_doorman::pause(int error) {
  auto why = std::generic_category().message(error);
  guard_->note("files",
               "no connection can be let in (" + why
                 + "; limit of open files: " + std::to_string(files_max())
                 + ", see `ulimit -n`): new ones wait until files are closed",
               "more times no connection could be let in: " + why);
  paused_until_ = guard_now() + pause_time;
  listener_.stop();
  set_timer(armed_ ? std::min(*armed_, *paused_until_) : *paused_until_);
}

void guarded_doorman::timer() {
  std::uint64_t times = 0;
  static_cast<void>(::read(timer_.fd(), &times, sizeof(times)));
  armed_.reset();
  if (paused_until_ && *paused_until_ <= guard_now()) {
    paused_until_.reset();
    listener_.start();
  }
  if (paused_until_)
    set_timer(paused_until_);
  guard_->wake();
}

void guarded_doorman::set_timer(std::optional<moment> at) {
  armed_ = at;
  auto delay = std::max(*at - guard_now(), moment{1000});
  itimerspec when{};
  when.it_value.tv_sec = delay.count() / 1'000'000;
  when.it_value.tv_nsec = delay.count() % 1'000'000 * 1000;
  ::timerfd_settime(timer_.fd(), 0, &when, nullptr);
}

} // namespace raft::actors

#endif
