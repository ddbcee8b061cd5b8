// How an actor sends, asks, waits and watches, on CAF 0.17 and 1.x. Together
// with interface.hpp and system.hpp the only place that knows the difference.

#pragma once

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/config.hpp>
#include <caf/error.hpp>
#include <caf/result.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/spawn_options.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

#if CAF_MAJOR_VERSION == 0
#  include <caf/send.hpp>
#  include <caf/system_messages.hpp>
#else
#  include <caf/anon_mail.hpp>
#  include <caf/dynamically_typed.hpp>
#  include <caf/event_based_mail.hpp>
#endif

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace raft::actors {

#if CAF_MAJOR_VERSION > 0
namespace detail {

template <class Self, class... Ts>
auto mail(Self* self, Ts&&... xs) {
  if constexpr (requires { self->mail(std::forward<Ts>(xs)...); })
    return self->mail(std::forward<Ts>(xs)...);
  else // Brokers have no such member.
    return caf::event_based_mail(caf::dynamically_typed{}, self,
                                 std::forward<Ts>(xs)...);
}

} // namespace detail
#endif

/// Sends a message. `self` is a pointer to an actor that can send.
template <class Self, class Handle, class... Ts>
void send(Self* self, const Handle& to, Ts&&... xs) {
#if CAF_MAJOR_VERSION == 0
  self->send(to, std::forward<Ts>(xs)...);
#else
  detail::mail(self, std::forward<Ts>(xs)...).send(to);
#endif
}

/// Sends a message from outside any actor.
template <class Handle, class... Ts>
void send_anonymously(const Handle& to, Ts&&... xs) {
#if CAF_MAJOR_VERSION == 0
  caf::anon_send(to, std::forward<Ts>(xs)...);
#else
  caf::anon_mail(std::forward<Ts>(xs)...).send(to);
#endif
}

/// Sends a message after a delay.
template <class Self, class Handle, class Rep, class Period, class... Ts>
void send_later(Self* self, const Handle& to,
                std::chrono::duration<Rep, Period> delay, Ts&&... xs) {
#if CAF_MAJOR_VERSION == 0
  self->delayed_send(to, delay, std::forward<Ts>(xs)...);
#else
  detail::mail(self, std::forward<Ts>(xs)...).delay(delay).send(to);
#endif
}

/// Sends a message that has an answer. Continue with `.then(f, on_error)` in an
/// actor or `.receive(f, on_error)` in a `caf::scoped_actor`.
/// @param deadline How long to wait, or `caf::infinite`; infinite only for
///        actors of the same process.
template <class Self, class Handle, class Duration, class... Ts>
auto ask(Self* self, const Handle& to, Duration deadline, Ts&&... xs) {
#if CAF_MAJOR_VERSION == 0
  return self->request(to, deadline, std::forward<Ts>(xs)...);
#else
  return detail::mail(self, std::forward<Ts>(xs)...).request(to, deadline);
#endif
}

template <class Handle, class Duration, class... Ts>
auto ask(caf::scoped_actor& self, const Handle& to, Duration deadline,
         Ts&&... xs) {
  return ask(self.ptr(), to, deadline, std::forward<Ts>(xs)...);
}

/// Hands the request that is being handled on to another actor, which answers
/// it. Return the result from the handler.
template <class Self, class Handle, class... Ts>
auto delegate(Self* self, const Handle& to, Ts&&... xs) {
#if CAF_MAJOR_VERSION == 0
  return self->delegate(to, std::forward<Ts>(xs)...);
#else
  return detail::mail(self, std::forward<Ts>(xs)...).delegate(to);
#endif
}

/// An error for whoever asked, in plain words.
inline caf::error failure(const std::string& reason) {
  return caf::make_error(caf::sec::runtime_error, reason);
}

/// The duty to answer one request of type `T`, later. Where it is forgotten, or
/// its owner ends, the answer is an error: nobody waits forever.
template <class T>
class promise {
public:
  promise() = default;

  explicit promise(caf::typed_response_promise<T> impl)
    : impl_{std::move(impl)} {
    // nop
  }

  promise(promise&& other) noexcept
    : impl_{std::exchange(other.impl_, caf::typed_response_promise<T>{})} {
    // nop
  }

  promise& operator=(promise&& other) noexcept {
    if (this != &other) {
      fail("the actor gave up on this request");
      impl_ = std::exchange(other.impl_, caf::typed_response_promise<T>{});
    }
    return *this;
  }

  ~promise() {
    fail("the actor ended before it could answer");
  }

  void answer(T x) {
    if (impl_.pending())
      std::exchange(impl_, caf::typed_response_promise<T>{})
        .deliver(std::move(x));
  }

  void fail(const std::string& reason) {
    if (impl_.pending())
      std::exchange(impl_, caf::typed_response_promise<T>{})
        .deliver(failure(reason));
  }

private:
  caf::typed_response_promise<T> impl_;
};

/// Keeps the request that is being handled for later: `keep` gets the promise;
/// return the result from the handler.
template <class T, class Self, class Keep>
caf::result<T> answer_later(Self* self, Keep&& keep) {
  auto impl = self->template make_response_promise<T>();
  keep(promise<T>{impl});
  return impl;
}

/// Whether a known actor of this process has sent what is being handled.
template <class Self>
bool sender_is_local(Self* self) {
  const auto& who = self->current_sender();
  return who && who->node() == self->system().node();
}

/// The state of a stateful actor.
template <class State, class Base>
State& state_of(caf::stateful_actor<State, Base>* self) {
#if CAF_MAJOR_VERSION == 0
  return self->state;
#else
  return self->state();
#endif
}

/// Spawns an actor on the scheduler or in a thread of its own.
template <class F, class... Ts>
auto spawn_actor(caf::actor_system& system, bool detached, F f, Ts&&... xs) {
  if (detached)
    return system.spawn<caf::detached>(f, std::forward<Ts>(xs)...);
  return system.spawn(f, std::forward<Ts>(xs)...);
}

/// Calls `f(const caf::error&)` once, in some thread, when an actor of this
/// process ends, for whatever reason; at once if it has ended.
template <class Handle, class F>
void when_ended(const Handle& who, F f) {
  caf::actor_cast<caf::abstract_actor*>(who)->attach_functor(std::move(f));
}

/// Tells an actor when others end. Lives in the state of the actor that
/// watches, one per actor.
class watcher {
public:
  /// Calls `on_down`, once, in the context of `self`, when `handle` ends or its
  /// node is lost. An actor that is watched already gets the new function.
  template <class Self, class Handle>
  void watch(Self* self, const Handle& handle, std::function<void()> on_down) {
    auto address = caf::actor_cast<caf::actor_addr>(handle);
    auto known = on_down_.count(address) > 0;
    on_down_[address] = std::move(on_down);
    if (known)
      return;
#if CAF_MAJOR_VERSION == 0
    self->set_down_handler(
      [this](const caf::down_msg& msg) { went_down(msg.source); });
    self->monitor(handle);
#else
    self->monitor(handle,
                  [this, address](const caf::error&) { went_down(address); });
#endif
  }

  /// Forgets about an actor.
  template <class Handle>
  void unwatch(const Handle& handle) {
    auto i = on_down_.find(caf::actor_cast<caf::actor_addr>(handle));
    if (i != on_down_.end())
      i->second = nullptr;
  }

private:
  void went_down(const caf::actor_addr& address) {
    auto i = on_down_.find(address);
    if (i == on_down_.end())
      return;
    auto f = std::move(i->second);
    on_down_.erase(i);
    if (f)
      f();
  }

  std::map<caf::actor_addr, std::function<void()>> on_down_;
};

} // namespace raft::actors
