#include <caf/config.hpp>

#if CAF_MAJOR_VERSION == 0

#  include <raft/actors/caf/guarded_scribe.hpp>

#  include <caf/io/network/native_socket.hpp>
#  include <caf/policy/tcp.hpp>
#  include <caf/send.hpp>

#  include <algorithm>
#  include <chrono>
#  include <utility>

namespace raft::actors {

namespace {

using caf::io::network::operation;
using caf::io::network::rw_state;
using transport::end_point;
using transport::fault;

/// What one connection may read or write before others have their turn.
constexpr std::size_t turn_bytes = 512 << 10;

/// What strangers may say at once; it may be many small messages.
constexpr std::size_t stranger_bytes = 16 << 10;

/// CAF takes a connection for dead that had no complete message for some
/// seconds. While one comes, so many bytes are a sign of life.
constexpr std::size_t life_bytes = 16 << 10;

/// A connection that has said something within this time works.
constexpr std::chrono::seconds life_time{1};

/// How often the actors of a stranger are counted, in messages.
constexpr std::size_t count_interval = 16;

} // namespace

// -- a connection -------------------------------------------------------------

guarded_scribe::guarded_scribe(caf::io::network::default_multiplexer& mpx,
                               int socket, std::shared_ptr<port_guard> guard,
                               end_point end, std::string where)
  : scribe{caf::io::network::conn_hdl_from_socket(socket)},
    guard_{std::move(guard)},
    end_{end},
    where_{std::move(where)},
    gate_{guard_->make_gate(end)},
    stream_{mpx, socket, *this} {
  static_cast<void>(caf::io::network::keepalive(socket, true));
}

guarded_scribe::~guarded_scribe() {
  leave();
}

void guarded_scribe::enter() {
  place_ = guard_->enter(*this);
}

void guarded_scribe::keep() {
  weigh({});
  gate_.allow(guard_->bounds().message_bytes_max);
}

void guarded_scribe::end(const std::string& kind) {
  if (detached())
    return;
  caf::intrusive_ptr<guarded_scribe> self{this};
  guard_->note(kind, "closed the connection " + title() + ": " + kind,
               "more connections were closed: " + kind);
  broker().connection_cleanup(hdl(), caf::sec::none);
  graceful_shutdown();
}

void guarded_scribe::configure_read(caf::io::receive_policy::config) {
  // How much CAF wants follows from the last header, which is known here.
  if (std::exchange(started_, true))
    return;
  // Otherwise CAF, which looks for silence now and then, may find that who was
  // dialed a moment ago has never said a word.
  be_alive();
  stream_.start_reading();
}

void guarded_scribe::ack_writes(bool) {
  // Nobody asks for it.
}

std::vector<char>& guarded_scribe::wr_buf() {
  return out_;
}

std::vector<char>& guarded_scribe::rd_buf() {
  return in_;
}

void guarded_scribe::graceful_shutdown() {
  caf::intrusive_ptr<guarded_scribe> self{this};
  // What the socket does not take now is lost: who does not read must not keep
  // the connection.
  static_cast<void>(write_some());
  stream_.graceful_shutdown();
  detach(&stream_.backend(), false);
}

void guarded_scribe::add_to_loop() {
  stream_.start_reading();
}

void guarded_scribe::leave() {
  weigh({});
  if (auto place = std::exchange(place_, 0))
    guard_->leave(place);
}

void guarded_scribe::remove_from_loop() {
  leave();
  stream_.passivate();
  stream_.stop_writing();
  stream_.backend().post([self = caf::intrusive_ptr<guarded_scribe>{this}] {
    self->stream_.forget();
  });
}

std::string guarded_scribe::addr() const {
  auto result = caf::io::network::remote_addr_of_fd(stream_.fd());
  return result ? *result : std::string{};
}

std::uint16_t guarded_scribe::port() const {
  auto result = caf::io::network::remote_port_of_fd(stream_.fd());
  return result ? *result : std::uint16_t{0};
}

std::string guarded_scribe::title() const {
  return (end_ == end_point::accepted ? "from " : "to ") + where_;
}

caf::io::basp_broker& guarded_scribe::broker() {
  return *static_cast<caf::io::basp_broker*>(parent());
}

bool guarded_scribe::is_stranger() const {
  return place_ != 0 && !guard_->is_member(place_);
}

void guarded_scribe::weigh(port_guard::burden now) {
  if (!is_stranger())
    return;
  auto before = std::exchange(burden_, now);
  guard_->weigh(before, now);
}

// -- reading ------------------------------------------------------------------

void guarded_scribe::readable() {
  for (std::size_t left = turn_bytes; left > 0 && !detached() && !holds_;) {
    if (is_stranger() && !guard_->spend(0, 0))
      return;
    auto direct = reads_into_payload();
    if (direct)
      grow_payload();
    auto& scratch = guard_->scratch();
    auto to = direct ? payload_.data() + payload_size_ : scratch.data();
    auto room = direct        ? payload_.size() - payload_size_
              : is_stranger() ? stranger_bytes
                              : scratch.size();
    std::size_t got = 0;
    auto state = caf::policy::tcp::read_some(got, stream_.fd(), to, room);
    if (state == rw_state::failure)
      return io_failure(&stream_.backend(), operation::read);
    if (got == 0)
      return;
    unseen_ += got;
    if (direct) {
      payload_size_ += got;
      if (payload_size_ == header_.payload_bytes)
        complete();
    } else {
      take({to, got});
    }
    if (detached())
      return;
    show_life();
    auto now = burden_;
    // Not what has come, but what it takes.
    now.arriving = payload_size_ > 0 ? payload_.capacity() : 0;
    now.leaving = unsent();
    weigh(now);
    auto messages = std::exchange(spent_, std::size_t{0});
    if (is_stranger())
      static_cast<void>(guard_->spend(got, messages));
    if (got < room)
      return;
    left -= std::min(left, got);
  }
}

/// Whether so much of a payload is missing that it need not be copied.
bool guarded_scribe::reads_into_payload() const {
  return head_size_ == head_.size() && !skips_
      && header_.payload_bytes - payload_size_ >= guard_->scratch().size();
}

void guarded_scribe::grow_payload() {
  auto more = std::max(payload_size_, guard_->scratch().size());
  auto most = std::size_t{header_.payload_bytes};
  payload_.resize(std::min(payload_size_ + more, most));
}

void guarded_scribe::take(std::string_view bytes) {
  while (!bytes.empty() && !detached()) {
    if (holds_) {
      held_.assign(bytes);
      return;
    }
    if (head_size_ < head_.size()) {
      bytes = take_header(bytes);
      continue;
    }
    auto size = std::min(bytes.size(),
                         std::size_t{header_.payload_bytes} - payload_size_);
    if (!skips_) {
      payload_.resize(payload_size_);
      payload_.insert(payload_.end(), bytes.begin(), bytes.begin() + size);
    }
    payload_size_ += size;
    bytes.remove_prefix(size);
    if (payload_size_ == header_.payload_bytes)
      complete();
  }
}

std::string_view guarded_scribe::take_header(std::string_view bytes) {
  auto size = std::min(bytes.size(), head_.size() - head_size_);
  std::copy_n(bytes.begin(), size, head_.begin() + head_size_);
  head_size_ += size;
  // What speaks another protocol may never send as much as a header has.
  if (static_cast<unsigned char>(head_[0]) >= transport::operations) {
    refuse(fault::no_operation);
    return {};
  }
  if (head_size_ == head_.size())
    judge_header();
  return bytes.substr(size);
}

void guarded_scribe::judge_header() {
  header_ = transport::read_frame_header({head_.data(), head_.size()});
  auto found = gate_.header(header_);
  if (found.what == transport::verdict::kind::refuse)
    return refuse(found.why);
  skips_ = found.what == transport::verdict::kind::drop;
  if (skips_)
    note_dropped(found.why);
  if (header_.payload_bytes == 0)
    complete();
}

/// A message is complete.
void guarded_scribe::complete() {
  ++spent_;
  using kind = transport::verdict::kind;
  auto found = skips_ ? transport::verdict{kind::drop, fault::none}
                      : gate_.payload({payload_.data(), payload_size_});
  if (found.what == kind::refuse)
    return refuse(found.why);
  if (found.what == kind::drop)
    note_dropped(found.why);
  else if (found.what == kind::introduced)
    return introduce();
  else
    deliver();
  begin_next();
}

void guarded_scribe::begin_next() {
  head_size_ = 0;
  payload_size_ = 0;
  skips_ = false;
  let_go(payload_);
  let_go(in_);
}

/// When the last connection of a process is lost, CAF kills the proxies of its
/// actors, and at the next turn of its loop once more, by their ids. By then
/// the same ids must not stand for proxies that this connection brought: these
/// would be deaf and dumb, and nobody would be told. So what makes proxies
/// waits for that turn.
void guarded_scribe::introduce() {
  node_ = node_of(gate_.node());
  if (!make_way())
    return end("it says that it is a process whose connection works");
  // From here on no other connection of this process can be the last one.
  if (end_ == end_point::accepted)
    make_known();
  if (detached())
    return;
  holds_ = true;
  stream_.backend().post([self = caf::intrusive_ptr<guarded_scribe>{this}] {
    if (!self->detached())
      self->go_on();
  });
}

/// The turn has come: who was introduced may speak.
void guarded_scribe::go_on() {
  // CAF makes a proxy for the acceptor at once.
  if (end_ == end_point::dialed)
    make_known();
  begin_next();
  holds_ = false;
  auto bytes = std::exchange(held_, {});
  take(bytes);
}

/// Gives CAF the handshake.
void guarded_scribe::make_known() {
  // CAF may end this connection right away.
  auto& broker = this->broker();
  if (end_ == end_point::accepted) {
    guard_->introduced(place_);
    // The first handshake was held back until now.
    auto name = payload_;
    head_[transport::frame_flags_offset] = 0;
    deliver();
    head_[transport::frame_flags_offset] = transport::select_flag;
    payload_ = std::move(name);
  }
  if (!detached())
    deliver();
  // CAF keeps an actor for each node that it has ever met.
  auto server = broker.spawn_servers.find(node_);
  if (server == broker.spawn_servers.end())
    return;
  caf::anon_send_exit(server->second, caf::exit_reason::kill);
  broker.spawn_servers.erase(server);
}

/// A process that comes back has another connection if that broke on its side
/// only, and this one takes its place. That of a member which works does not
/// go: anybody could come and say that he is it. One that is closed works no
/// longer, although CAF may not know yet. To whom we connected we may be
/// connected already: then CAF keeps the other one.
/// @returns whether this one may stay.
bool guarded_scribe::make_way() {
  auto& broker = this->broker();
  auto other = broker.instance.tbl().lookup_direct(node_);
  if (!other || *other == hdl())
    return true;
  if (broker.valid(*other)) {
    if (end_ == end_point::dialed)
      return true;
    auto context = broker.ctx.find(*other);
    auto works = context != broker.ctx.end()
              && context->second.last_seen + life_time > broker.clock().now();
    if (works && !guard_->is_stranger(*other))
      return false;
  }
  auto gone = *other;
  broker.connection_cleanup(gone, caf::sec::none);
  broker.close(gone);
  return true;
}

/// Hands the last header and its payload to CAF.
void guarded_scribe::deliver() {
  std::vector<char> head{head_.begin(), head_.end()};
  if (!deliver(head) || header_.payload_bytes == 0)
    return;
  payload_.resize(payload_size_);
  if (deliver(payload_))
    count_actors();
}

bool guarded_scribe::deliver(std::vector<char>& bytes) {
  in_.swap(bytes);
  auto goes_on = consume(&stream_.backend(), in_.data(), in_.size());
  if (!goes_on)
    stream_.passivate();
  return goes_on && !detached();
}

void guarded_scribe::refuse(fault why) {
  std::string text = to_text(why);
  if (why == fault::no_operation)
    text += transport::hint_of({head_.data(), head_size_});
  end(text);
}

void guarded_scribe::note_dropped(fault why) {
  if (why == fault::none)
    return;
  std::string text = to_text(why);
  guard_->note("drop", "dropped a message " + title() + ": " + text,
               "more messages were dropped: " + text);
}

void guarded_scribe::show_life() {
  if (unseen_ < life_bytes)
    return;
  unseen_ = 0;
  be_alive();
}

void guarded_scribe::be_alive() {
  auto& contexts = broker().ctx;
  if (auto i = contexts.find(hdl()); i != contexts.end())
    i->second.last_seen = broker().clock().now();
}

/// CAF makes a proxy for each actor that a node speaks of, and keeps it while
/// the node is connected.
void guarded_scribe::count_actors() {
  if (!is_stranger() || ++messages_ % count_interval != 0)
    return;
  auto now = burden_;
  now.actors = broker().proxies().count_proxies(node_);
  weigh(now);
}

} // namespace raft::actors

#endif
