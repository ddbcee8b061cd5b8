#include <raft/scenarios/environment.hpp>

#include <algorithm>
#include <utility>

namespace raft::scenarios {

environment::environment(std::size_t peers) : peers_{peers}, record_{peers} {
  // nop
}

environment::~environment() = default;

void environment::run_for(duration length) {
  auto end = now() + length;
  for (;;) {
    collect();
    call_due();
    if (now() >= end)
      return;
    auto next = timers_.empty() ? end : timers_.begin()->first;
    pass(std::min(end, next));
  }
}

bool environment::wait_until(duration limit,
                             const std::function<bool()>& condition,
                             duration step) {
  auto end = now() + limit;
  while (!condition()) {
    if (now() >= end)
      return false;
    run_for(step);
  }
  return true;
}

void environment::after(duration delay, std::function<void()> f) {
  timers_.emplace(now() + delay, std::move(f));
}

void environment::call_due() {
  while (!timers_.empty() && timers_.begin()->first <= now()) {
    auto f = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    f();
  }
}

namespace {

constexpr std::pair<environment_kind, const char*> environment_names[] = {
  {environment_kind::simulated, "simulated"},
  {environment_kind::actors, "actors"},
  {environment_kind::processes, "processes"},
};

} // namespace

const char* to_text(environment_kind x) {
  for (const auto& [kind, name] : environment_names)
    if (kind == x)
      return name;
  return "unknown";
}

std::optional<environment_kind> environment_of(const std::string& name) {
  for (const auto& [kind, text] : environment_names)
    if (name == text)
      return kind;
  return std::nullopt;
}

} // namespace raft::scenarios
