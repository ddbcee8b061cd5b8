#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/client/blocking_client.hpp>
#include <raft/client/connect.hpp>
#include <raft/client/fetch_entries.hpp>
#include <raft/client/fetch_snapshot.hpp>
#include <raft/client/linked_client.hpp>
#include <raft/client/request_queue.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <utility>

namespace raft::client {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How much longer than its deadline an answer may take, because threads do.
constexpr milliseconds grace{2000};

/// Asks the peer of one server, in a thread that is no actor. It must do no
/// harm to ask twice.
/// @throws client_error
template <class Answer, class Request>
Answer ask_server(caf::actor_system& system, const client_options& options,
                  const links::address& where, const Request& request) {
  const auto until = steady_clock::now() + options.server_deadline;
  auto left = [&] {
    auto result = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    return std::max(result, milliseconds{1});
  };
  auto first = true;
  return over_a_live_connection([&] {
    caf::scoped_actor self{system};
    auto deadline
      = std::exchange(first, false) ? options.server_deadline : left();
    auto peer = connect_to_peer(self, where, options.cluster, deadline);
    Answer result;
    actors::ask_far(
      self, peer, left(), [&](Answer& x) { result = std::move(x); },
      [&](const caf::error& reason) {
        fail_visit(system, where, options.server_deadline, reason);
      },
      request);
    return result;
  });
}

} // namespace

struct blocking_client::impl {
  impl(std::vector<links::address> where, client_options chosen)
    : servers{std::move(where)}, options{std::move(chosen)} {
    // nop
  }

  void submit(bytes command, milliseconds deadline, bool reads, callback done) {
    if (queue->put({std::move(command), deadline, std::move(done), reads}))
      actors::send_anonymously(handle.actor(), drain{});
  }

  std::future<executed> submit(bytes command, milliseconds deadline,
                               bool reads) {
    auto answer = std::make_shared<std::promise<executed>>();
    auto result = answer->get_future();
    submit(std::move(command), deadline, reads,
           [answer](executed x) { answer->set_value(std::move(x)); });
    return result;
  }

  executed await(bytes command, milliseconds deadline, bool reads) {
    auto answer = submit(std::move(command), deadline, reads);
    if (answer.wait_for(deadline + grace) != std::future_status::ready)
      return {};
    return answer.get();
  }

  std::vector<links::address> servers;
  client_options options;
  std::shared_ptr<request_queue> queue = std::make_shared<request_queue>();
  actors::system_config config{true};
  caf::actor_system system{config};
  linked_client handle{system, servers, options, queue};
};

blocking_client::blocking_client(std::vector<links::address> servers,
                                 client_options options)
  : impl_{std::make_unique<impl>(std::move(servers), std::move(options))} {
  // nop
}

blocking_client::~blocking_client() = default;

executed blocking_client::execute(bytes command, milliseconds deadline) {
  return impl_->await(std::move(command), deadline, false);
}

executed blocking_client::read(bytes command, milliseconds deadline) {
  return impl_->await(std::move(command), deadline, true);
}

void blocking_client::submit(bytes command, milliseconds deadline,
                             callback done) {
  impl_->submit(std::move(command), deadline, false, std::move(done));
}

std::future<executed> blocking_client::submit(bytes command,
                                              milliseconds deadline) {
  return impl_->submit(std::move(command), deadline, false);
}

peer_state blocking_client::state(const links::address& server) {
  return ask_server<peer_state>(impl_->system, impl_->options, server,
                                get_state{impl_->options.group});
}

std::vector<server_state> blocking_client::states() {
  return states(impl_->servers);
}

std::vector<server_state>
blocking_client::states(const std::vector<links::address>& of_servers) {
  auto ask_one = [this](const links::address& where) -> server_state {
    try {
      return {where, state(where), {}};
    } catch (const client_error& e) {
      return {where, {}, e.what()};
    }
  };
  std::vector<std::future<server_state>> answers;
  answers.reserve(of_servers.size());
  for (const auto& where : of_servers)
    answers.push_back(std::async(std::launch::async, ask_one, where));
  std::vector<server_state> result;
  result.reserve(answers.size());
  for (auto& x : answers)
    result.push_back(x.get());
  return result;
}

queried blocking_client::query(const links::address& server, bytes request,
                               consistency how) {
  return ask_server<queried>(
    impl_->system, impl_->options, server,
    raft::query{impl_->options.group, std::move(request), how});
}

leadership_transferred blocking_client::transfer(const links::address& server,
                                                 peer_id target,
                                                 milliseconds deadline) {
  auto options = impl_->options;
  options.server_deadline = deadline;
  auto limit = static_cast<std::uint64_t>(deadline.count());
  return ask_server<leadership_transferred>(
    impl_->system, options, server,
    transfer_leadership{options.group, target, limit});
}

std::optional<snapshot_head>
blocking_client::take_snapshot(const links::address& server, log_index at_least,
                               milliseconds deadline) {
  auto options = impl_->options;
  options.server_deadline = deadline;
  return client::take_snapshot(impl_->system, options, server, at_least);
}

void blocking_client::read_snapshot(
  const links::address& server, const snapshot_head& what, std::uint64_t offset,
  const std::function<void(std::string_view)>& to, milliseconds deadline) {
  auto options = impl_->options;
  options.server_deadline = deadline;
  client::read_snapshot(impl_->system, options, server, what, offset, to);
}

void blocking_client::read_entries(
  const links::address& server, log_index from,
  const std::function<bool(std::vector<entry>)>& to, milliseconds deadline) {
  auto options = impl_->options;
  options.server_deadline = deadline;
  client::read_entries(impl_->system, options, server, from, to);
}

members_changed blocking_client::change(const links::address& server,
                                        const change_members& what,
                                        milliseconds deadline) {
  auto options = impl_->options;
  options.server_deadline = deadline;
  auto request = what;
  request.group = options.group;
  return ask_server<members_changed>(impl_->system, options, server, request);
}

const std::vector<links::address>& blocking_client::servers() const noexcept {
  return impl_->servers;
}

} // namespace raft::client
