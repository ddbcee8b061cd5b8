#include <raft/actors/caf/act.hpp>
#include <raft/cluster/dial.hpp>
#include <raft/cluster/greeting.hpp>
#include <raft/scenarios/visit.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace raft::scenarios {

namespace {

constexpr std::chrono::seconds answer_max{30};
constexpr std::uint64_t tcp_patience_ms = 10'000;

} // namespace

actors::peer_actor visit(caf::scoped_actor& self,
                         const cluster::address& where) {
  auto complain = [&where](const std::string& why) {
    throw std::runtime_error{to_text(where) + " can not be reached: " + why};
  };
  auto failed
    = [&complain](const caf::error& why) { complain(caf::to_string(why)); };
  actors::door_actor door;
  actors::ask(self, cluster::spawn_dial(self->system()), answer_max, where.host,
              where.port, tcp_patience_ms)
    .receive(
      [&](const caf::node_id&, const caf::strong_actor_ptr& found,
          const std::string& complaint) {
        if (!found)
          complain(complaint);
        door = caf::actor_cast<actors::door_actor>(found);
      },
      failed);
  actors::peer_actor result;
  auto hello = cluster::make_hello({"raft", {}, {}, {}}, {});
  actors::ask(self, door, answer_max, hello)
    .receive(
      [&](const welcome& msg, const actors::peer_actor& found) {
        auto complaint
          = cluster::complaint_about({"raft", {}, {}, {}}, {}, msg);
        if (!complaint.empty())
          complain(complaint);
        result = found;
      },
      failed);
  return result;
}

} // namespace raft::scenarios
