// What the links are derived from; for the sources of this folder only.

#pragma once

#include <raft/actors/caf/sheltered.hpp>
#include <raft/base/clock.hpp>
#include <raft/links/links.hpp>

namespace raft::links {

using base::steady_now;

/// Who knocks says hello, and may say farewell. All else comes from our
/// process.
using links_base = actors::sheltered<
  links_actor::base,
  actors::open_to_others<hello, actors::args<hello, actors::peer_actor>,
                         farewell>,
  actors::asks_others::yes>;

} // namespace raft::links
