#include <raft/simulation/event.hpp>

#include <array>

namespace raft::simulation {

namespace {

std::string seconds(base::instant x) {
  auto micros = std::to_string(x.count() % 1'000'000);
  return std::to_string(x.count() / 1'000'000) + "."
       + std::string(6 - micros.size(), '0') + micros;
}

std::string role_text(peer_role x) {
  constexpr std::array names{"follower", "pre-candidate", "candidate",
                             "leader"};
  return names.at(static_cast<std::size_t>(x));
}

bool about_message(event_kind x) {
  return x == event_kind::sent || x == event_kind::received
      || x == event_kind::lost;
}

} // namespace

const char* to_text(event_kind x) {
  constexpr std::array names{
    "started",   "crashed", "wiped",   "paused",   "resumed",   "sent",
    "received",  "lost",    "role",    "appended", "truncated", "durable",
    "committed", "applied", "members", "snapshot", "installed", "cut",
    "healed",    "changed", "asked",   "answered", "violated"};
  return names.at(static_cast<std::size_t>(x));
}

std::string to_text(const event& x) {
  auto result = seconds(x.when);
  if (x.peer)
    result += " " + to_text(x.peer);
  result += std::string{" "} + to_text(x.what);
  if (x.other)
    result += (x.what == event_kind::received ? " from " : " to ")
            + to_text(x.other);
  if (x.number)
    result
      += (about_message(x.what) ? " #" : " client ") + std::to_string(x.number);
  if (x.what == event_kind::role)
    result += " " + role_text(x.role);
  if (x.index)
    result += " " + to_text(x.index);
  if (x.term)
    result += (x.index ? "@" : " in term ") + to_text(x.term);
  if (!x.text.empty())
    result += " " + x.text;
  return result;
}

} // namespace raft::simulation
