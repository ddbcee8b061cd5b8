#include <raft/actors/strays.hpp>

namespace raft::actors {

void strays::count(const char* actor, const std::string& from) {
  auto n = ++total_;
  if ((n & (n - 1)) != 0)
    return;
  std::lock_guard guard{mutex_};
  if (tell_)
    tell_("dropped a message from process " + from + " to " + actor
          + ", which only takes it from its own process; " + std::to_string(n)
          + " such messages so far");
}

void strays::mute() {
  std::lock_guard guard{mutex_};
  tell_ = nullptr;
}

} // namespace raft::actors
