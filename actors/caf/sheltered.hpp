// What other processes can make an actor do, on CAF 0.17 and 1.x.

#pragma once

#include <raft/actors/caf/interface.hpp>
#include <raft/actors/seed.hpp>
#include <raft/actors/strays.hpp>

#include <caf/actor_system.hpp>
#include <caf/config.hpp>
#include <caf/error.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/system_messages.hpp>

#if CAF_MAJOR_VERSION == 0
#  include <caf/execution_unit.hpp>
#  include <caf/io/middleman.hpp>
#  include <caf/io/network/multiplexer.hpp>
#  include <caf/proxy_registry.hpp>
#else
#  include <caf/action.hpp>
#  include <caf/proxy_registry.hpp>
#endif

#include <atomic>
#include <utility>

namespace raft::actors {

/// What an actor takes from other processes. Each is a message type, or
/// `args<...>` for a message of several values.
template <class... Messages>
struct open_to_others {
  template <class Content>
  static bool includes(const Content& x) {
    return (is(x, static_cast<Messages*>(nullptr)) || ...);
  }

private:
  template <class Content, class T>
  static bool is(const Content& x, T*) {
    return x.template match_elements<T>();
  }

  template <class Content, class... Ts>
  static bool is(const Content& x, args<Ts...>*) {
    return x.template match_elements<Ts...>();
  }
};

/// Whether an actor asks actors of other processes.
enum class asks_others : bool { no, yes };

/// What to derive actors from that other processes can address. CAF delivers
/// whatever they send: to each actor whose handle has ever left the process,
/// and with each sender that they name. Among it are exit messages (one kind no
/// handler can decline), errors and notices of death, which end actors; answers
/// to requests that they were never asked; and what is meant between actors of
/// one process. All of that is dropped here, before it gets into the mailbox,
/// and counted. Two things get through from other processes: what `Open` names,
/// with a sender from there, and the notice that an actor sends of its own
/// death.
///
/// An actor that asks others must take their answers. They cannot be told from
/// forged ones, so it numbers its requests from a number that nobody can guess.
template <class Base, class Open, asks_others Asks = asks_others::no>
class sheltered : public Base {
public:
  template <class... Ts>
  explicit sheltered(Ts&&... xs) : Base(std::forward<Ts>(xs)...) {
    if constexpr (Asks == asks_others::yes)
      this->last_request_id_ = caf::make_message_id(
        draw_seed() & (caf::message_id::request_id_mask >> 1));
  }

  /// Counts there from now on; null for nowhere. Call it once, as the actor
  /// begins.
  void count_strays(strays_ptr to) {
    owned_strays_ = std::move(to);
    strays_ = owned_strays_.get();
  }

#if CAF_MAJOR_VERSION == 0
  void enqueue(caf::mailbox_element_ptr x, caf::execution_unit* host) override {
    if (!is_from_elsewhere(*x, host) || lets_in(*x))
      Base::enqueue(std::move(x), host);
    else
      drop(*x, host);
  }

  void enqueue(caf::strong_actor_ptr sender, caf::message_id id,
               caf::message content, caf::execution_unit* host) override {
    enqueue(
      caf::make_mailbox_element(std::move(sender), id, {}, std::move(content)),
      host);
  }
#else
  bool enqueue(caf::mailbox_element_ptr x, caf::scheduler* host) override {
    if (!caf::proxy_registry::current() || lets_in(*x))
      return Base::enqueue(std::move(x), host);
    drop(*x, host);
    return true;
  }
#endif

private:
#if CAF_MAJOR_VERSION == 0
  /// Whether it was just read from a connection. Its sender does not tell: a
  /// message can name any.
  bool is_from_elsewhere(const caf::mailbox_element& x,
                         caf::execution_unit* host) {
    if (!host || !host->proxy_registry_ptr())
      return false;
    auto& system = this->home_system();
    if (host == &system.middleman().backend())
      return true;
    // Only where users give the middleman workers: these keep the mark.
    return !x.sender || x.sender->node() != system.node();
  }

  static bool names_others(const caf::mailbox_element& x) {
    return !x.stages.empty();
  }
#else
  static bool names_others(const caf::mailbox_element&) {
    return false;
  }
#endif

  bool lets_in(caf::mailbox_element& x) {
    const auto& content = x.content();
#if CAF_MAJOR_VERSION > 0
    // Cannot be sent: what CAF does when an actor that is watched ends.
    if (content.template match_elements<caf::action>())
      return true;
#endif
    // An answer would go on to whom the sender of the request names.
    if (names_others(x))
      return false;
    if (x.mid.is_response())
      return Asks == asks_others::yes;
    if (!x.sender || x.sender->node() == this->home_system().node())
      return false;
    if (content.template match_elements<caf::down_msg>())
      return content.template get_as<caf::down_msg>(0).source
          == caf::actor_cast<caf::actor_addr>(x.sender);
    return Open::includes(content);
  }

  template <class Host>
  void drop(const caf::mailbox_element& x, Host* host) {
    if (auto* to = strays_.load())
      to->count(this->name(),
                x.sender ? to_string(x.sender->node()) : "unknown");
    if (!x.sender || !x.mid.is_request())
      return;
    auto why = caf::make_error(caf::sec::runtime_error,
                               std::string{"only actors of the same process "
                                           "may ask this"});
#if CAF_MAJOR_VERSION == 0
    x.sender->enqueue(nullptr, x.mid.response_id(),
                      caf::make_message(std::move(why)), host);
#else
    x.sender->enqueue(
      caf::make_mailbox_element(nullptr, x.mid.response_id(), std::move(why)),
      host);
#endif
  }

  strays_ptr owned_strays_;
  std::atomic<strays*> strays_{nullptr}; // other threads read it
};

/// Pointer to an actor that takes nothing from other processes.
template <class State, class Interface>
using sheltered_pointer
  = caf::stateful_actor<State,
                        sheltered<typename Interface::base, open_to_others<>>>*;

} // namespace raft::actors
