#include <raft/scenarios/ground.hpp>

#include <algorithm>
#include <utility>

namespace raft::scenarios {

ground::ground(std::size_t peers) : peers_{peers}, record_{peers} {
  // nop
}

ground::~ground() = default;

void ground::run_for(duration length) {
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

bool ground::wait_until(duration limit, const std::function<bool()>& condition,
                        duration step) {
  auto end = now() + limit;
  while (!condition()) {
    if (now() >= end)
      return false;
    run_for(step);
  }
  return true;
}

void ground::after(duration delay, std::function<void()> f) {
  timers_.emplace(now() + delay, std::move(f));
}

void ground::call_due() {
  while (!timers_.empty() && timers_.begin()->first <= now()) {
    auto f = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    f();
  }
}

namespace {

constexpr std::pair<ground_kind, const char*> ground_names[] = {
  {ground_kind::simulated, "simulated"},
  {ground_kind::actors, "actors"},
  {ground_kind::processes, "processes"},
};

} // namespace

const char* to_text(ground_kind x) {
  for (const auto& [kind, name] : ground_names)
    if (kind == x)
      return name;
  return "unknown";
}

std::optional<ground_kind> ground_of(const std::string& name) {
  for (const auto& [kind, text] : ground_names)
    if (name == text)
      return kind;
  return std::nullopt;
}

} // namespace raft::scenarios
