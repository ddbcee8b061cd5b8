#include <raft/bench/etcd/connection.hpp>
#include <raft/bench/etcd/messages.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace raft::bench::etcd {

namespace {

// So much may be under way to here, on a stream and in all.
constexpr std::int32_t window = 16 << 20;

void check(bool well, const std::string& problem) {
  if (!well)
    throw std::runtime_error{"the connection to etcd: " + problem};
}

void check_system(bool well) {
  check(well, std::generic_category().message(errno));
}

void check_http(ssize_t code) {
  check(code >= 0, nghttp2_strerror(static_cast<int>(code)));
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  auto bytes = [](std::string_view x) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(x.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

std::string_view text(const std::uint8_t* x, std::size_t size) {
  return {reinterpret_cast<const char*>(x), size};
}

} // namespace

struct connection::callbacks {
  static connection& self(void* x) {
    return *static_cast<connection*>(x);
  }

  static ssize_t request(nghttp2_session*, std::int32_t, std::uint8_t* to,
                         std::size_t size, std::uint32_t* flags,
                         nghttp2_data_source* source, void*) {
    auto& x = *static_cast<call*>(source->ptr);
    auto count = std::min(size, x.request.size() - x.sent);
    std::memcpy(to, x.request.data() + x.sent, count);
    x.sent += count;
    if (x.sent == x.request.size())
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) {
    auto& calls = self(user).calls_;
    auto x = calls.find(frame->hd.stream_id);
    if (x != calls.end() && text(name, name_size) == "grpc-status")
      x->second.status = text(value, value_size);
    else if (x != calls.end() && text(name, name_size) == "grpc-message")
      x->second.message = text(value, value_size);
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream,
                     const std::uint8_t* data, std::size_t size, void* user) {
    auto& calls = self(user).calls_;
    if (auto x = calls.find(stream); x != calls.end())
      x->second.response += text(data, size);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream,
                      std::uint32_t error, void* user) {
    if (auto x = self(user).calls_.extract(stream)) {
      x.mapped().error = error;
      self(user).ended_.push_back(std::move(x.mapped()));
    }
    return 0;
  }
};

connection::tcp_socket::tcp_socket()
  : fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  check_system(fd >= 0);
}

connection::tcp_socket::~tcp_socket() {
  ::close(fd);
}

connection::connection(std::uint16_t port)
  : authority_{"127.0.0.1:" + std::to_string(port)} {
  connect(port);
  nghttp2_session_callbacks* to_call = nullptr;
  check_http(nghttp2_session_callbacks_new(&to_call));
  nghttp2_session_callbacks_set_on_header_callback(to_call,
                                                   callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to_call,
                                                            callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(to_call,
                                                         callbacks::on_close);
  nghttp2_session* session = nullptr;
  auto made = nghttp2_session_client_new(&session, to_call, this);
  nghttp2_session_callbacks_del(to_call);
  check_http(made);
  session_.reset(session);
  nghttp2_settings_entry settings{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
  check_http(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &settings, 1));
  check_http(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE,
                                                   0, window));
}

void connection::connect(std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto raw = reinterpret_cast<const sockaddr*>(&to);
  int yes = 1;
  check_system(
    ::connect(fd(), raw, sizeof(to)) == 0
    && ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0
    && ::fcntl(fd(), F_SETFL, O_NONBLOCK) == 0);
}

void connection::set(std::size_t tag, std::string_view key,
                     std::string_view value) {
  start("/etcdserverpb.KV/Put", false, tag, put_request(key, value));
}

void connection::get(std::size_t tag, std::string_view key) {
  start("/etcdserverpb.KV/Range", true, tag, range_request(key));
}

void connection::start(const char* path, bool reads, std::size_t tag,
                       std::string request) {
  std::array headers{header(":method", "POST"),
                     header(":scheme", "http"),
                     header(":path", path),
                     header(":authority", authority_),
                     header("content-type", "application/grpc"),
                     header("te", "trailers")};
  // The number of the stream is known only afterwards, so a call has its place
  // first.
  auto next = static_cast<std::int32_t>(
    nghttp2_session_get_next_stream_id(session_.get()));
  auto& place = calls_[next];
  place.reads = reads;
  place.tag = tag;
  place.request = std::move(request);
  nghttp2_data_provider body{{.ptr = &place}, callbacks::request};
  auto stream = nghttp2_submit_request(session_.get(), nullptr, headers.data(),
                                       headers.size(), &body, nullptr);
  check_http(stream);
  check(stream == next, "streams are out of order");
}

void connection::write() {
  for (;;) {
    const std::uint8_t* data = nullptr;
    ssize_t size = 0;
    // Some together, for one system call.
    while (unwritten_.size() < 64 << 10
           && (size = nghttp2_session_mem_send(session_.get(), &data)) > 0)
      unwritten_ += text(data, static_cast<std::size_t>(size));
    check_http(size);
    if (unwritten_.empty())
      return;
    auto written
      = ::send(fd(), unwritten_.data(), unwritten_.size(), MSG_NOSIGNAL);
    if (written < 0 && would_block())
      return;
    check_system(written >= 0);
    unwritten_.erase(0, static_cast<std::size_t>(written));
  }
}

void connection::read(const on_answer& f) {
  std::array<std::uint8_t, 64 << 10> buffer;
  auto size = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (size < 0 && would_block())
    return;
  check_system(size >= 0);
  check(size > 0, "it has been closed");
  check_http(nghttp2_session_mem_recv(session_.get(), buffer.data(),
                                      static_cast<std::size_t>(size)));
  // Not from within nghttp2, through which no exception may pass.
  for (const auto& x : ended_)
    finish(x, f);
  ended_.clear();
}

void connection::finish(const call& x, const on_answer& f) {
  if (x.error != 0 || x.status != "0")
    throw std::runtime_error{
      std::string{x.reads ? "a Range" : "a Put"} + " was refused: HTTP/2 error "
      + std::to_string(x.error) + ", gRPC status "
      + (x.status.empty() ? "missing" : x.status) + ' ' + x.message};
  f(x.tag, x.reads ? value_in(x.response) : std::nullopt);
}

} // namespace raft::bench::etcd
