#include <raft/actors/strays.hpp>

namespace raft::actors {

void strays::count(const char* actor, const std::string& from) {
  auto n = ++total_;
  if ((n & (n - 1)) != 0)
    return;
  std::lock_guard guard{mutex_};
  if (tell_)
    tell_(events::stray_dropped{actor, from, n});
}

void strays::mute() {
  std::lock_guard guard{mutex_};
  tell_ = nullptr;
}

} // namespace raft::actors
