// The actor behind a server.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/broker.hpp>
#include <raft/actors/caf/stream_sink.hpp>
#include <raft/redis/batcher.hpp>
#include <raft/redis/connection.hpp>
#include <raft/redis/outbox.hpp>
#include <raft/redis/places.hpp>
#include <raft/redis/server.hpp>

#include <caf/behavior.hpp>
#include <caf/io/broker.hpp>
#include <caf/io/doorman.hpp>
#include <caf/message_id.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raft::redis {

/// All connections of one server. Lives in the middleman's thread.
class server_state : public actors::stream_sink,
                     public std::enable_shared_from_this<server_state> {
public:
  using broker = actors::broker<caf::io::broker>;
  using handle = caf::io::connection_handle;
  using time_point = connection::time_point;

  server_state(broker* self, const std::vector<caf::io::doorman_ptr>& doormen,
               const server_options& options);

  void add(handle hdl);
  void receive(handle hdl, std::string_view data) override;
  void transferred(handle hdl, std::uint64_t unread) override;
  void closed(handle hdl);
  void tick();
  void send_batches();
  void check_patience();
  void stop(actors::promise<stopped> promise);
  void tell(const events::event& what) const;

private:
  struct client {
    client(std::uint64_t number, const server_options& options,
           cursor_table& cursors, const server_facts& facts)
      : id{number}, state{number, options.limits, cursors, facts} {
      // nop
    }

    /// Handles are file descriptors and are used again; this number is not.
    std::uint64_t id;
    connection state;
    /// What the client has not read is here, or, so many bytes, with CAF.
    outbox replies;
    std::size_t handed = 0;
    /// Whether CAF reads from the socket, and whether it should, see
    /// `switch_input`.
    bool reading = true;
    bool reading_wanted = true;
    bool switch_posted = false;
    bool asked_state = false;
    bool cut = false;
    /// See `connection::set_behind`.
    bool behind = false;
    bool warned = false;
    std::optional<time_point> cut_at;

    std::size_t unread() const noexcept {
      return replies.size() + handed;
    }
  };

  /// A command that the client handle has and did not answer yet.
  struct flight {
    caf::message_id request;
    time_point overdue_at;
  };

  client* find(handle hdl, std::uint64_t id);
  handle handle_of(std::uint64_t id) const;
  void pump(handle hdl, client& x);
  void collect(handle hdl, const client& x, batch what);
  void refuse(const batcher::client& who);
  void finish(std::uint64_t number, const executed& result);
  void arm_patience();
  void ask_state(handle hdl, client& x);
  void write(handle hdl, client& x, outbox& data);
  void feed(handle hdl, client& x);
  void close_the_unread(handle hdl, client& x);
  void close_unread(handle hdl, client& x, std::size_t bound);
  void control_input(handle hdl, client& x);
  void give_places();
  void end_long_stays();
  void switch_input(handle hdl, std::uint64_t id);
  void cut(handle hdl, client& x);
  void arm_tick();
  void finish_if_empty();
  void update_facts();
  void warn_of_http(const client& x);

  broker* self_;
  server_options options_;
  std::vector<caf::io::accept_handle> doormen_;
  cursor_table cursors_;
  server_facts facts_;
  time_point started_;
  std::map<handle, client> clients_;
  std::map<std::uint64_t, handle> handles_; // by the number of the client
  place_list places_;
  /// What every client may hold of requests without a place, in bytes.
  std::size_t held_bytes_max_;
  /// What all clients have not read, in bytes.
  std::size_t unread_ = 0;
  std::uint64_t last_id_ = 0;
  batcher batcher_;
  std::map<std::uint64_t, flight> flights_; // in the order of their deadlines
  bool sending_soon_ = false;
  bool patience_armed_ = false;
  bool tick_armed_ = false;
  bool stopping_ = false;
  /// When a line about HTTP was logged last, and how many were left out since.
  std::optional<time_point> warned_at_;
  std::uint64_t unwarned_ = 0;
  std::vector<actors::promise<stopped>> stop_promises_;
};

/// The behavior of the actor. Answers `stop` with `stopped`.
caf::behavior serve_redis(server_state::broker* self,
                          const std::vector<caf::io::doorman_ptr>& doormen,
                          const server_options& options);

} // namespace raft::redis
