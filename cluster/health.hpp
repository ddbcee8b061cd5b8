// What keeps a peer from serving, said at first and then now and then.

#pragma once

#include <raft/base/instant.hpp>
#include <raft/events/event.hpp>
#include <raft/links/address.hpp>
#include <raft/messages/client.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace raft::cluster {

using base::instant;
using links::member;

/// What there is to know of a peer at one moment.
struct peer_view {
  peer_state state;
  /// What stands in the way of the links to others, in words; nothing for those
  /// that are up.
  std::map<peer_id, std::string> links_down = {};
  bool disk_full = false;
  /// Whether its state machine had no room for a command, and still has little.
  bool machine_full = false;
};

/// How patient it is.
struct health_timing {
  /// How long something may last before it is said; elections take less.
  instant first = std::chrono::seconds{3};
  /// When it is said again; the pause doubles up to the maximum.
  instant again = std::chrono::seconds{30};
  instant again_max = std::chrono::minutes{10};
};

/// Remembers what is wrong with one peer and since when. A pure object: time
/// comes in as a value.
class health {
public:
  /// @param kept_max How many bytes of the log are no reason to speak of whom
  ///        they are kept for.
  health(std::vector<member> members, std::uint64_t kept_max,
         const health_timing& timing = {});

  /// Takes a look.
  /// @returns what is to be said now: what is wrong (`unhealthy`), and what is
  ///          over (`healthy_again`).
  std::vector<events::event> observe(instant now, const peer_view& x);

  /// The peer has not answered in its own process.
  std::vector<events::event> observe_silence(instant now);

private:
  /// What is said of something that is wrong, and since when it is.
  struct watch {
    events::trouble what;
    instant since;
    instant say_at;
    instant pause;
    bool told = false;
  };

  /// When a number moved last.
  struct watched {
    log_index value;
    instant since{0};

    instant stands_for(log_index now_value, bool waits, instant now);
  };

  /// What is wrong now; each kind once.
  using findings = std::vector<events::trouble>;

  findings find(instant now, const peer_view& x);
  events::no_leader no_leader(const peer_view& x) const;
  std::optional<events::log_kept> kept_for(const peer_state& x) const;
  std::vector<events::event> tell(instant now, const findings& found);

  std::vector<member> members_;
  std::uint64_t kept_max_;
  health_timing timing_;
  /// By the kind of trouble.
  std::map<std::size_t, watch> troubles_;
  watched applied_;
  watched commit_;
  watched durable_;
};

} // namespace raft::cluster
