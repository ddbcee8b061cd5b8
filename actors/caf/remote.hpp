// How actors of different processes meet, on CAF 0.17 and 1.x.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/interface.hpp>

#include <caf/attachable.hpp>
#include <caf/behavior.hpp>
#include <caf/io/middleman.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace raft::actors {

/// Renders an error as CAF sees it.
inline std::string to_text(caf::actor_system& system, const caf::error& x) {
#if CAF_MAJOR_VERSION == 0
  return system.render(x);
#else
  static_cast<void>(system);
  return caf::to_string(x);
#endif
}

/// Opens a TCP port at which other processes find an actor.
/// @param host Numeric address to listen at.
/// @param port 0 picks a free one.
/// @returns the port, or an error.
template <class Handle>
caf::expected<std::uint16_t>
publish(caf::actor_system& system, const Handle& acceptor,
        const std::string& host, std::uint16_t port) {
  // A restarted process must not wait for connections of the one before.
  constexpr auto reuse_address = true;
  return system.middleman().publish(acceptor, port, host.c_str(),
                                    reuse_address);
}

/// Closes a port again. Connections that came in by it stay.
template <class Handle>
void unpublish(caf::actor_system& system, const Handle& acceptor,
               std::uint16_t port) {
  static_cast<void>(system.middleman().unpublish(acceptor, port));
}

/// What we need of the broker that speaks CAF's protocol.
using protocol_broker = actor_interface<
  answers<args<caf::connect_atom, caf::io::scribe_ptr, std::uint16_t>,
          args<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>>>;

/// The broker of this system.
protocol_broker find_protocol_broker(caf::actor_system& system);

/// Shakes hands with another actor system over a connected TCP socket, which it
/// takes. Continue as with `ask`; the answer is `(const caf::node_id&,
/// caf::strong_actor_ptr&, const std::set<std::string>&)`: who is there, and
/// what is published at the port, perhaps nothing. If both systems have a
/// connection already, that one stays.
///
/// `caf::io::middleman::remote_actor` does the same for a host name, but it
/// connects in one thread for all and blocks, for minutes if nobody answers;
/// and it remembers the answer.
template <class Self, class Duration>
auto shake_hands(Self&& self, caf::actor_system& system, Duration deadline,
                 int socket, std::uint16_t port) {
  auto scribe = system.middleman().backend().new_scribe(socket);
  return ask(std::forward<Self>(self), find_protocol_broker(system), deadline,
             caf::connect_atom_v, std::move(scribe), port);
}

/// Sends a request that CAF puts no timeout on, because that costs two
/// messages to its clock. Whoever calls this has a deadline of his own and
/// calls `cancel` when the receiver is gone.
/// @param f Called with the answer. @param on_error Called with an error, also
///        that of `cancel`.
template <class Self, class Handle, class OnAnswer, class OnError, class... Ts>
caf::message_id ask_without_timeout(Self* self, const Handle& to, OnAnswer f,
                                    OnError on_error, Ts&&... xs) {
#if CAF_MAJOR_VERSION == 0
  auto response = self->request(to, caf::infinite, std::forward<Ts>(xs)...);
  response.then(std::move(f), std::move(on_error));
  return response.id();
#else
  auto id = self->new_request_id(caf::message_priority::normal);
  auto receiver = caf::actor_cast<caf::strong_actor_ptr>(to);
  receiver->enqueue(
    caf::make_mailbox_element(self->ctrl(), id, std::forward<Ts>(xs)...),
    self->context());
  self->add_multiplexed_response_handler(
    id.response_id(), caf::behavior{std::move(f), std::move(on_error)});
  return id.response_id();
#endif
}

#if CAF_MAJOR_VERSION == 0
namespace detail {

/// Answers a request with an error if the actor that is asked ends, or its
/// connection is lost, while this object lives.
class loss_alarm {
public:
  loss_alarm(caf::strong_actor_ptr asker, caf::message_id response,
             caf::strong_actor_ptr asked)
    : asked_{std::move(asked)} {
    asked_->get()->attach(
      std::make_unique<bell>(std::move(asker), response, this));
  }

  loss_alarm(const loss_alarm&) = delete;
  loss_alarm& operator=(const loss_alarm&) = delete;

  ~loss_alarm() {
    asked_->get()->detach(token_of(this));
  }

private:
  static caf::attachable::token token_of(const loss_alarm* x) {
    // None of CAF's own.
    constexpr std::size_t subtype = 1 << 16;
    return {subtype, x};
  }

  class bell : public caf::attachable {
  public:
    bell(caf::strong_actor_ptr asker, caf::message_id response,
         const loss_alarm* owner)
      : asker_{std::move(asker)}, response_{response}, owner_{owner} {
      // nop
    }

    void actor_exited(const caf::error&, caf::execution_unit*) override {
      auto reason = caf::make_error(caf::sec::request_receiver_down);
      asker_->get()->enqueue(nullptr, response_, caf::make_message(reason),
                             nullptr);
    }

    bool matches(const token& what) override {
      auto own = token_of(owner_);
      return what.subtype == own.subtype && what.ptr == own.ptr;
    }

  private:
    caf::strong_actor_ptr asker_;
    caf::message_id response_;
    const loss_alarm* owner_;
  };

  caf::strong_actor_ptr asked_;
};

} // namespace detail
#endif

/// A request to an actor of another process, whose answer is to come.
template <class Response>
class far_request {
public:
  far_request(caf::scoped_actor& self, const caf::strong_actor_ptr& to,
              Response response)
    : response_{std::move(response)} {
#if CAF_MAJOR_VERSION == 0
    alarm_ = std::make_unique<detail::loss_alarm>(
      caf::actor_cast<caf::strong_actor_ptr>(self.ptr()), response_.id(), to);
#else
    static_cast<void>(self);
    static_cast<void>(to);
#endif
  }

  /// Waits. To be called once.
  template <class OnAnswer, class OnError>
  void receive(OnAnswer f, OnError on_error) {
    std::move(response_).receive(std::move(f), std::move(on_error));
  }

private:
  Response response_;
#if CAF_MAJOR_VERSION == 0
  std::unique_ptr<detail::loss_alarm> alarm_;
#endif
};

/// Like `ask`, for actors of other processes; continue with `receive`. If the
/// one that is asked ends, or its connection is lost, that is an error at once
/// (`caf::sec::request_receiver_down`): CAF would drop the request without a
/// word, and `ask` wait out its deadline. On CAF 1.x it does.
template <class Handle, class... Ts>
auto begin_far(caf::scoped_actor& self, const Handle& to,
               std::chrono::milliseconds deadline, Ts&&... xs) {
  auto response = ask(self, to, deadline, std::forward<Ts>(xs)...);
  return far_request<decltype(response)>{
    self, caf::actor_cast<caf::strong_actor_ptr>(to), std::move(response)};
}

/// The same, and waits.
template <class Handle, class OnAnswer, class OnError, class... Ts>
void ask_far(caf::scoped_actor& self, const Handle& to,
             std::chrono::milliseconds deadline, OnAnswer f, OnError on_error,
             Ts&&... xs) {
  begin_far(self, to, deadline, std::forward<Ts>(xs)...)
    .receive(std::move(f), std::move(on_error));
}

/// Answers a request of `ask_without_timeout` with an error.
template <class Self>
void cancel(Self* self, caf::message_id id) {
  auto reason = caf::make_error(caf::sec::request_receiver_down);
#if CAF_MAJOR_VERSION == 0
  self->enqueue(caf::make_mailbox_element(nullptr, id, {}, std::move(reason)),
                self->context());
#else
  self->enqueue(caf::make_mailbox_element(nullptr, id, std::move(reason)),
                self->context());
#endif
}

} // namespace raft::actors
