// A piece of network between processes that can be cut, frozen, slow, or forget
// its connections.

#pragma once

#include <raft/links/address.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace raft::scenarios {

/// Passes on what comes to ports of its own to other ports, and back. Each way
/// has a port, which is there as long as the proxy is, and leads to one other.
///
/// Thread safe; the passing on is done by a thread of its own. Loopback only.
class tcp_proxy {
public:
  /// From who connects to whom the way leads to, and back.
  enum class direction : std::uint8_t { there, back };

  /// @param targets The ports that the ways 0, 1, ... lead to; 0 for nowhere:
  ///        what connects is closed.
  /// @param bytes_per_second How much passes in each direction, all
  ///        connections together; 0 for any amount.
  /// @throws std::system_error if there are no sockets for it.
  explicit tcp_proxy(const std::vector<std::uint16_t>& targets,
                     std::uint64_t bytes_per_second = 0);

  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  /// Where to connect to.
  links::address where(std::size_t way = 0) const;

  /// Says where a way leads from now on; port 0: nowhere.
  void lead(std::size_t way, std::uint16_t port);

  /// Cuts one direction of a way, or opens it again. A way that is cut is a
  /// network that drops packets: nothing passes in this direction, not even the
  /// news that a connection has ended. TCP would send all of it again when the
  /// way is open; here it gets lost: a connection that was there during a cut
  /// is reset when its end comes.
  void cut(std::size_t way, direction which, bool closed);

  /// Closes all connections; new ones are possible at once.
  void close_connections();

  /// Frozen, it says nothing, accepts nothing and closes nothing, like a
  /// process that was stopped; then all goes on.
  void freeze(bool frozen);

  /// The connections of now say nothing more and are not closed, as if a router
  /// had forgotten them; new ones work.
  /// @param back_only Whether only the way back falls silent: who connected
  ///        still reaches the target.
  void forget(bool back_only);

  /// How many bytes passed so far.
  std::uint64_t bytes() const noexcept {
    return bytes_;
  }

private:
  using clock = std::chrono::steady_clock;

  /// An open file that is closed in the end.
  class descriptor {
  public:
    explicit descriptor(int fd = -1) noexcept : fd_{fd} {
      // nop
    }

    descriptor(descriptor&& other) noexcept : fd_{other.fd_} {
      other.fd_ = -1;
    }

    descriptor& operator=(descriptor&&) = delete;
    ~descriptor();

    int get() const noexcept {
      return fd_;
    }

  private:
    int fd_;
  };

  /// One end of a connection, and what came out of it and waits for the other.
  struct end {
    descriptor socket;
    std::string held;
    /// Nothing is taken from it any more.
    bool silent = false;
  };

  struct connection {
    std::size_t way;
    std::array<end, 2> ends; // who connected, and whom it leads to
    /// Whether its way was cut while it was there.
    bool was_cut = false;
    bool over = false;
  };

  struct entrance {
    descriptor socket;
    std::uint16_t port = 0;
    std::uint16_t leads_to = 0;
    std::array<bool, 2> closed{};
  };

  void open(std::uint16_t target);
  void wake();
  void run();
  void wait();
  int patience() const;
  void accept(std::size_t way);
  void serve(connection& x, std::size_t from, short events);
  bool read(end& from, std::size_t which);
  bool write(end& from, const end& to);
  short interest(const connection& x, std::size_t which) const;
  bool passes(const connection& x, std::size_t which) const;
  bool is_busy(std::size_t which) const;

  std::uint64_t bytes_per_second_;
  descriptor wake_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_; // guards the members below
  bool frozen_ = false;
  std::vector<entrance> ways_;
  /// When all has passed that came, there and back.
  std::array<clock::time_point, 2> free_at_{};
  std::list<connection> connections_;
  std::thread thread_;
};

} // namespace raft::scenarios
