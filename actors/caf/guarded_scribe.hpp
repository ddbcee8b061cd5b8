// A connection whose bytes pass a gate before CAF 0.17 gets them. For the
// sources of this folder only.

#pragma once

#include <raft/actors/caf/guard.hpp>

#include <caf/io/basp_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/event_handler.hpp>
#include <caf/io/scribe.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace raft::actors {

/// Empties a buffer, and gives back what is more than a buffer needs that is
/// used again and again.
inline void let_go(std::vector<char>& x) {
  constexpr std::size_t kept_bytes = 64 << 10;
  x.clear();
  if (x.capacity() > kept_bytes)
    x.shrink_to_fit();
}

/// Memory follows what has come, not what is announced. Whatever a connection
/// has when it ends is freed at once, read or not.
///
/// Encryption goes where `caf::policy::tcp` is named: it reads from and writes
/// to the socket, and nothing else does.
class guarded_scribe final : public caf::io::scribe {
public:
  /// @param where Who is there, for people.
  guarded_scribe(caf::io::network::default_multiplexer& mpx, int socket,
                 std::shared_ptr<port_guard> guard, transport::end_point end,
                 std::string where);

  ~guarded_scribe() override;

  /// Gives it a place among those that connected to us.
  void enter();

  /// Ends it, with a note.
  /// @param kind Which kind of reason it is, and what is said of it.
  void end(const std::string& kind);

  /// Who is there; none before the handshake is complete.
  const caf::node_id& node() const noexcept {
    return node_;
  }

  /// It is a member's.
  void keep();

  const port_guard::burden& burden() const noexcept {
    return burden_;
  }

  void configure_read(caf::io::receive_policy::config config) override;
  void ack_writes(bool enable) override;
  std::vector<char>& wr_buf() override;
  std::vector<char>& rd_buf() override;
  void graceful_shutdown() override;
  void flush() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override;
  void remove_from_loop() override;

private:
  /// The socket in CAF's loop of events. Keeps its connection alive while it is
  /// there.
  class stream final : public caf::io::network::event_handler {
  public:
    stream(caf::io::network::default_multiplexer& mpx, int socket,
           guarded_scribe& owner);

    void handle_event(caf::io::network::operation what) override;
    void removed_from_loop(caf::io::network::operation what) override;
    void graceful_shutdown() override;

    void start_reading();
    void start_writing();
    void stop_writing();

    /// Forgets that it was in the loop. What comes to the loop and goes at once
    /// is never told that it went.
    void forget();

  private:
    guarded_scribe& owner_;
    caf::intrusive_ptr<guarded_scribe> reader_;
    caf::intrusive_ptr<guarded_scribe> writer_;
  };

  // -- reading ----------------------------------------------------------------

  void readable();
  bool reads_into_payload() const;
  void grow_payload();
  void take(std::string_view bytes);
  std::string_view take_header(std::string_view bytes);
  void judge_header();
  void complete();
  void begin_next();
  void introduce();
  void go_on();
  void make_known();
  bool make_way();
  void deliver();
  bool deliver(std::vector<char>& bytes);
  void refuse(transport::fault why);
  void note_dropped(transport::fault why);
  void show_life();
  void be_alive();
  void count_actors();

  // -- writing ----------------------------------------------------------------

  void write();
  void weigh_output();
  std::size_t unsent() const;
  bool write_some();

  void leave();
  std::string title() const;
  caf::io::basp_broker& broker();
  bool is_stranger() const;
  void weigh(port_guard::burden now);

  std::shared_ptr<port_guard> guard_;
  transport::end_point end_;
  std::string where_;
  transport::gate gate_;
  transport::place_id place_ = 0;
  caf::node_id node_;
  bool started_ = false;
  port_guard::burden burden_;

  std::array<char, transport::frame_header_bytes> head_{};
  std::size_t head_size_ = 0;
  transport::frame_header header_;
  /// The payload as far as it has come, with room at the end while more is
  /// read.
  std::vector<char> payload_;
  std::size_t payload_size_ = 0;
  bool skips_ = false;
  /// Whether what follows an introduction waits, and what has come of it.
  bool holds_ = false;
  std::string held_;
  std::size_t unseen_ = 0;
  std::size_t messages_ = 0;
  std::size_t spent_ = 0;
  /// What CAF reads.
  std::vector<char> in_;

  /// What CAF writes, and what is on its way.
  std::vector<char> out_;
  std::vector<char> sending_;
  std::size_t sent_ = 0;
  bool busy_ = false;
  bool full_ = false;
  bool weighing_ = false;
  stream stream_;
};

} // namespace raft::actors
