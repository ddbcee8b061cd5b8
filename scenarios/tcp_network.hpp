// The connections between the processes of a cluster, which can be cut.

#pragma once

#include <raft/cluster/address.hpp>
#include <raft/scenarios/commit_record.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace raft::scenarios {

/// Passes on what processes say to each other over TCP, each way from one to
/// another at an address of its own.
///
/// A way that is cut is a network that drops packets: nothing passes in this
/// direction, not even the news that a connection has ended. TCP would send all
/// of it again when the way is open; here it gets lost, as on other grounds: a
/// connection that was there during a cut is reset when its end comes. Both
/// sides notice then, and connect anew.
///
/// Thread safe; the passing on is done by a thread of its own. Loopback only.
class tcp_network {
public:
  /// @throws std::system_error if there are no sockets for it.
  explicit tcp_network(std::size_t peers);
  ~tcp_network();
  tcp_network(const tcp_network&) = delete;
  tcp_network& operator=(const tcp_network&) = delete;

  /// Where a peer has to connect to so that it reaches another one.
  cluster::address way(peer_number from, peer_number to) const;

  /// Says where a peer listens from now on.
  void plug(peer_number who, std::uint16_t port);

  /// Nobody listens there any more.
  void unplug(peer_number who) {
    plug(who, 0);
  }

  /// Cuts one direction, or opens it again.
  void cut(peer_number from, peer_number to, bool closed);

  /// How many bytes passed so far.
  std::uint64_t bytes() const noexcept {
    return bytes_;
  }

private:
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
    peer_number who;
    std::string held;
  };

  struct connection {
    std::array<end, 2> ends;
    /// Whether some way between the two was cut while it was there.
    bool was_cut = false;
    bool over = false;
  };

  struct door {
    descriptor socket;
    std::uint16_t port = 0;
    peer_number from = 0;
    peer_number to = 0;
  };

  void open_door(peer_number from, peer_number to);
  void wake();
  void run();
  void wait();
  void accept(const door& at);
  void serve(connection& x, std::size_t from, short events);
  bool read(end& from);
  bool write(end& from, const end& to);
  short interest(const connection& x, std::size_t which) const;
  bool is_cut(peer_number from, peer_number to) const;

  std::vector<door> doors_;
  descriptor wake_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_; // guards the members below
  std::vector<std::vector<bool>> closed_;
  std::vector<std::uint16_t> ports_;
  std::list<connection> connections_;
  std::thread thread_;
};

} // namespace raft::scenarios
