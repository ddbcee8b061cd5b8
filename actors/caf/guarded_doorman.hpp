// Lets connections in, within bounds, on CAF 0.17. For the sources of this
// folder only.

#pragma once

#include <raft/actors/caf/guard.hpp>

#include <caf/io/doorman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/event_handler.hpp>

#include <memory>
#include <optional>
#include <string>

namespace raft::actors {

class guarded_doorman final : public caf::io::doorman {
public:
  /// Who comes.
  enum class guests {
    /// Actor systems, whose connections are guarded.
    processes,
    /// Whoever speaks the protocol of the broker that owns the acceptor.
    anybody,
  };

  /// @param socket Listens; is closed in the end.
  guarded_doorman(caf::io::network::default_multiplexer& mpx, int socket,
                  std::shared_ptr<port_guard> guard, guests who);

  /// Whether it has all that it needs.
  bool works() const;

  bool new_connection() override;
  void launch() override;
  void graceful_shutdown() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override;
  void remove_from_loop() override;

private:
  /// A file in CAF's loop of events. Keeps the acceptor alive while it is
  /// there.
  class watch final : public caf::io::network::event_handler {
  public:
    watch(caf::io::network::default_multiplexer& mpx, int file,
          guarded_doorman& owner, void (guarded_doorman::*on_event)());

    void handle_event(caf::io::network::operation what) override;
    void removed_from_loop(caf::io::network::operation what) override;
    void graceful_shutdown() override;

    void start();
    void stop();

    /// See `guarded_scribe`.
    void forget();

  private:
    guarded_doorman& owner_;
    void (guarded_doorman::*on_event_)();
    caf::intrusive_ptr<guarded_doorman> keeper_;
  };

  void acceptable();
  void let_in(int socket, std::string where);
  void pause(int error);
  void timer();
  void set_timer(std::optional<transport::moment> at);

  std::shared_ptr<port_guard> guard_;
  guests who_;
  watch listener_;
  watch timer_;
  std::optional<transport::moment> armed_;
  std::optional<transport::moment> paused_until_;
  bool open_ = false;
};

} // namespace raft::actors
