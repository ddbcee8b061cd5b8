// Two processes with CAF between them, and a message that goes to and fro.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/broker.hpp>
#include <raft/actors/caf/port.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/bench/floor/floor.hpp>
#include <raft/bench/floor/processes.hpp>
#include <raft/links/dial.hpp>

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>

#include <future>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace raft::bench::floor {

namespace {

using actors::inbox_actor;
using clock = std::chrono::steady_clock;
using inbox_base = actors::broker<inbox_actor::broker_base>;

constexpr std::chrono::seconds patience{10};
constexpr const char* loopback = "127.0.0.1";

/// Answers at once, in the thread that received, as peers do.
inbox_actor::behavior_type answer(inbox_base* self) {
  return {[](const vote_request&) {},
          [](const vote_reply&) {},
          [](const append_request&) {},
          [](const append_reply&) {},
          [self](const read_index_request& msg) {
            read_index_reply result;
            result.number = msg.number;
            actors::send(self,
                         caf::actor_cast<inbox_actor>(self->current_sender()),
                         result);
          },
          [](const read_index_reply&) {},
          [](const timeout_now&) {},
          [](const install_request&) {},
          [](const install_reply&) {}};
}

struct ping_options {
  inbox_actor to;
  clock::duration length;
  std::promise<times> found;
};

/// Asks again when it is answered.
class pinger {
public:
  explicit pinger(std::shared_ptr<ping_options> options)
    : options_{std::move(options)},
      count_from_{clock::now() + options_->length / 5},
      end_{count_from_ + options_->length} {
    // nop
  }

  void ask(inbox_base* self) {
    read_index_request msg;
    msg.number = {++number_};
    asked_ = clock::now();
    actors::send(self, options_->to, msg);
  }

  void answered(inbox_base* self, const read_index_reply& msg) {
    const auto now = clock::now();
    if (msg.number.value != number_)
      return;
    const std::chrono::duration<double, std::milli> took = now - asked_;
    if (asked_ >= count_from_)
      result_.push_back(took.count());
    if (now < end_)
      return ask(self);
    options_->found.set_value(std::move(result_));
    self->quit();
  }

private:
  std::shared_ptr<ping_options> options_;
  clock::time_point count_from_;
  clock::time_point end_;
  std::uint64_t number_ = 0;
  clock::time_point asked_;
  times result_;
};

inbox_actor::behavior_type ping(inbox_base* self,
                                std::shared_ptr<ping_options> options) {
  auto state = std::make_shared<pinger>(std::move(options));
  state->ask(self);
  return {
    [](const vote_request&) {},
    [](const vote_reply&) {},
    [](const append_request&) {},
    [](const append_reply&) {},
    [](const read_index_request&) {},
    [self, state](const read_index_reply& msg) { state->answered(self, msg); },
    [](const timeout_now&) {},
    [](const install_request&) {},
    [](const install_reply&) {}};
}

/// The other process: tells its port, and answers until it is ended.
void serve(int out) {
  actors::system_config config{true};
  caf::actor_system system{config};
  const auto guard = actors::make_port_guard(system, {}, {});
  const auto echo
    = caf::actor_cast<inbox_actor>(system.middleman().spawn_broker(answer));
  const auto port = actors::publish(system, echo, loopback, 0, guard);
  if (!port)
    throw std::runtime_error{"cannot listen: "
                             + actors::to_text(system, port.error())};
  write_all(out, &*port, sizeof(std::uint16_t));
  for (;;)
    ::pause();
}

inbox_actor dial(caf::actor_system& system, std::uint16_t port) {
  caf::scoped_actor self{system};
  inbox_actor result;
  std::string complaint;
  actors::ask(self, links::spawn_dial(system), patience, std::string{loopback},
              port, std::uint64_t{2000})
    .receive(
      [&](const caf::node_id&, const caf::strong_actor_ptr& who,
          const std::string& why) {
        result = caf::actor_cast<inbox_actor>(who);
        complaint = why;
      },
      [&](const caf::error& why) { complaint = actors::to_text(system, why); });
  if (!result)
    throw std::runtime_error{"cannot connect: " + complaint};
  return result;
}

} // namespace

times measure_round_trips(const floor_options& options) {
  child other{serve};
  std::uint16_t port = 0;
  other.read(&port, sizeof(port));
  actors::system_config config{true};
  caf::actor_system system{config};
  auto todo = std::make_shared<ping_options>();
  todo->to = dial(system, port);
  todo->length = std::chrono::duration_cast<clock::duration>(options.length);
  auto found = todo->found.get_future();
  const auto here
    = caf::actor_cast<inbox_actor>(system.middleman().spawn_broker(ping, todo));
  if (found.wait_for(2 * todo->length + patience)
      != std::future_status::ready) {
    caf::scoped_actor self{system};
    self->send_exit(here, caf::exit_reason::kill);
    throw std::runtime_error{"a message was not answered"};
  }
  return found.get();
}

} // namespace raft::bench::floor
