#include <raft/links/introductions.hpp>

#include <fmt/format.h>

namespace raft::links {

consensus::finding second_process(peer_id who) {
  return {exclusion::second_process, true,
          fmt::format("another process is connected as peer {}. If it has just "
                      "ended, that will be noticed soon; if this goes on, two "
                      "processes run as peer {}: end one of them",
                      who.value, who.value)};
}

consensus::finding met_already() {
  return {exclusion::second_process, true, "it is being greeted already"};
}

consensus::finding no_space_to_remember() {
  return {exclusion::none, false,
          "there is no room on the disk to remember who is connected"};
}

consensus::finding no_space_to_join() {
  return {exclusion::joining, true,
          "there is no room on the disk to join a cluster"};
}

} // namespace raft::links
