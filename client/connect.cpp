#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/client/connect.hpp>
#include <raft/links/dial.hpp>
#include <raft/links/handshake.hpp>

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace raft::client {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class visitor {
public:
  visitor(caf::scoped_actor& self, const links::address& where,
          milliseconds deadline)
    : self_{self},
      where_{where},
      deadline_{deadline},
      until_{steady_clock::now() + deadline} {
    // nop
  }

  actors::peer_actor meet(const std::string& cluster) {
    auto acceptor = find_acceptor();
    links::card us{cluster, {}, {}};
    std::optional<hello> words = links::make_hello(us, {});
    actors::peer_actor result;
    while (words) {
      auto said = *std::exchange(words, std::nullopt);
      actors::ask_far(
        self_, acceptor, left(),
        [&](const welcome& msg, const actors::peer_actor& peer) {
          words = links::say_again(us, said, msg);
          if (words)
            return;
          auto complaint = links::complaint_about(us, said, msg);
          if (!complaint.empty())
            fail(complaint);
          if (!peer)
            fail("its peer has ended");
          result = peer;
        },
        [&](const caf::error& reason) { fail(reason); }, said);
    }
    return result;
  }

private:
  actors::acceptor_actor find_acceptor() {
    actors::acceptor_actor result;
    auto patience = static_cast<std::uint64_t>(left().count());
    actors::ask(self_, links::spawn_dial(self_->system()),
                left() + links::handshake_deadline, where_.host, where_.port,
                patience)
      .receive(
        [&](const caf::node_id&, const caf::strong_actor_ptr& acceptor,
            const std::string& complaint) {
          if (!complaint.empty())
            fail(complaint);
          if (!acceptor)
            fail("no raft peer waits at this port");
          result = caf::actor_cast<actors::acceptor_actor>(acceptor);
        },
        [&](const caf::error& reason) { fail(reason); });
    return result;
  }

  milliseconds left() const {
    auto result = std::chrono::ceil<milliseconds>(until_ - steady_clock::now());
    return std::max(result, milliseconds{1});
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw client_error{fmt::format("{}: {}", to_text(where_), why)};
  }

  [[noreturn]] void fail(const caf::error& reason) const {
    fail_visit(self_->system(), where_, deadline_, reason);
  }

  caf::scoped_actor& self_;
  const links::address& where_;
  milliseconds deadline_;
  steady_clock::time_point until_;
};

} // namespace

void fail_visit(caf::actor_system& system, const links::address& where,
                milliseconds deadline, const caf::error& reason) {
  if (reason == caf::sec::request_receiver_down
      || reason == caf::exit_reason::remote_link_unreachable)
    throw connection_lost{
      fmt::format("{}: connected, but before it answered, the connection was "
                  "lost or its peer ended",
                  to_text(where))};
  auto why
    = reason == caf::sec::request_timeout
      ? fmt::format("connected, but no answer within {} ms", deadline.count())
      : actors::to_text(system, reason);
  throw client_error{fmt::format("{}: {}", to_text(where), why)};
}

actors::peer_actor connect_to_peer(caf::scoped_actor& self,
                                   const links::address& where,
                                   const std::string& cluster,
                                   milliseconds deadline) {
  visitor guest{self, where, deadline};
  return over_a_live_connection([&] { return guest.meet(cluster); });
}

} // namespace raft::client
